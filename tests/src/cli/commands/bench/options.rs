//! What `lab bench` is asked for.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::build::repo::Repo;
use crate::build::subject::Subject;

/// How long a message can be, in bytes.
const LONGEST: u32 = 64 * 1024;

#[must_use]
pub fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let option = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).required(false)
    };
    let path = |name, value| option(name, value).value_parser(value_parser!(PathBuf));
    Command::new("bench")
        .about("Measure the designs on this machine, and draw how they compare")
        .arg(flag("quick").help("Few clients, short and few runs: to see that it works"))
        .arg(flag("peers").conflicts_with_all(["draw", "scale"]).help("Measure the servers in .bench as well"))
        .arg(path("subject", "DIR").help("The folder of stages to measure [default: solutions]"))
        .arg(
            option("clients", "LIST")
                .help("The numbers of clients, as in 1,8,64; with --scale the most idle ones"),
        )
        .arg(
            option("runs", "N")
                .value_parser(value_parser!(u32).range(1..=1000))
                .help("How often everything is measured [default: 5, with --cost 7]"),
        )
        .arg(
            option("size", "BYTES")
                .default_value("512")
                .value_parser(value_parser!(u32).range(1..=i64::from(LONGEST)))
                .help("How long a message is"),
        )
        .arg(path("out", "DIR").help("Where the results go [default: bench in the target folder]"))
        .arg(path("draw", "FILE").help("Draw the results of an earlier run again: a comparison's JSON, or a table of costs"))
        .arg(
            flag("cost").help("A table of the processor time a request costs, in place of a picture"),
        )
        .arg(flag("scale").help(
            "Compare stage 10's costs with few and with ten thousand idle clients, in place of a picture",
        ))
        .group(clap::ArgGroup::new("kind").args(["draw", "cost", "scale"]))
}

/// An order that can be carried out.
#[derive(Debug)]
pub struct BenchOptions {
    pub kind: Kind,
    pub is_quick: bool,
    pub has_peers: bool,
    pub subject: Option<PathBuf>,
    /// From few to many, each once. None were named: the usual ones.
    pub clients: Vec<usize>,
    pub runs: Option<usize>,
    pub size: usize,
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Measure and draw.
    Compare,
    /// Draw what was measured before.
    Draw(PathBuf),
    Cost,
    Scale,
}

impl BenchOptions {
    /// # Errors
    ///
    /// When a list of clients is none.
    pub fn new(matches: &ArgMatches) -> anyhow::Result<Self> {
        let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
        let number = |name: &str| matches.get_one::<u32>(name).map(|&number| number as usize);
        let kind = match path("draw") {
            Some(kept) => Kind::Draw(kept),
            None if matches.get_flag("cost") => Kind::Cost,
            None if matches.get_flag("scale") => Kind::Scale,
            None => Kind::Compare,
        };
        let list = matches.get_one::<String>("clients");
        Ok(Self {
            kind,
            is_quick: matches.get_flag("quick"),
            has_peers: matches.get_flag("peers"),
            subject: path("subject"),
            clients: list.map_or_else(|| Ok(Vec::new()), |list| numbers(list))?,
            runs: number("runs"),
            size: number("size").unwrap_or_default(),
            out: path("out"),
        })
    }

    /// The subject that is meant.
    ///
    /// # Errors
    ///
    /// When there is no such folder, or no stage in it.
    pub fn subject(&self, repo: &Repo) -> anyhow::Result<Subject> {
        let solutions = || repo.root.join("solutions");
        let folder = self.subject.clone().unwrap_or_else(solutions);
        Subject::open(repo, Some(&folder))
    }

    /// Where the results go.
    #[must_use]
    pub fn folder(&self, repo: &Repo) -> PathBuf {
        let usual = || repo.target.join("bench");
        self.out.clone().unwrap_or_else(usual)
    }
}

/// The numbers in a list such as `1,8,64`, in order, each once.
fn numbers(list: &str) -> anyhow::Result<Vec<usize>> {
    let mut numbers = Vec::new();
    for word in list.split(',').map(str::trim) {
        match word.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => bail!("--clients: \"{word}\" is no number of clients; a list is 1,8,64"),
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    let (most, allowed) = (numbers.last(), 1..=50_000);
    ensure!(
        numbers.first().is_some_and(|least| allowed.contains(least))
            && most.is_some_and(|most| allowed.contains(most)),
        "--clients: from 1 to 50000 clients can be measured"
    );
    Ok(numbers)
}
