//! `lab hint`: the hints of a stage's README, one at a time, from weak to strong.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::build::repo::Repo;
use crate::cli::ui::terminal::{COMMAND, STRONG, paint, print, width, wrap};
use crate::course::Stage;
use crate::course::markdown::{Kind, elements};
use crate::course::readme::{HeadingRef, Hint, Readme};

#[must_use]
pub fn command() -> Command {
    Command::new("hint")
        .about("List a stage's hints from weak to strong, or open one of them")
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
    let stage = crate::cli::stage(matches.get_one::<String>("stage").map(String::as_str), root)?;
    let readme = Readme::read(root, stage)?;
    let text = match matches.get_one::<usize>("number") {
        Some(number) => open(stage, &readme, *number, width())?,
        None => list(stage, readme.hints(), width()),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
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
    let mut text = wrap(&paint(STRONG, &hint.title), "", width);
    text += "\n";
    text += &flow(&hint.body, width);
    text += &slides(stage, readme, hint, width);
    // The hint behind it may be about the next step already.
    let step = |hint: &Hint| hint.title.split(':').next().map(str::to_string);
    if hints
        .get(number)
        .is_some_and(|next| step(next) == step(hint))
    {
        text += "\n";
        text += &invite("Still stuck? The next one:", stage, number + 1);
    }
    Ok(text)
}

/// Where the deck explains what the hint is about.
fn slides(stage: &Stage, readme: &Readme, hint: &Hint, width: usize) -> String {
    let mut text = String::new();
    let mut places: Vec<HeadingRef> = Vec::new();
    for place in hint
        .causes
        .iter()
        .filter_map(|&cause| readme.slide_for(cause))
    {
        if !places.contains(&place) {
            places.push(place);
            text += if places.len() == 1 {
                "\nOn slides:\n"
            } else {
                ""
            };
            text += &wrap(&format!("slides/{}{place}", stage.slide), "  ", width);
        }
    }
    text
}

fn invite(words: &str, stage: &Stage, number: usize) -> String {
    let command = format!("cargo lab hint {} {number}", stage.short());
    format!("{words}\n  {}\n", paint(COMMAND, command))
}

/// Fits Markdown to a terminal: fills paragraphs and list items anew, and leaves code as it is.
fn flow(markdown: &str, width: usize) -> String {
    let mut text = String::new();
    let mut paragraph = String::new();
    for element in elements(markdown) {
        let begins = match element.kind {
            Kind::Blank | Kind::Code { .. } => true,
            _ => bullet(element.source).is_some(),
        };
        if begins {
            text += &fill(&std::mem::take(&mut paragraph), width);
        }
        match element.kind {
            Kind::Blank => text += "\n",
            Kind::Code { body, .. } => text.extend(body.lines().map(indented)),
            _ => paragraph += element.source,
        }
    }
    text + &fill(&paragraph, width)
}

fn indented(line: &str) -> String {
    format!("{}\n", format!("    {line}").trim_end())
}

/// Links as their texts: a terminal has no use for the targets.
fn without_targets(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](")
        && let Some((open, words)) = before.rsplit_once('[')
        && let Some((_target, behind)) = after.split_once(')')
    {
        plain.push_str(open);
        plain.push_str(words);
        rest = behind;
    }
    plain + rest
}

fn fill(paragraph: &str, width: usize) -> String {
    let paragraph = &without_targets(paragraph);
    match bullet(paragraph) {
        _ if paragraph.trim().is_empty() => String::new(),
        Some((mark, rest)) => wrap(rest, &format!("{mark} "), width),
        None => wrap(paragraph, "", width),
    }
}

/// The mark that starts a list item, such as `- ` or `2. `, and what comes after it.
fn bullet(line: &str) -> Option<(&str, &str)> {
    let (mark, rest) = line.trim_start().split_once(' ')?;
    let number = mark
        .strip_suffix('.')
        .is_some_and(|digits| digits.parse::<u32>().is_ok());
    (matches!(mark, "-" | "*") || number).then_some((mark, rest))
}
