//! A hint of a README, on a terminal.

use crate::course::Stage;
use crate::course::markdown::{Kind, elements};
use crate::course::readme::{HeadingRef, Hint, Readme};
use crate::ui::terminal::{STRONG, paint, wrap};

/// The hint, and where the deck explains what it is about.
#[must_use]
pub fn render(stage: &Stage, readme: &Readme, hint: &Hint, width: usize) -> String {
    let title = wrap(&paint(STRONG, &hint.title), "", width);
    let body = flow(&hint.body, width);
    format!("{title}\n{body}{}", slides(stage, readme, hint, width))
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
