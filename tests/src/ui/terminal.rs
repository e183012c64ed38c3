//! How the lab's words look on a terminal: a few colours, which only repeat what the words say, in
//! lines that fit.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::text::{self, columns};

pub const STRONG: Style = Style::new().bold();
pub const COMMAND: Style = AnsiColor::Cyan.on_default();
pub const GOOD: Style = AnsiColor::Green.on_default();
pub const BAD: Style = AnsiColor::Red.on_default();
pub const QUIET: Style = Style::new().dimmed();

/// Columns that may be filled: 80 where nobody can say, never so many that the eye loses the line.
#[must_use]
pub fn width() -> usize {
    let columns = terminal_size::terminal_size_of(io::stdout()).map_or(0, |(width, _)| width.0);
    match columns {
        0 => 80, // a pipe, or a terminal that does not know
        _ => usize::from(columns).clamp(20, 100),
    }
}

/// `text` in a style. Where colour is not wanted, `print` leaves the style out again.
#[must_use]
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Fills lines of `width` columns with the words of `text`; the first line starts with `first`, the
/// others with as many blanks. A word longer than a line stays whole: it may be a path to copy.
#[must_use]
pub fn wrap(text: &str, first: &str, width: usize) -> String {
    let indent = columns(first);
    let words: Vec<&str> = text.split_whitespace().collect();
    let lines = text::wrap(&words.join(" "), width.saturating_sub(indent));
    format!("{first}{}\n", lines.join(&format!("\n{:indent$}", "")))
}

/// Prints `text` at once. A reader that has gone away, as `head` does, has seen enough.
///
/// # Errors
///
/// When standard output takes nothing for another reason, such as a full disk.
pub fn print(text: &str) -> io::Result<()> {
    match write(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Prints `text` at once, whole, whatever other threads print.
///
/// # Errors
///
/// When standard output takes nothing, also when its reader has gone away.
pub fn write(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
