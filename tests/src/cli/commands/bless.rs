//! `lab bless`: takes what the sources are now as what decks should show, and what the solutions do now as what the
//! transcripts should tell. For contributors.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{self, ExitCode};

use anyhow::{Context, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::build::given;
use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::cli::call;
use crate::course::{STAGES, deck};
use crate::judge::{Judge, built_stages};
use crate::stages;

/// The hidden flag of the process that writes transcripts.
const WRITE: &str = "write";

#[must_use]
pub fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("bless")
        .about(
            "Rewrite the accepted transcripts and the code on slides from the solutions (for contributors; read the diff)",
        )
        .arg(flag("slides").help("Only the code on slides and the list of given files, which takes no time"))
        .arg(flag(WRITE).hide(true))
}

/// # Errors
///
/// When a deck shows what is not there, or a check fails for another reason than its transcript.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    if matches.get_flag(WRITE) {
        return write_transcripts(repo);
    }
    renew_slides(&repo.root)?;
    let list = repo.root.join(given::LIST);
    fs::write(&list, given::list(&repo.root)?)
        .with_context(|| format!("cannot write {}", given::LIST))?;
    if matches.get_flag("slides") {
        return Ok(ExitCode::SUCCESS);
    }
    let program = std::env::current_exe().context("cannot tell where this program stands")?;
    let mut command = process::Command::new(program);
    command.arg("bless").arg(format!("--{WRITE}"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    let is_of_insta = |name: &OsString| {
        let name = name.to_string_lossy().to_ascii_uppercase();
        name.starts_with("INSTA_")
    };
    for name in ours.filter(is_of_insta) {
        command.env_remove(name);
    }
    // `force`: what is the same is written too, so that the files' heads are as insta has them now.
    command
        .env("INSTA_UPDATE", "force")
        .env("INSTA_OUTPUT", "none")
        .env("INSTA_WORKSPACE_ROOT", &repo.root);
    call(command)
}

/// Writes every transcript anew. insta takes its orders from variables, which only a new process can be given safely.
fn write_transcripts(repo: &Repo) -> anyhow::Result<ExitCode> {
    let subject = Subject::open(repo, Some(&repo.root.join("solutions")))?;
    let mut judge = Judge::new(repo, None);
    judge.snapshots = judge.snapshots.rewritten();
    let all: Vec<_> = STAGES.iter().collect();
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
