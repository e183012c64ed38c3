//! `lab bless`: takes what the solutions do now as what the transcripts should tell. For contributors.

use std::process::ExitCode;

use anyhow::ensure;
use clap::{ArgMatches, Command};

use crate::course::STAGES;
use crate::judge::{Judge, Verdict, candidates};
use crate::platform;
use crate::stages;
use crate::subject::{House, Subject};

#[must_use]
pub fn command() -> Command {
    Command::new("bless").about(
        "Rewrite the accepted transcripts from the solutions (for contributors; read the diff)",
    )
}

/// # Errors
///
/// When a check fails for another reason than its transcript.
pub fn run(_matches: &ArgMatches, house: &House) -> anyhow::Result<ExitCode> {
    let subject = Subject::open(house, Some(&house.root.join("solutions")))?;
    let judge = Judge::new(house, None);
    let all: Vec<_> = STAGES.iter().collect();
    platform::rewrite_snapshots(&house.root);
    for candidate in candidates(house, &subject, &all)? {
        for check in stages::checks(candidate.stage) {
            let verdict = judge.judge(&candidate, check);
            let fine = matches!(verdict, Verdict::Passed | Verdict::NotJudgedHere(_));
            ensure!(
                fine,
                "{}: {} does not pass: {verdict:?}",
                candidate.stage.slug,
                check.sentence()
            );
        }
    }
    println!(
        "tests/snapshots holds what the solutions do now; read the difference: git diff tests/snapshots"
    );
    Ok(ExitCode::SUCCESS)
}
