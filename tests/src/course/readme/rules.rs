//! Who judges what a README asks for. Behind a sentence stands `<!-- judged: CHECK, CHECK -->`, `<!-- allowed: VARIANT -->`
//! or, for the student to read, `(Not judged: REASON.)`.

use std::ops::Range;

use crate::course::markdown::comments;

/// What a marker says about the sentence before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judge {
    /// A program that breaks this rule fails in these checks, or parts of checks.
    Checks(Vec<String>),
    /// These variants of the gallery do what is allowed, and pass.
    Variants(Vec<String>),
    /// No check looks at it, for this reason.
    Nobody(String),
}

/// A sentence of a README, without its markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub line: usize,
    pub text: String,
    pub judges: Vec<Judge>,
}

const NOT_JUDGED: &str = "(Not judged: ";

/// What ends a sentence, with what may close behind it.
const ENDS: [&str; 8] = [". ", "? ", ".) ", "?) ", ".\" ", "?\" ", ".** ", ".* "];

/// The sentences of a line of text, and what is wrong with its markers.
pub(super) fn sentences(line: usize, text: &str) -> (Vec<Sentence>, Vec<String>) {
    let (mut found, mut problems): (Vec<Sentence>, Vec<String>) = (Vec::new(), Vec::new());
    let (marks, unknown) = marks(text);
    problems.extend(unknown);
    let mut from = 0;
    for (range, judge) in marks {
        found.extend(split(line, &text[from..range.start]));
        match found.last_mut() {
            Some(sentence) => sentence.judges.push(judge),
            None => problems.push("a judge is named behind no sentence".into()),
        }
        from = range.end;
    }
    found.extend(split(line, &text[from..]));
    (found, problems)
}

/// The judges that a line names, in their order, each with the bytes of its marker; and the markers that are not known.
fn marks(text: &str) -> (Vec<(Range<usize>, Judge)>, Vec<String>) {
    let (mut marks, mut unknown) = (Vec::new(), Vec::new());
    for (range, comment) in comments(text) {
        match comment.trim().split_once(": ") {
            Some(("judged", names)) => marks.push((range, Judge::Checks(listed(names)))),
            Some(("allowed", names)) => marks.push((range, Judge::Variants(listed(names)))),
            _ => unknown.push(format!("the marker \"{}\" is not known", comment.trim())),
        }
    }
    marks.extend(text.match_indices(NOT_JUDGED).map(|(at, mark)| {
        let why = &text[at + mark.len()..];
        let length = why.find(')').unwrap_or(why.len());
        let judge = Judge::Nobody(why[..length].trim_end_matches('.').to_owned());
        let end = at + mark.len() + length + 1;
        (at..end.min(text.len()), judge)
    }));
    marks.sort_by_key(|(range, _)| range.start);
    (marks, unknown)
}

fn listed(names: &str) -> Vec<String> {
    let names = names.split(',').map(str::trim);
    names.map(str::to_owned).collect()
}

fn split(line: usize, text: &str) -> impl Iterator<Item = Sentence> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let ends = ENDS
            .iter()
            .filter_map(|end| Some(rest.find(end)? + end.len()));
        let end = ends.min().unwrap_or(rest.len());
        let (sentence, after) = rest.split_at(end);
        rest = after.trim_start();
        (end > 0).then(|| Sentence {
            line,
            text: sentence.trim_end().to_owned(),
            judges: Vec::new(),
        })
    })
}
