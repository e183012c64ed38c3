//! What a program's calls, reported when they began, tell about it: its own sleeps, timers, threads, listeners and options.

use std::net::SocketAddr;
use std::time::Duration;

use crate::platform::{CallKind, SocketOption, VERY_LONG, WatchedCall};

/// What the announcement of a server begins with.
const ANNOUNCEMENT: &[u8] = b"listening on ";

/// The calls of a program in the order in which they began, each with the thread that made it.
#[derive(Debug, Clone, Default)]
pub struct CallLog(Vec<(u32, WatchedCall)>);

/// A wait that ends although nothing has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnWait {
    Sleep(Duration),
    /// A wait for sockets with a timeout.
    ForSockets(Duration),
    /// A wait for another thread with a timeout.
    ForAThread(Duration),
    Timer,
}

impl CallLog {
    #[must_use]
    pub fn new(calls: Vec<(u32, WatchedCall)>) -> Self {
        Self(calls)
    }

    /// The calls after the one that announced the address. Before that a server may prepare as it likes.
    #[must_use]
    pub fn since_the_announcement(&self) -> Self {
        let announces = |call: &WatchedCall| matches!(call, WatchedCall::Print(line) if line.starts_with(ANNOUNCEMENT));
        let at = self.0.iter().position(|(_, call)| announces(call));
        Self(self.0[at.map_or(0, |at| at + 1)..].to_vec())
    }

    /// Whether an address was announced before a socket listened.
    #[must_use]
    pub fn announces_too_early(&self) -> bool {
        let listens = |call: &WatchedCall| matches!(call, WatchedCall::Listen { .. });
        let announces = |call: &WatchedCall| matches!(call, WatchedCall::Print(line) if line.starts_with(ANNOUNCEMENT));
        let first = self.calls().find(|call| listens(call) || announces(call));
        first.is_some_and(announces)
    }

    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &WatchedCall> {
        self.0.iter().map(|(_, call)| call)
    }

    /// Waits that end by themselves, but for those that outlast every check. One with a timeout of zero does not wait.
    pub fn own_waits(&self) -> impl Iterator<Item = OwnWait> {
        let wait = |call: &WatchedCall| match *call {
            WatchedCall::Nap(length) => Some((length, OwnWait::Sleep(length))),
            WatchedCall::Wait {
                kind,
                limit: Some(length),
            } => Some(match kind {
                CallKind::Futex => (length, OwnWait::ForAThread(length)),
                _ => (length, OwnWait::ForSockets(length)),
            }),
            WatchedCall::Timer => Some((Duration::MAX, OwnWait::Timer)),
            _ => None,
        };
        let is_short = |(length, wait): &(Duration, OwnWait)| {
            *wait == OwnWait::Timer || (!length.is_zero() && *length < VERY_LONG)
        };
        let waits = self.calls().filter_map(wait).filter(is_short);
        waits.map(|(_, wait)| wait)
    }

    /// The longest sleep, where one took longer than `most`.
    #[must_use]
    pub fn sleep_of_more_than(&self, most: Duration) -> Option<Duration> {
        let naps = self.calls().filter_map(|call| match call {
            WatchedCall::Nap(length) => Some(*length),
            _ => None,
        });
        naps.max().filter(|longest| *longest > most)
    }

    /// How many threads and processes it has started.
    #[must_use]
    pub fn started_tasks(&self) -> usize {
        let is_new =
            |call: &&WatchedCall| matches!(call, WatchedCall::NewThread | WatchedCall::NewProcess);
        self.calls().filter(is_new).count()
    }

    /// The addresses that it has bound, as it gave them.
    pub fn bound(&self) -> impl Iterator<Item = SocketAddr> {
        self.calls().filter_map(|call| match call {
            WatchedCall::Bind { address, .. } => *address,
            _ => None,
        })
    }

    /// The options that it has set, on whichever socket.
    pub fn options(&self) -> impl Iterator<Item = SocketOption> {
        self.calls().filter_map(|call| match call {
            WatchedCall::Option { option, .. } => Some(*option),
            _ => None,
        })
    }

    /// The limits of time that it has set, on whichever socket, by the names of their options.
    pub fn time_limits(&self) -> impl Iterator<Item = &'static str> {
        self.options().filter_map(name_of_limit)
    }
}

fn name_of_limit(option: SocketOption) -> Option<&'static str> {
    match option {
        SocketOption::ReceiveTimeout => Some("SO_RCVTIMEO"),
        SocketOption::SendTimeout => Some("SO_SNDTIMEO"),
        SocketOption::UserTimeout => Some("TCP_USER_TIMEOUT"),
        _ => None,
    }
}
