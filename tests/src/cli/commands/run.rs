//! `lab run`: the student's own program, in the foreground.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::cli::address;
use crate::cli::args::subject_argument;
use crate::course::Stage;
use crate::platform;
use crate::process::reaper;

#[must_use]
pub fn command() -> Command {
    Command::new("run")
        .about("Build a stage's program and run it")
        .arg(crate::cli::stage_argument())
        .arg(subject_argument())
        .arg(
            Arg::new("arguments")
                .value_name("ARGS")
                .num_args(0..)
                .last(true)
                .value_parser(value_parser!(OsString))
                .help("Arguments for the program, after --"),
        )
}

/// # Errors
///
/// When the stage does not compile, or its program cannot be started.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let word = matches.get_one::<String>("stage").map(String::as_str);
    let stage = crate::cli::stage_at_hand(word, &repo.root)?;
    let folder = matches.get_one::<PathBuf>("subject").map(PathBuf::as_path);
    let subject = Subject::open(repo, folder)?;
    let Some(program) = crate::cli::program(repo, &subject, stage)? else {
        return Ok(ExitCode::FAILURE);
    };
    let arguments: Vec<OsString> = matches
        .get_many::<OsString>("arguments")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let mut command = std::process::Command::new(&program);
    // If we are killed, it must not keep its port.
    platform::end_with_us(&mut command);
    let status = command.args(&arguments).status();
    // Ctrl-C ends the program too, and perhaps before we could wait for it.
    reaper::block_if_interrupted();
    let status = status.with_context(|| format!("cannot start {}", program.display()))?;
    if status.code() == Some(1) && stage.is_server() {
        say_if_taken(stage, folder, &arguments);
    }
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

/// How to take another port, if the server's address may be why it failed.
fn say_if_taken(stage: &Stage, folder: Option<&Path>, arguments: &[OsString]) {
    if let Some(address) = address::of_server(arguments).filter(|&there| address::is_taken(there)) {
        let subject = folder.map_or_else(String::new, |folder| {
            format!(" --subject '{}'", folder.display())
        });
        eprintln!(
            "{address} is taken: another program listens there, or connections of an earlier server linger. \
             To take a free port: cargo lab run {}{subject} -- --listen 127.0.0.1:0",
            stage.short()
        );
    }
}
