//! `lab reset`: puts a stage's files back to how they were shipped, and keeps what stood there.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgMatches, Command};

use crate::build::repo::Repo;
use crate::course::Stage;
use crate::ui::terminal::print;

#[must_use]
pub fn command() -> Command {
    Command::new("reset")
        .about("Put the starter back, and keep your file beside it")
        .arg(
            crate::cli::stage_argument()
                .help("A number (2), a slug, or a part of one; not needed inside a stage's folder"),
        )
}

/// # Errors
///
/// When the stage is not known, or its files cannot be read or written.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let root = &repo.root;
    let stage = crate::cli::stage(matches.get_one::<String>("stage").map(String::as_str), root)?;
    for file in stage.files {
        print(&reset(stage, file, root)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Resets one file, and tells what was done.
fn reset(stage: &Stage, file: &str, root: &Path) -> anyhow::Result<String> {
    let starter = starter(stage, file);
    let shown = format!("exercises/{}/{file}", stage.slug);
    let target = root.join(&shown);

    let pristine =
        fs::read(root.join(&starter)).with_context(|| format!("cannot read {starter}"))?;
    // A pipe or a device in its place would be read for ever.
    if target.is_file() && fs::read(&target).is_ok_and(|now| now == pristine) {
        return Ok(format!("Nothing to do, this is the starter:\n  {shown}\n"));
    }
    let is_there = target.symlink_metadata().is_ok();
    let kept =
        is_there.then(|| keep(&target).with_context(|| format!("cannot move {shown} aside")));
    let kept = kept.transpose()?;
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder of {shown}"))?;
    }
    fs::write(&target, pristine).with_context(|| format!("cannot write {shown}"))?;

    let done = format!("The starter is back:\n  {shown}\n");
    Ok(match kept {
        Some(name) => format!(
            "{done}What stood there is kept:\n  {}\n",
            beside(&shown, &name)
        ),
        None => done,
    })
}

/// Where the pristine copy of a student's file is.
fn starter(stage: &Stage, file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    format!("tests/starters/{}/{name}", stage.slug)
}

/// Renames the file at `path`, which need not be readable for that, and returns its new path.
fn keep(path: &Path) -> std::io::Result<PathBuf> {
    let mut name = with_suffix(path, ".before-reset");
    let mut number = 1;
    while name.symlink_metadata().is_ok() {
        number += 1;
        name = with_suffix(path, &format!(".before-reset-{number}"));
    }
    fs::rename(path, &name)?;
    Ok(name)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The path of the file `name`, which stands beside `shown`.
fn beside(shown: &str, name: &Path) -> String {
    let name = name.file_name().unwrap_or_default();
    Path::new(shown).with_file_name(name).display().to_string()
}
