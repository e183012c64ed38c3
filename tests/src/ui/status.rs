//! What takes a while, in the last line of a terminal. It is gone before anything else is printed.

use std::io::{self, IsTerminal, Write};

use crate::text::columns;

/// A terminal on which it can be said what takes a while, or nothing.
#[derive(Debug, Clone, Copy)]
pub struct Status {
    /// How many columns the terminal has. `None`: there is none.
    width: Option<usize>,
}

/// One line that is shown, until it is dropped.
#[derive(Debug)]
pub struct Shown {
    columns: usize,
}

impl Status {
    /// The terminal that standard error is.
    #[must_use]
    pub fn on_terminal() -> Self {
        let stderr = io::stderr();
        let size = || terminal_size::terminal_size_of(&stderr).map_or(80, |(width, _)| width.0);
        Self {
            width: stderr.is_terminal().then(|| usize::from(size())),
        }
    }

    /// Shows `what`, as much of it as fits into a line.
    #[must_use]
    pub fn show(self, what: &str) -> Option<Shown> {
        // In the last column some terminals begin the next line.
        let room = self.width?.saturating_sub(1);
        let what: String = what.chars().take(room).collect();
        say(&what);
        Some(Shown {
            columns: columns(&what),
        })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        say(&format!("\r{:width$}\r", "", width = self.columns));
    }
}

/// Whoever has closed standard error misses nothing that counts.
fn say(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
