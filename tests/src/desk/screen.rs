//! A page in the lines of a terminal: as many as there are, none too long, in the letters and colours that it has.

use anstream::adapter::strip_str;

use crate::text::columns;
use crate::ui::terminal::{QUIET, STRONG, paint};

/// In a terminal with fewer lines the keys stand without words, where with them they take more than [`MOST`] lines.
const LOW: usize = 18;
const MOST: usize = 2;

/// The key that tells of the others.
const MORE: (&str, &str) = ("?", "keys");

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    pub width: usize,
    pub height: usize,
    pub has_colour: bool,
    /// Letters beyond ASCII.
    pub has_unicode: bool,
}

/// What stands on it.
#[derive(Debug)]
pub struct Sheet<'a> {
    /// At the left and at the right end of the first line.
    pub head: (String, String),
    pub body: &'a str,
    /// The first line of the body that is shown.
    pub scroll: usize,
    pub keys: Vec<(&'static str, &'static str)>,
}

/// A drawn sheet.
#[derive(Debug, PartialEq, Eq)]
pub struct Drawn {
    pub lines: Vec<String>,
    /// How many lines of the body there was room for, and how many it has.
    pub room: usize,
    pub all: usize,
}

impl Screen {
    /// How wide a line of text may be.
    #[must_use]
    pub fn text_width(&self) -> usize {
        self.width.min(100)
    }

    #[must_use]
    pub fn draw(&self, sheet: &Sheet) -> Drawn {
        let mut keys = self.keys(&sheet.keys);
        if self.height < LOW && keys.len() > MOST {
            keys = self.brief(&sheet.keys);
        }
        let body: Vec<String> = sheet
            .body
            .trim_end()
            .lines()
            .flat_map(|line| fit(line, self.width))
            .collect();
        // The head, the line below the body, and the keys.
        let room = self.height.saturating_sub(2 + keys.len()).max(1);
        let scroll = sheet.scroll.min(body.len().saturating_sub(room));
        let shown = body.iter().skip(scroll).take(room).cloned();
        let mut lines = vec![self.head(&sheet.head)];
        lines.extend(shown);
        lines.resize(1 + room, String::new());
        lines.push(self.rule(scroll, room, body.len()));
        lines.extend(keys);
        lines.truncate(self.height);
        Drawn {
            lines: lines.iter().map(|line| self.plain(line)).collect(),
            room,
            all: body.len(),
        }
    }

    /// Both ends of the head, as far as they fit.
    fn head(&self, (left, right): &(String, String)) -> String {
        let taken = columns(left) + columns(right);
        match self.width.checked_sub(taken) {
            Some(gap @ 1..) => format!("{left}{}{right}", " ".repeat(gap)),
            _ => {
                let line = format!("{left} {right}");
                fit(&line, self.width).swap_remove(0)
            }
        }
    }

    /// The line below the body, which says where in the text we are.
    fn rule(&self, scroll: usize, room: usize, all: usize) -> String {
        let place = match all > room {
            true => format!(
                " lines {} to {} of {all} ",
                scroll + 1,
                (scroll + room).min(all)
            ),
            false => String::new(),
        };
        let before = "──";
        let rest = self.width.saturating_sub(columns(before) + columns(&place));
        let line = format!("{before}{place}{}", "─".repeat(rest));
        paint(QUIET, fit(&line, self.width).swap_remove(0))
    }

    /// The keys and what they do, in as many lines as it takes.
    fn keys(&self, keys: &[(&str, &str)]) -> Vec<String> {
        let mut lines = vec![String::new()];
        for (key, what) in keys {
            let is_brief = what.is_empty();
            let words = match is_brief {
                true => paint(STRONG, key),
                false => format!("{} {what}", paint(STRONG, key)),
            };
            let last = lines.last().map_or(0, |line| columns(line));
            let gap = match (last, is_brief) {
                (0, _) => "",
                (_, true) => " ",
                (_, false) => "  ",
            };
            match last + gap.len() + columns(&words) <= self.width {
                true => {
                    if let Some(line) = lines.last_mut() {
                        *line += gap;
                        *line += &words;
                    }
                }
                false => lines.push(words),
            }
        }
        lines
    }

    /// The keys alone, and the one that says what they do.
    fn brief(&self, keys: &[(&str, &str)]) -> Vec<String> {
        let mut all: Vec<(&str, &str)> = keys.iter().map(|(key, _)| (*key, "")).collect();
        all.push(MORE);
        self.keys(&all)
    }

    /// A line in the letters and colours that the terminal has.
    fn plain(&self, line: &str) -> String {
        let line = match self.has_colour {
            true => line.to_string(),
            false => strip_str(line).to_string(),
        };
        match self.has_unicode {
            true => line,
            false => line.chars().map(ascii).collect(),
        }
    }
}

/// A line broken where it is wider than `width`: at the last space in its second half, if there is one, which goes.
fn fit(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let (mut used, mut is_style) = (0, false);
    // Where the last space stands in the line that is being filled: in bytes, and in columns.
    let mut space = None;
    for letter in line.chars() {
        if letter == '\u{1b}' {
            is_style = true;
        } else if !is_style {
            if used == width {
                let last = lines.last_mut().filter(|_| letter != ' ');
                let rest = space.take().zip(last).map(|((at, column), line)| {
                    used -= column + 1;
                    let rest: String = line[at + 1..].into();
                    line.truncate(at);
                    rest
                });
                if rest.is_none() {
                    used = 0;
                }
                lines.push(rest.unwrap_or_default());
                if letter == ' ' {
                    continue;
                }
            }
            if letter == ' ' && used > width / 2 {
                space = lines.last().map(|line| (line.len(), used));
            }
            used += 1;
        }
        if let Some(line) = lines.last_mut() {
            line.push(letter);
        }
        if is_style && letter.is_ascii_alphabetic() {
            is_style = false;
        }
    }
    lines
}

/// The nearest to a letter that ASCII has.
fn ascii(letter: char) -> String {
    let near = match letter {
        _ if letter.is_ascii() => return letter.to_string(),
        '–' | '—' | '─' => "-",
        '…' => "...",
        '·' | '•' => ".",
        '→' => "->",
        '“' | '”' => "\"",
        '’' | '‘' => "'",
        '×' => "x",
        'µ' => "u",
        _ => "?",
    };
    near.to_string()
}
