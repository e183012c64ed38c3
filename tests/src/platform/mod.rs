//! What the systems do differently: starting programs under limits, ending them with all they left behind,
//! and looking at a running program from outside.
//!
//! The contract of the modules below is the list of names that this one re-exports. Where a system cannot
//! show something, its function answers `None`, and [`Powers`] says so before the first check runs.

use std::time::Duration;

mod powers;
mod process_state;
mod tcp_state;
pub use powers::{Power, Powers, foreign_address};
pub use process_state::{CallKind, Descriptor, Registered, Sample, SleepingCall, Thread};
pub use tcp_state::{TcpRow, TcpState, nobody};
mod settings;
mod starting;
mod watched_calls;
pub use settings::room_at_first;
pub use starting::{NoneIsStarting, Starting, none_is_starting, starting};
pub use watched_calls::{
    Answer, CallCounts, Fault, SocketOption, SystemError, WatchedCall, Watching,
};

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
pub use signals::{
    Ignored, ask_to_end, end_group, end_with_us, hear_of_children, lead_a_group, resume, stop,
    stop_ourselves,
};
#[cfg(unix)]
pub use unix::{adopt_orphans, confine, confine_descriptors};

#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
pub use windows::{
    Ignored, address_space_allowed, adopt_orphans, allow_ourselves_descriptors, ask_to_end,
    confine, confine_descriptors, descriptors_allowed, end_group, end_with_us, hear_of_children,
    lead_a_group, may_set_limits, resume, stop, stop_ourselves,
};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::epoll::registered;
#[cfg(target_os = "linux")]
pub use linux::events::{call_filter, tells_of_changes};
#[cfg(target_os = "linux")]
pub use linux::proc::is_ours as proc_is_ours;
#[cfg(target_os = "linux")]
pub use linux::tcp::{
    acknowledge, clamp_window, fix_room, has_room_at, longest_backlog, not_sent, tcp_listeners,
    tcp_rows, tcp_table, widen_room_to_send,
};
#[cfg(target_os = "linux")]
pub use linux::watch::{CallWatch, CallWatchSetup};
#[cfg(target_os = "linux")]
pub use linux::{
    PipeEnd, Stream, address_space, descendants, descriptors, end_orphans, is_non_blocking,
    limit_address_space, memory, orphans, pages, path_to, private_memory, sample, shut_down,
    tell_when_there_are, threads, time_limit,
};
#[cfg(target_os = "linux")]
pub use signals::has_children;

#[cfg(not(target_os = "linux"))]
mod fallback;
#[cfg(not(target_os = "linux"))]
pub use fallback::{
    CallWatch, CallWatchSetup, PipeEnd, Stream, acknowledge, address_space, call_filter,
    clamp_window, descendants, descriptors, end_orphans, fix_room, has_children, has_room_at,
    is_non_blocking, limit_address_space, longest_backlog, memory, not_sent, orphans, pages,
    path_to, private_memory, proc_is_ours, registered, sample, shut_down, tcp_listeners, tcp_rows,
    tcp_table, tell_when_there_are, tells_of_changes, threads, time_limit, widen_room_to_send,
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
    /// Seconds of processor time (`RLIMIT_CPU`). No check takes so much: this ends what outlives the lab.
    pub cpu_seconds: u64,
    /// Bytes that one file may grow to (`RLIMIT_FSIZE`).
    pub file_size: u64,
}

/// The limits of every program.
pub const LIMITS: Limits = Limits {
    memory: 2 << 30,
    descriptors: 256,
    preopened: 0,
    cpu_seconds: 600,
    file_size: 16 << 20,
};

/// The limits of a program to which the numbers below 2048 are not free.
pub const MANY_DESCRIPTORS: Limits = Limits {
    descriptors: 2560,
    preopened: 2100,
    ..LIMITS
};

/// More memory than any program of this lab has a use for, in bytes.
pub const TOO_MUCH_MEMORY: u64 = 256 << 20;

/// A nap that does not end before a check does.
pub const VERY_LONG: Duration = Duration::from_secs(60);
