//! What the systems do differently: starting programs under limits, ending them with all they left behind,
//! and looking at a running program from outside.
//!
//! The contract of the modules below is the list of names that this one re-exports. Where a system cannot
//! show something, its function answers `None`, and [`Powers`] says so before the first check runs.

use std::net::SocketAddr;
use std::time::Duration;

mod powers;
pub use powers::{Power, Powers};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::{adopt_orphans, confine, end_group, resume, stop};

#[cfg(not(unix))]
mod not_unix;
#[cfg(not(unix))]
pub use not_unix::{adopt_orphans, confine, end_group, resume, stop};

// `RUSTFLAGS="--cfg elsewhere"` leaves out what only Linux shows, to try out on Linux how the others judge.
#[cfg(all(target_os = "linux", not(elsewhere)))]
mod linux;
#[cfg(all(target_os = "linux", not(elsewhere)))]
pub use linux::{acknowledge, descriptors, end_orphans, sample, tcp_table};

#[cfg(not(all(target_os = "linux", not(elsewhere))))]
mod not_linux;
#[cfg(not(all(target_os = "linux", not(elsewhere))))]
pub use not_linux::{acknowledge, descriptors, end_orphans, sample, tcp_table};

mod environment;
pub use environment::{forget_snapshot_settings, rewrite_snapshots};

/// How much a program may use. Beyond it the kernel says no, or ends it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of address space (`RLIMIT_AS`).
    pub memory: u64,
    /// Open descriptors (`RLIMIT_NOFILE`).
    pub descriptors: u64,
    /// Seconds of processor time (`RLIMIT_CPU`).
    pub cpu_seconds: u64,
    /// Bytes that one file may grow to (`RLIMIT_FSIZE`).
    pub file_size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 2 << 30,
            descriptors: 256,
            cpu_seconds: 60,
            file_size: 16 << 20,
        }
    }
}

/// What all threads of a process were doing at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub threads: Vec<Thread>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub id: u32,
    /// As in proc(5): `R` running, `S` sleeping, `T` stopped, `Z` gone but not yet reaped.
    pub state: char,
    /// The call it sleeps in.
    pub call: Option<Call>,
    /// Processor time so far.
    pub cpu: Duration,
    /// How often it gave the processor away, by itself or not.
    pub switches: u64,
}

/// A system call that a thread sleeps in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    pub kind: CallKind,
    /// Its first argument, where that is a descriptor.
    pub descriptor: Option<i32>,
    /// Whether it returns by itself after some time.
    pub timed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    Other,
}

/// An open descriptor of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    pub number: i32,
    /// The socket behind it, by inode, if it is one.
    pub socket: Option<u64>,
}

/// One end of a TCP connection, or a listening socket, as the kernel sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpRow {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub state: TcpState,
    /// Bytes sent and not yet acknowledged.
    pub unsent: u64,
    /// Bytes received and not yet read; at a listening socket the connections that wait in the backlog.
    pub unread: u64,
    /// How often something was sent again because no answer came.
    pub retransmits: u64,
    /// 0 when no process holds a descriptor of it.
    pub inode: u64,
}

/// The states of tcp(7) that make a difference here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpState {
    Established,
    /// The handshake is not over.
    Opening,
    /// We have ended our stream, and the other side does not know yet.
    EndUnderWay,
    /// We have ended our stream, the other side knows, and may go on with its own.
    HalfClosed,
    /// The other side has ended its stream.
    CloseWait,
    Listen,
    /// Both are through.
    Other,
}

impl Sample {
    /// Processor time of all threads together.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        self.threads.iter().map(|thread| thread.cpu).sum()
    }

    #[must_use]
    pub fn switches(&self) -> u64 {
        self.threads.iter().map(|thread| thread.switches).sum()
    }

    /// Whether every thread sleeps in a call that does not return by itself.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        !self.threads.is_empty()
            && self
                .threads
                .iter()
                .all(|thread| thread.state == 'S' && thread.call.is_some_and(|call| !call.timed))
    }

    #[must_use]
    pub fn is_stopped(&self) -> bool {
        !self.threads.is_empty() && self.threads.iter().all(|thread| thread.state == 'T')
    }
}
