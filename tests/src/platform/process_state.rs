//! What a process is doing, as values.

use std::time::Duration;

use crate::platform::VERY_LONG;

/// What all threads of a process were doing at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub threads: Vec<Thread>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub id: u32,
    /// As in proc(5): `R` running, `S` sleeping until something happens, `D` sleeping for a moment inside the kernel, `T`
    /// stopped, `Z` gone but not yet reaped.
    pub state: char,
    /// The call it sleeps in.
    pub call: Option<SleepingCall>,
    /// Processor time so far.
    pub cpu: Duration,
    /// How often it gave the processor away, by itself or not.
    pub switches: u64,
    /// How often it did so by itself: it went to sleep in a call.
    pub sleeps: u64,
}

/// A system call that a thread sleeps in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SleepingCall {
    pub kind: CallKind,
    /// Its first argument, where that is a descriptor.
    pub descriptor: Option<i32>,
    /// The other descriptor of a call that moves bytes by itself, splice(2) or sendfile(2): where a send takes them from,
    /// or where those that are received go.
    pub other_end: Option<i32>,
    /// Whether it returns by itself after some time.
    pub timed: bool,
    /// For how long it was asked to sleep at most, where that can be seen.
    pub nap: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    Accept,
    Connect,
    /// `recv` on a socket, `read` on anything.
    Recv,
    /// `send` on a socket, `write` on anything.
    Send,
    /// `poll`, `select`, `epoll_wait`.
    Poll,
    Sleep,
    /// Waiting for another thread: a lock, a join, a channel.
    Futex,
    /// Starting a thread or a process.
    Start,
    Other,
}

/// An open descriptor of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    pub number: i32,
    /// The socket behind it, by inode, if it is one.
    pub socket: Option<u64>,
}

/// A descriptor that a process has registered with the kernel, to be told of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    pub descriptor: i32,
    /// The number of the program's that comes back with each piece of news.
    pub token: u64,
    /// To be told that there is something to read.
    pub reading: bool,
    /// To be told that there is room to send.
    pub sending: bool,
}

impl Sample {
    /// Processor time of all threads together.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        self.threads.iter().map(|thread| thread.cpu).sum()
    }

    /// How often its threads went to sleep, all together.
    #[must_use]
    pub fn sleeps(&self) -> u64 {
        self.threads.iter().map(|thread| thread.sleeps).sum()
    }

    /// The longest time that one of its threads has asked to sleep for now.
    #[must_use]
    pub fn longest_nap(&self) -> Option<Duration> {
        let calls = self.threads.iter().filter_map(|thread| thread.call);
        calls.filter_map(|call| call.nap).max()
    }

    /// Whether every thread sleeps in a call that does not return by itself, or not for a very long time.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        let stays =
            |call: SleepingCall| !call.timed || call.nap.is_some_and(|nap| nap >= VERY_LONG);
        !self.threads.is_empty()
            && self
                .threads
                .iter()
                .all(|thread| thread.state == 'S' && thread.call.is_some_and(stays))
    }

    /// Whether one of its threads sleeps in such a call.
    #[must_use]
    pub fn is_inside(&self, kind: CallKind) -> bool {
        let mut calls = self.threads.iter().filter_map(|thread| thread.call);
        calls.any(|call| call.kind == kind)
    }

    #[must_use]
    pub fn is_stopped(&self) -> bool {
        !self.threads.is_empty() && self.threads.iter().all(|thread| thread.state == 'T')
    }
}
