//! What the commands that judge are asked for: stages, a subject, a part of a check's name, a seed.

use std::path::PathBuf;

use anyhow::ensure;
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::course::{STAGES, Stage};
use crate::desk::edits;
use crate::judge::check::Check;
use crate::judge::side_by_side::how_many_at_once;
use crate::stages;

/// The stages that are meant.
#[must_use]
pub fn stages_argument() -> Arg {
    crate::cli::stage_argument().num_args(0..)
}

/// All stages are.
#[must_use]
pub fn all_argument() -> Arg {
    Arg::new("all")
        .long("all")
        .action(ArgAction::SetTrue)
        .conflicts_with("stage")
        .help("Judge every stage")
}

#[must_use]
pub fn only_argument() -> Arg {
    Arg::new("only")
        .long("only")
        .value_name("TEXT")
        .action(ArgAction::Append)
        .help("Run only the checks whose name contains this, with spaces or underscores, and of other checks only the parts whose name does; may be given again for more of them")
}

#[must_use]
pub fn subject_argument() -> Arg {
    Arg::new("subject")
        .long("subject")
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .help("The folder of stages to judge [default: exercises]")
}

#[must_use]
pub fn seed_argument() -> Arg {
    Arg::new("seed")
        .long("seed")
        .value_name("N")
        .value_parser(value_parser!(u64))
        .help("Use the payloads, sizes and splits of an earlier run")
}

#[must_use]
pub fn thorough_argument() -> Arg {
    Arg::new("thorough")
        .long("thorough")
        .action(ArgAction::SetTrue)
        .help("Let more clients come, and send more bytes: takes longer, and sees what adds up slowly")
}

#[must_use]
pub fn jobs_argument() -> Arg {
    Arg::new("jobs")
        .long("jobs")
        .value_name("N")
        .value_parser(value_parser!(u16).range(1..))
        .help("Run so many checks at the same time [default: two for each processor]")
}

/// How many checks are to run at the same time.
#[must_use]
pub fn at_once(matches: &ArgMatches) -> usize {
    let asked_for = matches.get_one::<u16>("jobs");
    asked_for.map_or_else(how_many_at_once, |jobs| usize::from(*jobs))
}

/// What was asked for.
#[derive(Debug)]
pub struct Request {
    pub subject: Subject,
    pub stages: Vec<&'static Stage>,
    /// Whether stages were named, so that an untouched one does not count as passed.
    pub named: bool,
    /// Pieces of names of checks and parts; none means all.
    pub only: Vec<String>,
}

impl Request {
    /// # Errors
    ///
    /// When there is no such stage, subject or check.
    pub fn new(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<Self> {
        let folder = matches.get_one::<PathBuf>("subject").map(PathBuf::as_path);
        let subject = Subject::open(repo, folder)?;
        let words: Vec<&String> = matches.get_many("stage").into_iter().flatten().collect();
        let here = || crate::cli::stage(None, &repo.root).ok();
        let last = || edits::last_edited(&repo.root);
        // Of another subject nobody knows where its author is.
        let is_asked = words.is_empty() && folder.is_none() && !is_set(matches, "all");
        let at_hand = is_asked.then(|| here().or_else(last)).flatten();
        let (stages, named) = match (words.is_empty(), at_hand) {
            (true, None) => (STAGES.iter().collect(), false),
            (true, Some(stage)) => (vec![stage], here().is_some()),
            (false, _) => {
                let named = words
                    .iter()
                    .map(|word| crate::cli::stage(Some(word), &repo.root));
                (named.collect::<anyhow::Result<Vec<_>>>()?, true)
            }
        };
        let request = Self {
            subject,
            stages,
            named,
            only: matches
                .get_many::<String>("only")
                .into_iter()
                .flatten()
                .map(|text| text.replace([' ', '-'], "_"))
                .collect(),
        };
        ensure!(
            request
                .stages
                .iter()
                .any(|stage| !request.checks(stage).is_empty()),
            "no check there has a name that contains \"{}\"; these are there:\n{}",
            request.only.join("\" or \""),
            request
                .stages
                .iter()
                .flat_map(|stage| stages::checks(stage))
                .fold(String::new(), |names, check| names + &listed(check)),
        );
        Ok(request)
    }

    /// The checks of `stage` that were asked for; where only a part of one was, that part alone.
    #[must_use]
    pub fn checks(&self, stage: &Stage) -> Vec<Check> {
        let checks = stages::checks(stage).iter();
        match self.only.as_slice() {
            [] => checks.copied().collect(),
            texts => checks.flat_map(|check| check.matching(texts)).collect(),
        }
    }
}

/// Whether a flag was given. Not every command that judges has each of them.
fn is_set(matches: &ArgMatches, flag: &str) -> bool {
    matches!(matches.try_get_one::<bool>(flag), Ok(Some(true)))
}

/// The name of `check`, and below it those of its parts.
fn listed(check: &Check) -> String {
    let parts = check
        .parts
        .iter()
        .filter(|part| check.is_divided_into(part));
    parts.fold(format!("  {}\n", check.name), |names, part| {
        format!("{names}    {}\n", part.name)
    })
}
