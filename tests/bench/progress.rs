//! How far it has got, on standard error: one line that changes on a terminal, one line a round elsewhere.

use std::io::{self, IsTerminal, Write};

use lab::text::counted;

pub struct Progress {
    runs: usize,
    is_terminal: bool,
    last: usize,
}

impl Progress {
    pub fn new(runs: usize) -> Self {
        Self {
            runs,
            is_terminal: io::stderr().is_terminal(),
            last: 0,
        }
    }

    /// In round `run`, counted from 1, `name` is measured with so many clients.
    pub fn shows(&mut self, run: usize, name: &str, clients: usize) {
        let round = format!("run {run} of {}", self.runs);
        let clients = counted(clients, "client");
        // What cannot be shown is no reason to stop.
        let _ = match self.is_terminal {
            true => write!(io::stderr(), "\r\x1b[K{round}: {name}, {clients}"),
            false if run != self.last => writeln!(io::stderr(), "{round}"),
            false => Ok(()),
        };
        self.last = run;
    }

    /// Nothing more is shown.
    pub fn ends(&self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
