//! Markdown as the lab reads it: a page from top to bottom, in elements of whole lines. READMEs, decks and hints are all
//! read through it.
//!
//! It knows what those pages use: headings with `#`, fenced code, comments, rules, folds (`<details>`), and the settings at
//! a deck's head. All else is text. `cargo verify markdown` compares it with a parser of all of CommonMark on every page.

use std::ops::Range;

/// A line, or the lines that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The number of its first line, from 1.
    pub line: usize,
    /// Its lines as they stand in the page, with their ends. Those of all elements are the page.
    pub source: &'a str,
    pub kind: Kind<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    Blank,
    /// The lines between two rules at the head of the page.
    Settings(&'a str),
    Heading {
        /// The number of hashes.
        level: usize,
        title: &'a str,
    },
    /// A fenced block of code.
    Code {
        /// What stands behind the marks that open it.
        info: &'a str,
        /// The lines between the marks.
        body: &'a str,
    },
    /// What stands between `<!--` and `-->`.
    Comment(&'a str),
    /// A line `---`.
    Rule,
    /// A line that begins with `<details>`, and the summary if it stands on the same line.
    FoldStart(Option<&'a str>),
    /// A line that begins with `<summary>`, and what stands between the tags if both are there.
    Summary(Option<&'a str>),
    /// A line that begins with `</details>`.
    FoldEnd,
    /// One line of anything else, without its end.
    Text(&'a str),
}

/// The elements of a page.
pub fn elements(text: &str) -> impl Iterator<Item = Element<'_>> {
    let (mut at, mut line) = (0, 1);
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let first = rest.split_inclusive('\n').next()?;
        let (length, kind) = match at {
            0 => settings(rest).or_else(|| block(rest)),
            _ => block(rest),
        }
        .unwrap_or_else(|| (first.len(), one_line(first)));
        let element = Element {
            line,
            source: &rest[..length],
            kind,
        };
        at += length;
        line += element.source.lines().count();
        Some(element)
    })
}

/// The comments in a line of text: the bytes that each takes there, and what stands between `<!--` and `-->`. What stands
/// in code is none.
pub fn comments(line: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += line[at..].find(['`', '<'])?;
            let (begin, rest) = (at, &line[at..]);
            let comment = rest.strip_prefix("<!--");
            if let Some((inner, after)) = comment.and_then(|rest| rest.split_once("-->")) {
                at = line.len() - after.len();
                return Some((begin..at, inner));
            }
            at += code_length(rest).max(1);
        }
    })
}

/// The length of the code in marks that `rest` begins with; that of the marks, where no others close it.
fn code_length(rest: &str) -> usize {
    let is_mark = |letter: char| letter == '`';
    let marks = rest.len() - rest.trim_start_matches(is_mark).len();
    let mut at = marks;
    while let Some(next) = rest[at..].find(is_mark).filter(|_| marks > 0) {
        at += next;
        let closing = rest.len() - at - rest[at..].trim_start_matches(is_mark).len();
        at += closing;
        if closing == marks {
            return at;
        }
    }
    marks
}

/// Settings that `rest` begins with, and their length with both rules.
fn settings(rest: &str) -> Option<(usize, Kind<'_>)> {
    let (body, length) = up_to(rest, |line| line == "---")?;
    (first_line(rest) == "---" && length > rest.find('\n')?)
        .then_some((length, Kind::Settings(body)))
}

/// A comment or a block of code that `rest` begins with, and its length. What does not end goes on to the end of the page.
fn block(rest: &str) -> Option<(usize, Kind<'_>)> {
    let first = first_line(rest).trim_start();
    if first.starts_with("<!--") {
        let (_, inner) = rest.split_once("<!--")?;
        let (inner, after) = inner.split_once("-->").unwrap_or((inner, ""));
        let line_end = after.find('\n').map_or(after.len(), |end| end + 1);
        let length = rest.len() - after.len() + line_end;
        return Some((length, Kind::Comment(inner)));
    }
    let mark = first.chars().next().filter(|mark| "`~".contains(*mark))?;
    let info = first.trim_start_matches(mark);
    let marks = &first[..first.len() - info.len()];
    if marks.len() < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    let closes = |line: &str| {
        let line = line.trim();
        line.starts_with(marks) && line.trim_start_matches(mark).is_empty()
    };
    let (body, length) = up_to(rest, closes).unwrap_or_else(|| (below(rest), rest.len()));
    let info = info.trim();
    Some((length, Kind::Code { info, body }))
}

/// What stands below the first line of `rest` and above the next line that `ends` it; and the length of all of them.
fn up_to(rest: &str, ends: impl Fn(&str) -> bool) -> Option<(&str, usize)> {
    let body = below(rest);
    let mut end = 0;
    for line in body.split_inclusive('\n') {
        if ends(line.trim_end_matches(['\n', '\r'])) {
            let length = rest.len() - body.len() + end + line.len();
            return Some((&body[..end], length));
        }
        end += line.len();
    }
    None
}

fn first_line(rest: &str) -> &str {
    rest.lines().next().unwrap_or_default()
}

/// What stands below the first line.
fn below(rest: &str) -> &str {
    rest.split_once('\n').map_or("", |(_, below)| below)
}

/// The kind of a line that stands for itself.
fn one_line(line: &str) -> Kind<'_> {
    let line = line.trim_end_matches(['\n', '\r']);
    let text = line.trim();
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    match text {
        "" => Kind::Blank,
        _ if (1..=6).contains(&level) && line[level..].starts_with(' ') => Kind::Heading {
            level,
            title: line[level..].trim(),
        },
        _ if line == "---" => Kind::Rule,
        _ if text.starts_with("<details") => Kind::FoldStart(summary(text)),
        _ if text.starts_with("<summary>") => Kind::Summary(summary(text)),
        _ if text.starts_with("</details>") => Kind::FoldEnd,
        _ => Kind::Text(line),
    }
}

/// What stands between the two tags of a summary.
fn summary(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("<summary>")?;
    Some(rest.split_once("</summary>")?.0)
}
