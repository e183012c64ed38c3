//! `lab watch`: the desk, at a certain stage, or as running text.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::build::repo::Repo;
use crate::cli::args::seed_argument;
use crate::desk;

#[must_use]
pub fn command() -> Command {
    Command::new("watch")
        .about("Judge a stage at each save, and explain what is wrong")
        .arg(crate::cli::stage_argument().help(
            "A number (2), a slug, or a part of one [default: the stage that was edited last, or whose folder you are in]",
        ))
        .arg(seed_argument())
        .arg(
            Arg::new("plain")
                .long("plain")
                .action(ArgAction::SetTrue)
                .help("Print running text, for a screen reader or a log"),
        )
}

/// # Errors
///
/// When there is no such stage, or the terminal cannot be used.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let word = matches.get_one::<String>("stage").map(String::as_str);
    let stage = match word {
        Some(_) => Some(crate::cli::stage(word, &repo.root)?),
        None => crate::cli::stage(None, &repo.root).ok(),
    };
    let seed = matches.get_one::<u64>("seed").copied();
    match matches.get_flag("plain") || !desk::has_a_terminal() {
        true => desk::watch_plain(repo, stage, seed),
        false => desk::open(repo, stage, seed),
    }
}
