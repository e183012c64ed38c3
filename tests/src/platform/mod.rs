//! What the systems do differently: starting programs under limits, ending them with all they left behind,
//! and looking at a running program from outside.
//!
//! The contract of the modules below is the list of names that this one re-exports. Where a system cannot
//! show something, its function answers `None`, and [`Powers`] says so before the first check runs.

use std::net::SocketAddr;
use std::time::Duration;

mod powers;
pub use powers::{Power, Powers};
mod settings;
pub use settings::room_at_first;

pub mod basics;

#[cfg(unix)]
mod limits;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use limits::{
    address_space_allowed, allow_ourselves_descriptors, descriptors_allowed, may_set_limits,
};
#[cfg(unix)]
pub use signals::{Ignored, ask_to_end, end_group, end_with_us, hear_of_children, resume, stop};
#[cfg(unix)]
pub use unix::{adopt_orphans, confine};

#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
pub use windows::{
    Ignored, address_space_allowed, adopt_orphans, allow_ourselves_descriptors, ask_to_end,
    confine, descriptors_allowed, end_group, end_with_us, hear_of_children, may_set_limits, resume,
    stop,
};

// `RUSTFLAGS="--cfg portable_only"` leaves out what only Linux shows, to try out on Linux how the others judge.
#[cfg(all(target_os = "linux", not(portable_only)))]
mod epoll;
#[cfg(all(target_os = "linux", not(portable_only)))]
mod syscalls;
#[cfg(all(target_os = "linux", not(portable_only)))]
pub use epoll::registered;
#[cfg(all(target_os = "linux", not(portable_only)))]
mod events;
#[cfg(all(target_os = "linux", not(portable_only)))]
mod linux;
#[cfg(all(target_os = "linux", not(portable_only)))]
mod proc;
#[cfg(all(target_os = "linux", not(portable_only)))]
mod sock_diag;
#[cfg(all(target_os = "linux", not(portable_only)))]
mod tcp;
#[cfg(all(target_os = "linux", not(portable_only)))]
pub use events::{call_filter, tells_of_changes};
#[cfg(all(target_os = "linux", not(portable_only)))]
pub use linux::{
    PipeEnd, Stream, address_space, dependants, descendants, descriptors, end_orphans,
    is_non_blocking, limit_address_space, memory, pages, path_to, sample, shut_down,
    tell_when_there_are, threads, time_limit,
};
#[cfg(all(target_os = "linux", not(portable_only)))]
pub use proc::is_ours as proc_is_ours;
#[cfg(all(target_os = "linux", not(portable_only)))]
pub use signals::has_children;
#[cfg(all(target_os = "linux", not(portable_only)))]
pub use tcp::{
    acknowledge, fix_room, longest_backlog, not_sent, tcp_rows, tcp_table, widen_room_to_send,
    window_probes,
};

#[cfg(not(all(target_os = "linux", not(portable_only))))]
mod fallback;
#[cfg(not(all(target_os = "linux", not(portable_only))))]
pub use fallback::{
    PipeEnd, Stream, acknowledge, address_space, call_filter, dependants, descendants, descriptors,
    end_orphans, fix_room, has_children, is_non_blocking, limit_address_space, longest_backlog,
    memory, not_sent, pages, path_to, proc_is_ours, registered, sample, shut_down, tcp_rows,
    tcp_table, tell_when_there_are, tells_of_changes, threads, time_limit, widen_room_to_send,
    window_probes,
};

mod usage;
pub use usage::{cpu, own_memory, stay_on_one_core};

mod os_version;
pub use os_version::system;

mod environment;
pub use environment::{forget_build_settings, forget_surroundings};

/// How much a program may use. Beyond it the kernel says no, or ends it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of address space (`RLIMIT_AS`).
    pub memory: u64,
    /// Open descriptors (`RLIMIT_NOFILE`).
    pub descriptors: u64,
    /// How many of them are taken when it starts: it inherits so many, and cannot use them.
    pub preopened: u32,
    /// Seconds of processor time (`RLIMIT_CPU`).
    pub cpu_seconds: u64,
    /// Bytes that one file may grow to (`RLIMIT_FSIZE`).
    pub file_size: u64,
}

/// The limits of every program.
pub const LIMITS: Limits = Limits {
    memory: 2 << 30,
    descriptors: 256,
    preopened: 0,
    cpu_seconds: 60,
    file_size: 16 << 20,
};

/// The limits of a program to which the numbers below 1024 are not free.
pub const MANY_DESCRIPTORS: Limits = Limits {
    descriptors: 1536,
    preopened: 1100,
    ..LIMITS
};

/// More memory than any program of this lab has a use for, in bytes.
pub const TOO_MUCH_MEMORY: u64 = 256 << 20;

/// A nap that does not end before a check does.
pub const VERY_LONG: Duration = Duration::from_secs(60);

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
    /// Whether it returns by itself after some time.
    pub timed: bool,
    /// For how long it was asked to sleep at most, where that can be seen.
    pub nap: Option<Duration>,
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

/// A descriptor that a process has registered with the kernel, to be told of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    pub descriptor: i32,
    /// To be told that there is something to read.
    pub reading: bool,
    /// To be told that there is room to send.
    pub sending: bool,
}

/// One end of a TCP connection, or a listening socket, as the kernel sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpRow {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub state: TcpState,
    /// Bytes sent and not yet acknowledged; at a listening socket the connections that its backlog has room for, where the
    /// kernel says so.
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
    Handshake,
    /// We have ended our stream, and the other side does not know yet.
    FinSent,
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
