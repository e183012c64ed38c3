//! The subcommands of `lab`, a file each.

pub mod bench;
pub mod bless;
pub mod check;
pub mod diff;
pub mod doctor;
pub mod hint;
pub mod home;
pub mod reset;
pub mod run;
pub mod slides;
pub mod soak;
pub mod talk;
pub mod trace;
pub mod watch;

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::build::repo::Repo;

/// One subcommand.
#[derive(Debug, Clone, Copy)]
pub struct Subcommand {
    /// Its name, arguments and help.
    pub command: fn() -> Command,
    pub run: fn(&ArgMatches, &Repo) -> anyhow::Result<ExitCode>,
}

macro_rules! subcommands {
    ($($name:ident)*) => {
        &[$(Subcommand { command: $name::command, run: $name::run }),*]
    };
}

/// The subcommands, in the order in which the help lists them.
pub const SUBCOMMANDS: &[Subcommand] =
    subcommands!(watch check run talk hint reset diff slides doctor bless soak bench trace);
