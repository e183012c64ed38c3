//! The commands of the `lab` tool, one module each, and how they find out which stage is meant.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::build::{Built, build};
use crate::course::{self, Stage};
use crate::desk::edits;
use crate::judge::report;
use crate::process::reaper;

pub mod address;
pub mod args;
pub mod commands;

/// The stage that `word` names; without a word, the one whose folder we are in.
///
/// # Errors
///
/// When `word` fits no stage or several, and when there is no word and we are in no stage's folder.
pub fn stage(word: Option<&str>, root: &Path) -> anyhow::Result<&'static Stage> {
    let Some(word) = word else {
        let here = std::env::current_dir().ok();
        let Some(stage) = here.and_then(|here| stage_around(&here, root)) else {
            bail!(
                "which stage? Name it, or go into its folder below exercises.\n{}",
                names()
            );
        };
        return Ok(stage);
    };
    let found = course::find(word);
    ensure!(
        !found.is_empty(),
        "no stage is called \"{word}\".\n{}",
        names()
    );
    if let [stage] = found[..] {
        return Ok(stage);
    }
    let slugs: Vec<_> = found
        .iter()
        .map(|stage| format!("  {}", stage.slug))
        .collect();
    bail!("\"{word}\" may mean each of these:\n{}", slugs.join("\n"))
}

/// As [`stage`]; where it would have to ask, the one that was edited last, and says so.
///
/// # Errors
///
/// When `word` fits no stage or several, and when there is no word, we are in no stage's folder, and none was edited.
pub fn stage_at_hand(word: Option<&str>, root: &Path) -> anyhow::Result<&'static Stage> {
    stage(word, root).or_else(|why| match edits::last_edited(root) {
        Some(last) if word.is_none() => {
            eprintln!("{}, which was edited last:", last.slug);
            Ok(last)
        }
        _ => Err(why),
    })
}

/// The argument that `stage` resolves.
#[must_use]
pub fn stage_argument() -> clap::Arg {
    clap::Arg::new("stage")
        .value_name("STAGE")
        .help("A number (2), a slug, or a part of one [default: the stage whose folder you are in, or that you edited last]")
}

/// The stage whose folder below `root` contains `here`; links are followed, so that paths compare.
fn stage_around(here: &Path, root: &Path) -> Option<&'static Stage> {
    let exercises = root.join("exercises").canonicalize().ok()?;
    let below = here.canonicalize().ok()?;
    let folder = below.strip_prefix(exercises).ok()?.components().next()?;
    course::STAGES
        .iter()
        .find(|stage| folder.as_os_str() == stage.slug)
}

/// The stage's program. `None` when there is none, and why has been said.
pub(crate) fn program(
    repo: &Repo,
    subject: &Subject,
    stage: &'static Stage,
) -> anyhow::Result<Option<PathBuf>> {
    let built = build(repo, subject, &[stage])?.pop();
    Ok(match built.context("nothing was built")?.built {
        Built::Program { path, .. } => Some(path),
        Built::NoSource(reason) => {
            eprintln!("{reason}");
            None
        }
        Built::DoesNotCompile(message) => {
            eprintln!("{} does not compile:\n\n{}", stage.slug, message.trim_end());
            None
        }
        Built::CouldNotBuild(reason) => bail!("{}", report::could_not_build(stage, &reason)),
    })
}

/// Runs a command that prints for itself, and passes on its exit code; 2 where it has none.
///
/// # Errors
///
/// When it cannot be started.
pub(crate) fn call(mut command: Command) -> anyhow::Result<ExitCode> {
    let name = command.get_program().display().to_string();
    let mut child = reaper::start(&mut command).with_context(|| format!("cannot start {name}"))?;
    let waited = child.wait();
    reaper::block_if_interrupted();
    let code = waited
        .with_context(|| format!("cannot wait for {name}"))?
        .code();
    reaper::end(&mut child);
    let code = code.and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::from(2), ExitCode::from))
}

/// A path as it is said: from here on, if it lies below.
pub(crate) fn display_path(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let below = path.strip_prefix(here).unwrap_or(path);
    below.display().to_string()
}

fn names() -> String {
    let slugs: Vec<_> = course::STAGES
        .iter()
        .map(|stage| format!("  {}", stage.slug))
        .collect();
    format!(
        "A number such as 2, a slug or a part of one will do:\n{}",
        slugs.join("\n")
    )
}
