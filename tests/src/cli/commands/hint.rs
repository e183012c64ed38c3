//! `lab hint`: the hints of a stage's README, one at a time, from weak to strong.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::build::repo::Repo;
use crate::course::Stage;
use crate::course::readme::{Hint, Readme};
use crate::judge::stuck::{Failed, Stuck};
use crate::ui::hints;
use crate::ui::terminal::{COMMAND, QUIET, STRONG, paint, print, width, wrap};

#[must_use]
pub fn command() -> Command {
    Command::new("hint")
        .about("Show a hint about the last failure, a stronger one each time; or list a stage's hints, or open one")
        .arg(crate::cli::stage_argument())
        .arg(
            Arg::new("number")
                .value_name("NUMBER")
                .value_parser(value_parser!(usize))
                .help("The hint to open"),
        )
}

/// # Errors
///
/// When the stage is not known, its README cannot be read, or it has no such hint.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let root = &repo.root;
    let word = matches.get_one::<String>("stage");
    let number = matches.get_one::<usize>("number").copied();
    let (word, number) = match (word, number) {
        // Inside a stage's folder the stage can be left out, and one number is that of a hint.
        (Some(word), None) if crate::cli::stage(None, root).is_ok() => match word.parse() {
            Ok(number) => (None, Some(number)),
            Err(_) => (Some(word), None),
        },
        given => given,
    };
    let stage = crate::cli::stage_at_hand(word.map(String::as_str), root)?;
    let readme = Readme::read(root, stage)?;
    let stuck = Stuck::open(repo);
    let failed = stuck.failed(stage).filter(|_| word.is_none());
    let text = match (number, failed) {
        (Some(number), _) => open(stage, &readme, number, width())?,
        (None, Some(failed)) => {
            stuck.hint_shown(stage, failed);
            next(stage, &readme, failed, width())
        }
        (None, None) => list(stage, readme.hints(), width()),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The next hint about what failed last.
fn next(stage: &Stage, readme: &Readme, failed: Failed, width: usize) -> String {
    let hints = readme.hints_about(failed.cause);
    let place = failed.hints_shown.min(hints.len() - 1);
    let about = format!(
        "{}, hint {} of {} about {}",
        stage.slug,
        place + 1,
        hints.len(),
        failed.cause.name()
    );
    let hint = hints::render(stage, readme, &hints[place], width);
    let (words, command) = match place + 1 < hints.len() {
        true => ("Still stuck? A stronger one:", "cargo lab hint".into()),
        false => (
            "That was the strongest. All hints of the stage:",
            format!("cargo lab hint {}", stage.short()),
        ),
    };
    let about = wrap(&paint(QUIET, about), "", width);
    format!("{about}\n{hint}\n{words}\n  {}\n", paint(COMMAND, command))
}

fn list(stage: &Stage, hints: &[Hint], width: usize) -> String {
    if hints.is_empty() {
        return format!("{} has no hints.\n", stage.slug);
    }
    let heading = format!("Hints for {}, from weak to strong", stage.slug);
    let mut text = wrap(&paint(STRONG, heading), "", width) + "\n";
    for (index, hint) in hints.iter().enumerate() {
        text += &wrap(&hint.title, &format!("{:3}  ", index + 1), width);
    }
    text + "\n" + &invite("Open one:", stage, 1)
}

fn open(stage: &Stage, readme: &Readme, number: usize, width: usize) -> anyhow::Result<String> {
    let hints = readme.hints();
    let Some(hint) = number.checked_sub(1).and_then(|index| hints.get(index)) else {
        let [slug, short, count] = [stage.slug, stage.short(), &hints.len().to_string()];
        bail!("{slug} has no hint {number}; of its {count}, see `cargo lab hint {short}`");
    };
    let mut text = hints::render(stage, readme, hint, width);
    // The hint behind it may be about the next step already.
    if hints
        .get(number)
        .is_some_and(|next| next.step() == hint.step())
    {
        text += "\n";
        text += &invite("Still stuck? The next one:", stage, number + 1);
    }
    Ok(text)
}

fn invite(words: &str, stage: &Stage, number: usize) -> String {
    let command = format!("cargo lab hint {} {number}", stage.short());
    format!("{words}\n  {}\n", paint(COMMAND, command))
}
