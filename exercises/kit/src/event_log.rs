//! The event log: what a server says on its standard output.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;

/// Prints one line an event and flushes it, so that whoever reads along sees it at once.
///
/// Clients are numbered from 1 in the order in which they were accepted. A closed standard output
/// is no reason for a server to stop: what cannot be printed is dropped.
///
/// It is copied as easily as a number, so that each thread can have its own. Lines of different
/// threads do not get mixed up.
#[derive(Debug, Clone, Copy)]
pub struct EventLog(());

impl EventLog {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// The server listens, and this is its real address.
    pub fn listening(&self, address: SocketAddr) {
        self.say(format_args!("listening on {address}"));
    }

    /// Client `number` was accepted.
    pub fn connected(&self, number: u64) {
        self.say(format_args!("client {number} connected"));
    }

    /// Client `number` is done, after `bytes` bytes were received from it.
    pub fn left(&self, number: u64, bytes: u64) {
        self.say(format_args!("client {number} left after {bytes} bytes"));
    }

    /// The connection of client `number` broke, after `bytes` bytes were received from it.
    pub fn lost(&self, number: u64, bytes: u64, reason: &io::Error) {
        self.say(format_args!(
            "client {number} lost after {bytes} bytes: {reason}"
        ));
    }

    pub(crate) fn tick(&self, number: u64) {
        self.say(format_args!("tick {number}"));
    }

    fn say(&self, line: fmt::Arguments<'_>) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
