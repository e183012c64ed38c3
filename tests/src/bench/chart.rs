//! Pictures of how designs compare, as SVG: small multiples, a row for each design and a column for each question.
//!
//! The first question is whether everybody is answered. Without it the design that serves a single client would look
//! fastest: only its survivor is measured. Equal data give a picture that is equal to the byte.

pub mod axis;
pub mod cost;
mod panel;

use super::data::{Comparison, Design, Point, Values};
use axis::{Axis, Unit};
use panel::{PLOT, Panel, Question};

use crate::svg::{self, Element, INK};
use crate::text::counted;

/// Text beside it: 6 to 1.
const WORDS: &str = "#4f5f73";

/// The other designs.
const GREY: &str = "#c3c9d3";

/// Colours of Okabe and Ito that stand out from white, and ink. They tell rows apart, and nothing more: each row has
/// one, and its name stands beside it.
const COLOURS: [&str; 5] = ["#0072b2", "#d55e00", "#a65c8e", "#009e73", INK];

const WIDTH: f64 = 1280.0;
const MARGIN: f64 = 24.0;

/// Where the first panel's plot begins, and how far it is from one to the next.
const FIRST: (f64, f64) = (208.0, 142.0);
const STEP: (f64, f64) = (274.0, 110.0);

const QUESTIONS: [Question; 4] = [
    Question {
        title: "clients answered",
        unit: Unit::Percent,
        line: |point| &point.answered,
        dashed: None,
        note: note_on_the_answered,
    },
    Question {
        title: "requests a second",
        unit: Unit::PerSecond,
        line: |point| &point.requests,
        dashed: None,
        note: |_, _| None,
    },
    Question {
        title: "latency: median, 99 % (dashed)",
        unit: Unit::Microseconds,
        line: |point| &point.median,
        dashed: Some(|point| &point.late),
        note: note_on_latency,
    },
    Question {
        title: "CPU while all are silent",
        unit: Unit::Percent,
        line: |point| &point.idle,
        dashed: None,
        note: note_on_idleness,
    },
];

/// Draws a comparison.
#[must_use]
pub fn draw(comparison: &Comparison) -> String {
    let rows = comparison.designs.len() as f64;
    let height = FIRST.1 + rows * STEP.1 + 34.0;
    let told = describe(comparison);
    let mut picture = svg::card((WIDTH, height), 12, TITLE, &told);
    head(comparison).for_each(|text| picture.add(text));
    for (column, question) in QUESTIONS.iter().enumerate() {
        picture.add(draw_column(comparison, column, question));
    }
    for (row, design) in comparison.designs.iter().enumerate() {
        name(row, design).for_each(|text| picture.add(text));
    }
    let foot = words(WIDTH / 2.0, height - 16.0, "number of clients");
    picture.add(foot.set("text-anchor", "middle").set("font-size", 14));
    picture.file()
}

const TITLE: &str = "Which design answers everyone, quickly, and sleeps when nothing happens?";

fn draw_column(comparison: &Comparison, column: usize, question: &Question) -> Element {
    let axis = question.axis(comparison);
    let left = FIRST.0 + column as f64 * STEP.0;
    let mut all = Element::new("g").set("transform", format!("translate({left} 0)"));
    let title = Element::new("text").at("x", 0.0).at("y", FIRST.1 - 24.0);
    let title = title.set("font-size", 14).set("font-weight", "bold");
    all.add(title.set("fill", INK).text(question.title));
    for (row, design) in comparison.designs.iter().enumerate() {
        let panel = Panel {
            comparison,
            question,
            axis: &axis,
            design,
            colour: COLOURS[row % COLOURS.len()],
        };
        let top = FIRST.1 + row as f64 * STEP.1;
        all.add(panel.draw().set("transform", format!("translate(0 {top})")));
    }
    let below = FIRST.1 + comparison.designs.len() as f64 * STEP.1 - STEP.1 + PLOT.1 + 22.0;
    for clients in named(&comparison.clients) {
        let word = words(
            panel::x(&comparison.clients, clients),
            below,
            &clients.to_string(),
        );
        all.add(word.set("text-anchor", "middle").set("font-size", 13));
    }
    all
}

/// Those numbers of clients that are named: four at most, the last among them.
fn named(clients: &[usize]) -> Vec<usize> {
    let step = clients.len().saturating_sub(1).div_ceil(3).max(1);
    let mut named: Vec<usize> = clients.iter().rev().step_by(step).copied().collect();
    named.reverse();
    named
}

/// The title, and what is to be known of all panels.
fn head(comparison: &Comparison) -> impl Iterator<Item = Element> {
    let title = Element::new("text").at("x", MARGIN).at("y", 40.0);
    let title = title.set("font-size", 25).set("font-weight", "bold");
    let [first, second] = conditions(comparison);
    let line = |y: f64, text: &str| words(MARGIN, y, text).set("font-size", 14);
    [
        title.set("fill", INK).text(TITLE),
        line(66.0, &first),
        line(86.0, &second),
    ]
    .into_iter()
}

/// What was measured, where, and how often.
fn conditions(comparison: &Comparison) -> [String; 2] {
    let Comparison {
        machine,
        size,
        runs,
        clients,
        ..
    } = comparison;
    let clients = match clients[..] {
        [first, .., last] => format!("{first} to {last} clients"),
        [only] => counted(only, "client"),
        [] => "no clients".into(),
    };
    let values = match runs {
        1 => "one run".into(),
        2 => "the mean of 2 runs, shaded from the least to the most".into(),
        _ => format!("the median of {runs} runs, shaded from the least to the most"),
    };
    [
        format!(
            "{clients} on the same machine: {}, {}, {}. Messages of {}; each client asks again as soon as it is answered.",
            machine.cpu,
            counted(machine.cores, "core"),
            machine.system,
            counted(*size, "byte"),
        ),
        format!(
            "Lines show {values}; grey lines are the other designs. The values at the right are those with the most clients."
        ),
    ]
}

/// A row's name, in one line or two, and the program that shows it.
fn name(row: usize, design: &Design) -> impl Iterator<Item = Element> {
    let top = FIRST.1 + row as f64 * STEP.1;
    let lines: Vec<&str> = design.name.split_inclusive(", ").map(str::trim).collect();
    let first = top + PLOT.1 / 2.0 - 2.0 - 9.0 * (lines.len() as f64 - 1.0);
    let bold = |(line, text): (usize, &str)| {
        let text = Element::new("text")
            .at("x", MARGIN)
            .at("y", first + 19.0 * line as f64)
            .text(text);
        text.set("font-size", 15)
            .set("font-weight", "bold")
            .set("fill", INK)
    };
    let below = first + 19.0 * lines.len() as f64;
    let mut all: Vec<Element> = lines.into_iter().enumerate().map(bold).collect();
    all.push(words(MARGIN, below, &design.program));
    all.into_iter()
}

fn words(x: f64, y: f64, text: &str) -> Element {
    let element = Element::new("text").at("x", x).at("y", y);
    element.set("fill", WORDS).text(text)
}

fn note_on_the_answered(most: usize, last: &Point) -> Option<String> {
    let never = most - answered(most, last)?;
    match never {
        0 => None,
        1 => Some(format!("1 of {most} never is")),
        _ => Some(format!("{never} of {most} never are")),
    }
}

fn note_on_latency(most: usize, last: &Point) -> Option<String> {
    match answered(most, last)? {
        0 => None,
        1 if most > 1 => Some("only of the one answered".into()),
        some if some < most => Some("only of those answered".into()),
        _ => None,
    }
}

fn note_on_idleness(_most: usize, last: &Point) -> Option<String> {
    let is_whole = last.idle.median()? >= 90.0;
    is_whole.then(|| "a whole core for nothing".into())
}

/// How many of `most` clients were answered.
fn answered(most: usize, point: &Point) -> Option<usize> {
    let percent = point.answered.median()?;
    Some((most as f64 * percent / 100.0).round() as usize)
}

/// What there is to see, for those who do not see it.
fn describe(comparison: &Comparison) -> String {
    let most = comparison.clients.last().copied().unwrap_or_default();
    let axes = QUESTIONS
        .each_ref()
        .map(|question| question.axis(comparison));
    let designs = comparison.designs.iter().filter_map(|design| {
        let last = design.points.last()?;
        let said = |values: &Values, axis: &Axis| match values.median() {
            Some(value) => axis.word(value),
            None => "not measured".into(),
        };
        Some(format!(
            " {}: clients answered {}, requests a second {}, latency at the median {}, at 99 per cent {}, CPU of a core while all are silent {}.",
            design.name,
            said(&last.answered, &axes[0]),
            said(&last.requests, &axes[1]),
            said(&last.median, &axes[2]),
            said(&last.late, &axes[2]),
            said(&last.idle, &axes[3]),
        ))
    });
    let designs: String = designs.collect();
    let [first, _] = conditions(comparison);
    format!("{first} With {most} clients:{designs}")
}
