//! A failing check always prints the same rows, so that people learn to read them.

use std::fmt::Write;
use std::path::Path;

use crate::course::Stage;
use crate::course::readme::Readme;
use crate::diagnose::failure::Failure;
use crate::judge::Score;
use crate::judge::check::{Check, Part};
use crate::text::{escape_control, points_word, wrap};

/// The width of the names of the rows.
const NAME: usize = 11;

/// What a report needs to know beside the failure.
#[derive(Debug, Clone, Copy)]
pub struct ReportContext<'a> {
    pub readme: Option<&'a Readme>,
    pub seed: u64,
    pub is_thorough: bool,
    /// The subject, where it is not the exercises.
    pub subject: Option<&'a Path>,
    /// How many columns a line may have.
    pub width: usize,
    /// Whether the hint is a key away.
    pub is_on_desk: bool,
}

/// The report of a check that failed in `part`, without its first line.
#[must_use]
pub fn rows(
    stage: &Stage,
    check: &Check,
    part: &Part,
    failure: &Failure,
    told: &ReportContext,
) -> String {
    let readme = told.readme;
    let heading = readme.and_then(|readme| readme.heading_for(failure.cause));
    let path = format!("exercises/{}/README.md", stage.slug);
    let read = heading.map_or_else(|| path.clone(), |place| format!("{path}{place}"));
    let deck = format!("slides/{}", stage.slide);
    let slide = readme.filter(|readme| readme.has_deck()).map(|readme| {
        let place = readme.slide_for(failure.cause);
        place.map_or_else(|| deck.clone(), |place| format!("{deck}{place}"))
    });
    let hint = match readme.and_then(|readme| readme.hint_for(failure.cause)) {
        _ if told.is_on_desk => "press h, and again for a stronger one".into(),
        Some(number) => format!("cargo lab hint {} {number}", stage.short()),
        None => format!("cargo lab hint {}", stage.short()),
    };
    let mut again = format!("cargo lab check {} --only {}", stage.short(), part.name);
    if let Some(folder) = told.subject {
        let _ = write!(again, " --subject '{}'", folder.display());
    }
    if told.is_thorough {
        again.push_str(" --thorough");
    }
    let _ = write!(again, " --seed {}", told.seed);
    let why = format!("{} ({})", failure.cause.why(), failure.cause.name());

    let part = check.is_divided_into(part).then(|| part.sentence());
    let exchange = exchange(stage, &failure.exchange, told.width);
    let sent = exchange.is_none().then_some(&failure.sent);

    let mut text = String::new();
    let rows = [
        ("part", part.as_ref()),
        ("sent", sent),
        ("exchange", exchange.as_ref()),
        ("expected", Some(&failure.expected)),
        ("received", Some(&failure.received)),
        ("program", Some(&failure.program)),
        ("calls", failure.calls.as_ref()),
        ("why", Some(&why)),
        ("read", Some(&read)),
        ("hint", Some(&hint)),
        ("slide", slide.as_ref()),
        ("again", Some(&again)),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            let _ = writeln!(text, "  {}", row(name, value, told.width));
        }
    }
    text
}

/// From so many steps on an exchange is shown as one, and of a longer one the last so many.
const STEPS: usize = 3;
const MOST_STEPS: usize = 8;

/// The fewest columns in which a step can be read.
const CELL: usize = 18;

/// What happened, step by step, with a column for each who took part, as far as these fit; nothing where it was so little
/// that a line tells all.
fn exchange(stage: &Stage, steps: &[(String, String)], width: usize) -> Option<String> {
    if steps.len() < STEPS {
        return None;
    }
    let steps = &without_repetitions(steps);
    let program = if stage.is_server() {
        "server"
    } else {
        "client"
    };
    let name = |actor: &str| match actor == program {
        true => format!("your {program}"),
        false => actor.to_string(),
    };
    // In place of one step, a line that says so would be as long.
    let first = match steps.len().saturating_sub(MOST_STEPS) {
        1 => 0,
        before => before,
    };
    let shown = &steps[first..];
    let actors = actors(steps, shown, program);
    let room = width.saturating_sub(NAME + 2 + NUMBER);
    let cell = room / actors.len().max(1);
    let earlier = match first {
        0 => String::new(),
        several => format!(" … {several} steps before\n"),
    };
    let number = |index: usize| format!("{:>2}  ", first + index + 1);
    if cell < CELL {
        let line = |(index, (actor, what)): (usize, &(String, String))| {
            format!(" {}{}: {what}\n", number(index), name(actor))
        };
        return Some(earlier + &shown.iter().enumerate().map(line).collect::<String>());
    }
    // The last column may be as wide as it likes.
    let row = |cells: Vec<String>| {
        let row: String = cells.iter().map(|text| format!("{text:cell$}")).collect();
        row.trim_end().to_string()
    };
    let heads = row(actors.iter().map(|actor| name(actor)).collect());
    let mut text = format!(" {:NUMBER$}{heads}\n{earlier}", "", NUMBER = NUMBER - 1);
    for (index, (actor, what)) in shown.iter().enumerate() {
        for (part, piece) in wrap(what, cell - 2).into_iter().enumerate() {
            let of_actor = |other: &&str| match *other == actor {
                true => piece.clone(),
                false => String::new(),
            };
            let mark = if part == 0 {
                number(index)
            } else {
                String::new()
            };
            let cells = row(actors.iter().map(of_actor).collect());
            text += &format!(" {mark:NUMBER$}{cells}\n", NUMBER = NUMBER - 1);
        }
    }
    Some(text)
}

/// What somebody does again and again is one step, which says how often.
fn without_repetitions(steps: &[(String, String)]) -> Vec<(String, String)> {
    let runs = steps.chunk_by(|one, next| one == next);
    let once = runs.filter_map(|run| {
        let (actor, what) = run.first()?;
        let what = match run.len() {
            1 => what.clone(),
            several => format!("{what}, {several} times"),
        };
        Some((actor.clone(), what))
    });
    once.collect()
}

/// Who takes part in what is `shown` of `steps`: the program first, and the others as they entered.
fn actors<'a>(
    steps: &'a [(String, String)],
    shown: &[(String, String)],
    program: &str,
) -> Vec<&'a str> {
    let mut actors: Vec<&str> = Vec::new();
    for (actor, _) in steps {
        let takes_part = shown.iter().any(|(other, _)| other == actor);
        if takes_part && !actors.contains(&actor.as_str()) {
            actors.push(actor);
        }
    }
    actors.sort_by_key(|actor| *actor != program);
    actors
}

/// The columns of a step's number, and what is left free before and behind it.
const NUMBER: usize = 5;

/// The first line: what the check is, and what it was worth.
#[must_use]
pub fn title(stage: &Stage, check: &Check, points: u32) -> String {
    let title = format!("{}, step {}: {}", stage.slug, check.step, check.sentence());
    match check.points {
        // A part that runs by itself.
        0 => title,
        most => format!("{title}    {points} of {}", points_word(most)),
    }
}

/// What is said of a stage that could not be built, where its own code is not the reason.
#[must_use]
pub fn could_not_build(stage: &Stage, reason: &str) -> String {
    format!(
        "{} could not be built. The reason lies outside of its code, so this costs no points:\n\n{}\n\n\
         `cargo lab doctor` tries what a build needs.",
        stage.slug,
        reason.trim_end()
    )
}

/// The points of a stage, and those that are left out of them because the lab has failed.
#[must_use]
pub fn sum(score: &Score) -> String {
    let (points, most) = (score.points, points_word(score.most));
    format!("{points} of {most}{}", ungraded(score.ungraded))
}

/// The points that could not be graded, in brackets; nothing where there are none.
#[must_use]
pub fn ungraded(points: u32) -> String {
    match points {
        0 => String::new(),
        points => format!(" ({} could not be graded)", points_word(points)),
    }
}

/// A name and a value, the value broken into lines that stand below each other.
fn row(name: &str, value: &str, width: usize) -> String {
    let indent = NAME + 2;
    let room = width.saturating_sub(indent).max(20);
    let mut text = format!("{name:NAME$}");
    for (index, line) in value
        .lines()
        .flat_map(|line| match name {
            // These are there to be copied.
            "read" | "slide" | "hint" | "again" => vec![escape_control(line)],
            _ => lines(&escape_control(line), room),
        })
        .enumerate()
    {
        if index > 0 {
            let _ = write!(text, "\n{:indent$}", "");
        }
        text.push_str(&line);
    }
    text
}

/// Breaks at spaces. Lines of a difference, and those that are indented, stay whole.
fn lines(line: &str, room: usize) -> Vec<String> {
    if line.starts_with(['+', '-', ' ', '@']) {
        return vec![line.to_string()];
    }
    wrap(line, room)
}
