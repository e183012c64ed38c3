//! The `lab` command. Exit codes: 0 everything asked for passed · 1 something failed · 2 could not do what was
//! asked.

use std::process::ExitCode;

use clap::Command;
use lab::cli::commands::{
    bench, bless, check, diff, doctor, hint, home, reset, run, slides, soak, talk, trace,
};
use lab::judge::startup;

fn main() -> ExitCode {
    let matches = command().get_matches();
    match obey(&matches) {
        Ok(code) => code,
        Err(error) => {
            // A reader that has gone away, as `head` does, has seen enough.
            let gone = error.downcast_ref::<std::io::Error>();
            if gone.is_none_or(|error| error.kind() != std::io::ErrorKind::BrokenPipe) {
                eprintln!("lab: {error:#}");
            }
            ExitCode::from(2)
        }
    }
}

fn command() -> Command {
    Command::new("lab")
        .about("Unblocked: a lab on blocking and non-blocking sockets")
        .subcommand(check::command())
        .subcommand(run::command())
        .subcommand(talk::command())
        .subcommand(hint::command())
        .subcommand(reset::command())
        .subcommand(diff::command())
        .subcommand(slides::command())
        .subcommand(doctor::command())
        .subcommand(bless::command())
        .subcommand(soak::command())
        .subcommand(bench::command())
        .subcommand(trace::command())
        .subcommand(Command::new(soak::BURN).hide(true))
}

fn obey(matches: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let repo = startup::prepare()?;
    match matches.subcommand() {
        None => home::run(&repo),
        Some(("check", matches)) => check::run(matches, &repo),
        Some(("run", matches)) => run::run(matches, &repo),
        Some(("talk", matches)) => talk::run(matches, &repo.root),
        Some(("hint", matches)) => hint::run(matches, &repo.root),
        Some(("reset", matches)) => reset::run(matches, &repo.root),
        Some(("diff", matches)) => {
            diff::run(matches, &repo.root, |stage| check::passes(&repo, stage))
        }
        Some(("doctor", matches)) => doctor::run(matches, &repo),
        Some(("slides", matches)) => slides::run(matches, &repo),
        Some(("bless", matches)) => bless::run(matches, &repo),
        Some(("soak", matches)) => soak::run(matches, &repo),
        Some(("bench", matches)) => bench::run(matches, &repo),
        Some(("trace", matches)) => trace::run(matches, &repo),
        Some((soak::BURN, _)) => soak::burn(),
        Some((other, _)) => anyhow::bail!("there is no command {other}"),
    }
}
