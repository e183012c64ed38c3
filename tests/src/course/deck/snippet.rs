//! Code on slides that cannot drift: a block names the file and the part of it that it shows, and a link below it
//! names the lines.
//!
//! What may stand behind ```` ```rust ```` and ```` ```python ````:
//!
//! - `PATH`, and which part of that file (see `selector.rs`);
//! - or, for Rust, `sketch`: from no file, and a paragraph below begins with `Sketch:`.

use anyhow::{Context, ensure};

use crate::course::deck::selector::Excerpt;
use crate::course::markdown::{Element, Kind, elements};

/// Something on a slide that is not as the sources have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line of the block, from 1.
    pub line: usize,
    pub what: String,
    /// Whether writing the block anew would mend it.
    pub can_be_mended: bool,
}

/// A deck with every excerpt as the sources have it now, and what was otherwise. `read` gives the text of a file of
/// the repository.
pub fn renewed(
    deck: &str,
    read: impl Fn(&str) -> anyhow::Result<String>,
) -> (String, Vec<Finding>) {
    let elements: Vec<Element> = elements(deck).collect();
    let (mut text, mut findings) = (String::new(), Vec::new());
    let mut at = 0;
    while let Some(element) = elements.get(at) {
        let Kind::Code { info, body } = element.kind else {
            text.push_str(element.source);
            at += 1;
            continue;
        };
        let old = Shown {
            code: body.into(),
            caption: caption(&elements[at + 1..]).into(),
        };
        let finding = |what, can_be_mended| Finding {
            line: element.line,
            what,
            can_be_mended,
        };
        let new = match wanted(info, &old, &read) {
            Ok(new) => new.unwrap_or_else(|| old.clone()),
            Err(error) => {
                findings.push(finding(format!("{error:#}"), false));
                old.clone()
            }
        };
        if new.code != old.code {
            let what = format!("this is not what stands there now: {info}");
            findings.push(finding(what, true));
        } else if new.caption != old.caption {
            let what = format!("the line below must be {}", new.caption);
            findings.push(finding(what, true));
        }
        text.push_str(&with_body(element.source, body, &new.code));
        if !new.caption.is_empty() {
            text.push('\n');
            text.push_str(&new.caption);
            text.push('\n');
        }
        // A caption stands below an empty line.
        at += if old.caption.is_empty() { 1 } else { 3 };
    }
    (text, findings)
}

/// A block, and the caption below it.
#[derive(Clone)]
struct Shown {
    code: String,
    caption: String,
}

/// The caption that stands below a block, if there is one. `below` is what follows the block.
fn caption<'a>(below: &[Element<'a>]) -> &'a str {
    let [
        Element {
            kind: Kind::Blank, ..
        },
        Element {
            kind: Kind::Text(line),
            ..
        },
        ..,
    ] = below
    else {
        return "";
    };
    let is_link = line.starts_with('[') && line.contains("](../");
    match is_link || line.starts_with("Sketch:") {
        true => line,
        false => "",
    }
}

/// A block with another body between its marks.
fn with_body(source: &str, body: &str, new: &str) -> String {
    let opening = source.split_inclusive('\n').next().unwrap_or_default();
    let closing = &source[opening.len() + body.len()..];
    format!("{opening}{new}{closing}")
}

/// What the block must be, if it is one of Rust or Python.
fn wanted(
    info: &str,
    old: &Shown,
    read: &impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<Option<Shown>> {
    let words = words(info)?;
    let [language, words @ ..] = &words[..] else {
        return Ok(None);
    };
    let folders: &[&str] = match language.as_str() {
        "rust" => &[
            "solutions/",
            "tests/starters/",
            "exercises/kit/",
            "slides/code/src/",
        ],
        "python" => &["slides/code/python/"],
        _ => return Ok(None),
    };
    let [first, words @ ..] = words else {
        anyhow::bail!("a block of code names the file it comes from, or is a sketch of Rust");
    };
    if language == "rust" && first == "sketch" {
        ensure!(
            words.is_empty() && old.caption.starts_with("Sketch:"),
            "below a sketch stands a paragraph that begins with \"Sketch:\""
        );
        return Ok(None);
    }
    let is_kept = folders.iter().any(|folder| first.starts_with(folder));
    ensure!(
        is_kept && !first.split('/').any(|piece| piece == ".."),
        "{first} is a file that students change, or none of {language}; what may be shown lies in {folders:?}"
    );
    let excerpt = read(first).and_then(|source| Excerpt::of(&source, words));
    let excerpt = excerpt.with_context(|| first.clone())?;
    let (from, to) = (excerpt.first, excerpt.last);
    let caption = if from == to {
        format!("[{first}, line {from}](../{first}#L{from})")
    } else {
        format!("[{first}, lines {from}–{to}](../{first}#L{from}-L{to})")
    };
    Ok(Some(Shown {
        code: excerpt.code,
        caption,
    }))
}

/// The words of a line; what stands between quotation marks belongs to one.
fn words(info: &str) -> anyhow::Result<Vec<String>> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in info.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().context("no word")?.push(letter),
        }
    }
    ensure!(!is_quoted, "a quotation mark is missing");
    words.retain(|word| !word.is_empty());
    Ok(words)
}
