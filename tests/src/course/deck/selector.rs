//! A part of a source file, by name.
//!
//! - `region=NAME`: what stands between `// region NAME` and `// endregion`, or between the same behind a `#`;
//! - `item=NAME`: the function, type or constant of that name, without what stands above it;
//! - and then `from="TEXT"`: only the statement whose first line begins with TEXT; and with `to="TEXT"` all from there
//!   to the end of the next statement that begins with that;
//! - `bare`: without the lines that hold nothing but a comment.
//!
//! Statements are told by their indentation, which is rustfmt's.

use std::ops::Range;

use anyhow::{Context, bail, ensure};

/// A part of a file.
pub(super) struct Excerpt {
    pub(super) code: String,
    /// Its lines in the file, from 1.
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Excerpt {
    pub(super) fn of(source: &str, words: &[String]) -> anyhow::Result<Self> {
        let lines: Vec<&str> = source.lines().collect();
        let mut scope = None;
        let mut part = 0..lines.len();
        let mut is_bare = false;
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            let begins = |line: &str| line.starts_with(value);
            part = match (key, &scope) {
                ("region", None) => region(&lines, value)?,
                ("item", None) => statement(&lines, part, |line| is_item(line, value))
                    .with_context(|| format!("item {value}"))?,
                ("from", Some(_)) => {
                    statement(&lines, part, begins).with_context(|| format!("from {value}"))?
                }
                ("to", Some(Range { end, .. })) => {
                    let last = statement(&lines, part.end..*end, begins);
                    part.start..last.with_context(|| format!("to {value}"))?.end
                }
                ("bare", _) => {
                    is_bare = true;
                    continue;
                }
                _ => bail!("\"{word}\" is not known here"),
            };
            scope.get_or_insert(part.clone());
        }
        ensure!(
            scope.is_some(),
            "it is not said which region or item is meant"
        );
        Ok(Self {
            code: code(&lines[part.clone()], is_bare),
            first: part.start + 1,
            last: part.end,
        })
    }
}

/// Whether a line begins the function, type or constant called `name`.
fn is_item(line: &str, name: &str) -> bool {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    ["fn ", "struct ", "enum ", "const ", "type "]
        .iter()
        .filter_map(|kind| line.strip_prefix(kind)?.strip_prefix(name))
        .any(|rest| !rest.starts_with(of_a_name))
}

/// The lines between the two that mark the region.
fn region(lines: &[&str], name: &str) -> anyhow::Result<Range<usize>> {
    let begins = |line: &&str| remark(line).is_some_and(|said| said == format!("region {name}"));
    let first = only(lines, 0..lines.len(), |line| begins(&line))
        .with_context(|| format!("region {name}"))?;
    let length = lines[first..]
        .iter()
        .position(|line| remark(line) == Some("endregion"))
        .with_context(|| format!("region {name} does not end"))?;
    ensure!(length > 1, "region {name} is empty");
    Ok(first + 1..first + length)
}

/// The statement or item whose first line, without its indentation, `begins` tells.
fn statement(
    lines: &[&str],
    part: Range<usize>,
    begins: impl Fn(&str) -> bool,
) -> anyhow::Result<Range<usize>> {
    let first = only(lines, part, |line| begins(line.trim_start()))?;
    let own = indentation(lines[first]);
    let mut end = first + 1;
    let mut last = first;
    let is_open = |line: &str| line.trim_end().ends_with(['{', '(', '[']);
    while let Some(line) = lines.get(end) {
        let closes = indentation(line) == own && line.trim_start().starts_with(['}', ')', ']']);
        let is_inside = line.trim().is_empty() || indentation(line) > own;
        if !closes && !is_inside {
            break;
        }
        if !line.trim().is_empty() {
            last = end;
        }
        if closes && !is_open(line) {
            break;
        }
        end += 1;
    }
    Ok(first..last + 1)
}

/// The one line in `part` that fits.
fn only(lines: &[&str], part: Range<usize>, fits: impl Fn(&str) -> bool) -> anyhow::Result<usize> {
    let mut found = part.filter(|index| fits(lines[*index]));
    let first = found.next().context("there is no such line")?;
    ensure!(found.next().is_none(), "there is more than one such line");
    Ok(first)
}

/// What a line says that holds nothing but a comment of Rust or of Python.
fn remark(line: &str) -> Option<&str> {
    let line = line.trim();
    let said = line.strip_prefix("//").or_else(|| line.strip_prefix("# "));
    said.map(str::trim)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The lines without the indentation that all of them have, and without the marks of regions.
fn code(lines: &[&str], is_bare: bool) -> String {
    let is_mark = |said: &str| said.starts_with("region ") || said == "endregion";
    let is_left_out = |line: &str| remark(line).is_some_and(|said| is_bare || is_mark(said));
    let kept: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !is_left_out(line))
        .collect();
    let written = kept.iter().filter(|line| !line.trim().is_empty());
    let shared = written.map(|line| indentation(line)).min().unwrap_or(0);
    let mut code = String::new();
    for (index, line) in kept.iter().enumerate() {
        // What was left out may leave two empty lines, or one at the head or before the end of a block.
        let next = kept.get(index + 1).map_or("", |next| next.trim());
        let is_too_much = code.is_empty() || next.is_empty() || next.starts_with('}');
        if !(is_bare && line.is_empty() && is_too_much) {
            code.push_str(line.get(shared..).unwrap_or_default());
            code.push('\n');
        }
    }
    code.truncate(code.trim_end().len());
    code + "\n"
}
