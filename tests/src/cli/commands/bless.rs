//! `lab bless`: takes what the sources are now as what decks should show, and what the solutions do now as what the
//! transcripts should tell. For contributors.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::course::{STAGES, deck};
use crate::judge::{Judge, built_stages};
use crate::{platform, stages};

#[must_use]
pub fn command() -> Command {
    let slides = Arg::new("slides").long("slides").action(ArgAction::SetTrue);
    Command::new("bless")
        .about(
            "Rewrite the accepted transcripts and the code on slides from the solutions (for contributors; read the diff)",
        )
        .arg(slides.help("Only the code on slides, which takes no time"))
}

/// # Errors
///
/// When a deck shows what is not there, or a check fails for another reason than its transcript.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    renew_slides(&repo.root)?;
    if matches.get_flag("slides") {
        return Ok(ExitCode::SUCCESS);
    }
    let subject = Subject::open(repo, Some(&repo.root.join("solutions")))?;
    let judge = Judge::new(repo, None);
    let all: Vec<_> = STAGES.iter().collect();
    platform::rewrite_snapshots(&repo.root);
    for candidate in built_stages(repo, &subject, &all)? {
        for check in stages::checks(candidate.stage) {
            let verdict = judge.judge(&candidate, check);
            ensure!(
                verdict.is_fine(),
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

/// Writes every block of Rust in the decks anew, and the link below it.
fn renew_slides(root: &Path) -> anyhow::Result<()> {
    let mut broken = Vec::new();
    let read = |path: &str| {
        fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
    };
    for file in deck::files() {
        let name = format!("slides/{file}");
        let old = match read(&name) {
            Ok(old) => old,
            Err(error) => {
                broken.push(format!("{error:#}"));
                continue;
            }
        };
        let (text, findings) =
            deck::snippet::renewed(&old, |path| Ok(fs::read_to_string(root.join(path))?));
        let lasting = findings.iter().filter(|finding| !finding.can_be_mended);
        broken.extend(lasting.map(|finding| format!("{name}:{}: {}", finding.line, finding.what)));
        if findings.iter().any(|finding| finding.can_be_mended) {
            fs::write(root.join(&name), text).with_context(|| format!("cannot write {name}"))?;
            println!("{name} shows what the sources are now; read the difference: git diff slides");
        }
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}
