//! Code on slides that cannot drift: a block names the file and the part of it that it shows, and a link below it
//! names the lines.
//!
//! What may stand behind ```` ```rust ````:
//!
//! - `PATH`, and which part of that file (see `pick.rs`);
//! - or `sketch`: from no file, and a paragraph below begins with `Sketch:`.

use anyhow::{Context, ensure};

use crate::course::deck::selector::Excerpt;

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
    let lines: Vec<&str> = deck.lines().collect();
    let (mut text, mut findings) = (String::new(), Vec::new());
    let mut at = 0;
    while at < lines.len() {
        let Some(info) = lines[at].strip_prefix("```") else {
            push(&mut text, lines[at]);
            at += 1;
            continue;
        };
        let body = at + 1;
        let is_end = |line: &&str| *line == "```";
        let length = lines[body..].iter().position(is_end);
        let end = body + length.unwrap_or(lines.len() - body);
        let old = Shown::read(&lines, body, end);
        let new = match wanted(info, &old, &read) {
            Ok(new) => new.unwrap_or_else(|| old.clone()),
            Err(error) => {
                findings.push(old.finding(at, format!("{error:#}"), false));
                old.clone()
            }
        };
        if new.code != old.code {
            let what = format!("this is not what stands there now: {info}");
            findings.push(old.finding(at, what, true));
        } else if new.caption != old.caption {
            let what = format!("the line below must be {}", new.caption);
            findings.push(old.finding(at, what, true));
        }
        push(&mut text, lines[at]);
        text.push_str(&new.code);
        push(&mut text, "```");
        if !new.caption.is_empty() {
            text.push('\n');
            push(&mut text, &new.caption);
        }
        at = old.next;
    }
    (text, findings)
}

/// A block, and the caption below it.
#[derive(Clone)]
struct Shown {
    code: String,
    caption: String,
    /// The index of the line that follows.
    next: usize,
}

impl Shown {
    fn read(lines: &[&str], body: usize, end: usize) -> Self {
        let code = lines[body..end]
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        let below = lines.get(end + 2).copied().unwrap_or_default();
        let is_caption = lines.get(end + 1) == Some(&"")
            && ((below.starts_with('[') && below.contains("](../"))
                || below.starts_with("Sketch:"));
        Self {
            code,
            caption: if is_caption {
                below.into()
            } else {
                String::new()
            },
            next: end + if is_caption { 3 } else { 1 },
        }
    }

    fn finding(&self, index: usize, what: String, can_be_mended: bool) -> Finding {
        Finding {
            line: index + 1,
            what,
            can_be_mended,
        }
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// What the block must be, if it is one of Rust.
fn wanted(
    info: &str,
    old: &Shown,
    read: &impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<Option<Shown>> {
    let words = words(info)?;
    let [language, words @ ..] = &words[..] else {
        return Ok(None);
    };
    if language != "rust" {
        return Ok(None);
    }
    let [first, words @ ..] = words else {
        anyhow::bail!("a block of Rust names the file it comes from, or is a sketch");
    };
    if first == "sketch" {
        ensure!(
            words.is_empty() && old.caption.starts_with("Sketch:"),
            "below a sketch stands a paragraph that begins with \"Sketch:\""
        );
        return Ok(None);
    }
    let is_kept = ["solutions/", "tests/starters/", "exercises/kit/"]
        .iter()
        .any(|folder| first.starts_with(folder));
    ensure!(
        is_kept && !first.split('/').any(|piece| piece == ".."),
        "{first} is a file that students change, or none; show a solution, a starter's copy or the kit"
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
        next: old.next,
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
