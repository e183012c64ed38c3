//! Pages as a parser of all of CommonMark reads them, to see whether they are true: headings, links, code, commands.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A block of code.
pub struct CodeBlock {
    /// The line that opens it, from 1.
    pub line: usize,
    /// What stands behind the marks; `None` where it is only indented.
    pub info: Option<String>,
    pub body: String,
}

/// A heading, with its title as it stands in the page.
pub struct Heading<'a> {
    pub line: usize,
    pub level: usize,
    pub title: &'a str,
    range: Range<usize>,
}

/// What stands below the heading that begins with `heading`, up to the next one of its level or above.
pub fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let headings = headings(text);
    let mut from = headings.iter();
    let Some(found) = from.find(|one| text[one.range.start..].starts_with(heading)) else {
        return "";
    };
    let next = from.find(|one| one.level <= found.level);
    &text[found.range.end..next.map_or(text.len(), |next| next.range.start)]
}

/// What is emphasised, as text.
pub fn emphasised(text: &str) -> Vec<String> {
    let mut phrases = Vec::new();
    let mut phrase: Option<String> = None;
    for (event, _) in events(text) {
        match (event, &mut phrase) {
            (Event::Start(Tag::Emphasis), _) => phrase = Some(String::new()),
            (Event::End(TagEnd::Emphasis), _) => phrases.extend(phrase.take()),
            (Event::Text(piece) | Event::Code(piece), Some(phrase)) => phrase.push_str(&piece),
            (Event::SoftBreak | Event::HardBreak, Some(phrase)) => phrase.push(' '),
            _ => {}
        }
    }
    phrases
}

pub fn headings(text: &str) -> Vec<Heading<'_>> {
    let mut headings: Vec<Heading> = Vec::new();
    let mut is_inside = false;
    for (event, range) in events(text) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                is_inside = true;
                headings.push(Heading {
                    line: line_at(text, range.start),
                    level: number_of(level),
                    title: "",
                    range,
                });
            }
            Event::End(TagEnd::Heading(_)) => is_inside = false,
            _ if is_inside => {
                let heading = headings.last_mut().expect("it has begun");
                let start = match heading.title {
                    "" => range.start,
                    title => title.as_ptr() as usize - text.as_ptr() as usize,
                };
                heading.title = &text[start..range.end];
            }
            _ => {}
        }
    }
    headings
}

/// A heading's name in a link, as forges make it.
pub fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
        .collect()
}

/// Whether a page has a heading of that name, or a source file those lines: `L7`, `L7-L12`.
pub fn has_place(text: &str, name: &str) -> bool {
    let line = |word: &str| word.strip_prefix('L')?.parse::<usize>().ok();
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    match (line(first), line(last)) {
        (Some(first), Some(last)) => (1..=last).contains(&first) && last <= text.lines().count(),
        _ => headings(text)
            .iter()
            .any(|heading| anchor(heading.title) == name),
    }
}

/// The targets of links and pictures.
pub fn links(text: &str) -> Vec<String> {
    let target = |(event, _)| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some(dest_url.to_string())
        }
        _ => None,
    };
    events(text).filter_map(target).collect()
}

/// All blocks of code.
pub fn code_blocks(text: &str) -> Vec<CodeBlock> {
    let mut blocks = Vec::new();
    let mut block: Option<CodeBlock> = None;
    for (event, range) in events(text) {
        match (event, &mut block) {
            (Event::Start(Tag::CodeBlock(kind)), _) => {
                block = Some(CodeBlock {
                    line: line_at(text, range.start),
                    info: match kind {
                        CodeBlockKind::Fenced(info) => Some(info.to_string()),
                        CodeBlockKind::Indented => None,
                    },
                    body: String::new(),
                });
            }
            (Event::End(TagEnd::CodeBlock), _) => blocks.extend(block.take()),
            (Event::Text(piece), Some(block)) => block.body.push_str(&piece),
            _ => {}
        }
    }
    blocks
}

/// The blocks of code in `language`.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let is_named = |block: &CodeBlock| {
        let info = block.info.as_deref().unwrap_or_default();
        info.split(' ').next() == Some(language)
    };
    let named = code_blocks(text).into_iter().filter(is_named);
    named.map(|block| block.body).collect()
}

/// All code in the midst of text.
pub fn code(text: &str) -> Vec<String> {
    let piece = |(event, _)| match event {
        Event::Code(piece) => Some(piece.to_string()),
        _ => None,
    };
    events(text).filter_map(piece).collect()
}

/// Everything that is to be typed and begins with `cargo`.
pub fn commands(text: &str) -> Vec<String> {
    let (typed, shown) = (blocks(text, "console"), blocks(text, "text"));
    let typed = typed
        .iter()
        .flat_map(|block| block.lines())
        .filter_map(|line| line.strip_prefix("$ "))
        .chain(shown.iter().flat_map(|block| {
            block
                .lines()
                .filter_map(|line| Some(&line[line.find("cargo ")?..]))
        }))
        .map(|line| {
            line.split('#')
                .next()
                .unwrap_or_default()
                .trim()
                .to_string()
        });
    code(text)
        .into_iter()
        .chain(typed)
        .filter(|line| line.starts_with("cargo "))
        .collect()
}

/// The comments, each with its first line.
pub fn comments(text: &str) -> Vec<(usize, &str)> {
    let html = events(text)
        .filter(|(event, _)| matches!(event, Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_)));
    let comments = html.flat_map(|(_, range)| {
        let begins = text[range.clone()].match_indices("<!--");
        begins.map(move |(at, mark)| {
            let inner = &text[range.start + at + mark.len()..range.end];
            let inner = inner.split("-->").next().unwrap_or_default();
            (line_at(text, range.start + at), inner)
        })
    });
    comments.collect()
}

/// The lines of rules.
pub fn rules(text: &str) -> Vec<usize> {
    let rules = events(text).filter(|(event, _)| *event == Event::Rule);
    rules.map(|(_, range)| line_at(text, range.start)).collect()
}

/// A mutant's file that a page shows: the path it names, and the block.
pub fn example(text: &str) -> Option<(String, String)> {
    let path = code(text)
        .into_iter()
        .find(|path| path.starts_with("tests/mutants/") && path.ends_with(".toml"))?;
    Some((path, blocks(text, "toml").into_iter().next()?))
}

/// A page in the parser's events, each with the bytes that it comes from.
fn events(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    let options = [
        Options::ENABLE_FOOTNOTES,
        Options::ENABLE_TABLES,
        Options::ENABLE_YAML_STYLE_METADATA_BLOCKS,
    ];
    Parser::new_ext(text, options.into_iter().collect()).into_offset_iter()
}

/// The number, from 1, of the line that holds the byte `at`.
fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn number_of(level: HeadingLevel) -> usize {
    level as usize
}
