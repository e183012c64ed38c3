//! The `lab` command. Exit codes: 0 everything asked for passed · 1 something failed · 2 could not do what was
//! asked.

use std::process::ExitCode;

use clap::Command;
use lab::cli::commands::{SUBCOMMANDS, Subcommand, home, soak};
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
    let lab = Command::new("lab").about("Unblocked: a lab on blocking and non-blocking sockets");
    let each = SUBCOMMANDS.iter().map(|subcommand| (subcommand.command)());
    lab.subcommands(each)
        .subcommand(Command::new(soak::BURN).hide(true))
}

fn obey(matches: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let repo = startup::prepare()?;
    let (name, matches) = match matches.subcommand() {
        None => return home::run(&repo),
        Some((soak::BURN, _)) => soak::burn(),
        Some(asked) => asked,
    };
    let is_it = |subcommand: &&Subcommand| (subcommand.command)().get_name() == name;
    match SUBCOMMANDS.iter().find(is_it) {
        Some(subcommand) => (subcommand.run)(matches, &repo),
        None => anyhow::bail!("there is no command {name}"),
    }
}
