//! `lab diff`: what a student wrote beside the solution, once it passes.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command};
use similar::TextDiff;

use crate::build::repo::Repo;
use crate::cli::commands::check;
use crate::course::Stage;
use crate::ui::terminal::{BAD, GOOD, QUIET, STRONG, paint, print};

#[must_use]
pub fn command() -> Command {
    Command::new("diff")
        .about("Show your work beside the solution, once the stage passes")
        .arg(crate::cli::stage_argument())
        .arg(
            Arg::new("spoil")
                .long("spoil")
                .action(ArgAction::SetTrue)
                .help("Show the solution although the stage does not pass yet"),
        )
}

/// Shows it once the stage passes, unless told not to wait.
///
/// # Errors
///
/// When the stage is not known or not done, when there are no solutions, or a file cannot be read.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let root = &repo.root;
    let stage =
        crate::cli::stage_at_hand(matches.get_one::<String>("stage").map(String::as_str), root)?;
    ensure!(
        repo.has_solution(stage),
        "there is no solution here: this copy of the lab came without solutions/{}",
        stage.slug
    );
    if !matches.get_flag("spoil") && !check::passes(repo, stage) {
        refuse(stage)?;
    }
    for file in stage.files {
        print(&compare(stage, file, root)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse(stage: &Stage) -> anyhow::Result<()> {
    let [slug, short] = [stage.slug, stage.short()];
    bail!(
        "{slug} does not pass yet, so its solution stays closed.\n\
         What is missing:  cargo lab check {short}\n\
         A hint:           cargo lab hint {short}\n\
         Look all the same:\n  cargo lab diff {short} --spoil"
    )
}

fn compare(stage: &Stage, file: &str, root: &Path) -> anyhow::Result<String> {
    let [yours, solution] =
        ["exercises", "solutions"].map(|tree| format!("{tree}/{}/{file}", stage.slug));
    let [before, after] = [read(root, &yours)?, read(root, &solution)?];
    if before == after {
        return Ok(format!(
            "Your file is the solution, byte for byte:\n  {yours}\n"
        ));
    }
    let diff = TextDiff::from_lines(&before, &after);
    let text = diff.unified_diff().header(&yours, &solution).to_string();
    Ok(text.lines().map(colour).collect())
}

/// A file's text; bytes that are not UTF-8 are shown as the replacement character.
fn read(root: &Path, name: &str) -> anyhow::Result<String> {
    ensure!(
        root.join(name).is_file(),
        "{name} is missing, or is not a file"
    );
    let bytes = fs::read(root.join(name)).with_context(|| format!("cannot read {name}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn colour(line: &str) -> String {
    let style = match line.as_bytes().first() {
        _ if line.starts_with("--- ") || line.starts_with("+++ ") => STRONG,
        Some(b'-') => BAD,
        Some(b'+') => GOOD,
        Some(b'@') => QUIET,
        _ => return format!("{line}\n"),
    };
    paint(style, line) + "\n"
}
