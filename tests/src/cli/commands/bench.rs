//! `lab bench`: what the designs cost. This is its front. What measures and draws is a program of its own, `bench`,
//! built with optimisation and behind a feature, so that nobody else has to build it.

use std::process::ExitCode;

use anyhow::Context;
use clap::ArgMatches;

use crate::build::cargo;
use crate::build::repo::Repo;
use crate::cli::call;

pub mod options;

pub use options::command;

use options::{BenchOptions, Kind};

/// Builds the program `bench`, and calls it with the words that we were called with.
///
/// # Errors
///
/// When the options make no sense, or cargo cannot be started.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let asked = BenchOptions::new(matches)?;
    // The build takes a while: what cannot be measured is said before it.
    if !matches!(asked.kind, Kind::Draw(_)) {
        asked.subject(repo)?;
    }
    let mut command = cargo();
    command
        .args(["run", "--quiet", "--release", "--package", "lab"])
        .args(["--features", "bench", "--bin", "bench"])
        .arg("--manifest-path")
        .arg(repo.root.join("Cargo.toml"))
        .arg("--")
        .args(std::env::args_os().skip(2));
    eprintln!("building what measures, with optimisation (the first time takes a while)");
    call(command).context("is Rust installed, and cargo on the PATH?")
}
