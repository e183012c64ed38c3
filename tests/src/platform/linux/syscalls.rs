//! The call that a thread sleeps in, and for how long it asked to: /proc/PID/syscall in proc(5).

use std::fs;
use std::time::Duration;

use crate::platform::linux::memory_of::Memory;
use crate::platform::linux::proc;
use crate::platform::{CallKind, SleepingCall, unix};

/// Reads a line of /proc/PID/syscall: the call's number and its arguments, or `running`.
pub(super) fn call(pid: u32, line: &str) -> Option<SleepingCall> {
    let mut words = line.split_whitespace();
    let number: i64 = words.next()?.parse().ok()?;
    let arguments: Vec<u64> = words
        .take(6)
        .map(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).unwrap_or(0))
        .collect();
    let argument = |index: usize| arguments.get(index).copied().unwrap_or(0);

    // A timeout in milliseconds is an int: negative means for ever. Otherwise it is a pointer, and null means that.
    let milliseconds = |index: usize| {
        let length = u64::try_from(argument(index) as i32).ok();
        length.map_or(Wait::ForEver, |length| {
            Wait::For(Duration::from_millis(length))
        })
    };
    let time = |index: usize, unit: Duration| match argument(index) {
        0 => Wait::ForEver,
        pointer => {
            let time = Memory::of(pid).time(pointer, unit);
            time.map_or(Wait::ForSomeTime, Wait::For)
        }
    };
    let until = |index: usize| match time(index, NANOSECOND) {
        Wait::For(end) => Wait::For(end.saturating_sub(unix::monotonic_time())),
        other => other,
    };

    let (kind, on_descriptor, wait) = match number {
        libc::SYS_accept | libc::SYS_accept4 => (CallKind::Accept, true, Wait::ForEver),
        libc::SYS_connect => (CallKind::Connect, true, Wait::ForEver),
        libc::SYS_read | libc::SYS_readv | libc::SYS_recvfrom | libc::SYS_recvmsg => {
            (CallKind::Recv, true, Wait::ForEver)
        }
        libc::SYS_write | libc::SYS_writev | libc::SYS_sendto | libc::SYS_sendmsg => {
            (CallKind::Send, true, Wait::ForEver)
        }
        libc::SYS_ppoll => (CallKind::Poll, false, time(2, NANOSECOND)),
        libc::SYS_pselect6 => (CallKind::Poll, false, time(4, NANOSECOND)),
        libc::SYS_epoll_pwait => (CallKind::Poll, true, milliseconds(3)),
        libc::SYS_nanosleep => (CallKind::Sleep, false, time(0, NANOSECOND)),
        libc::SYS_clock_nanosleep if argument(1) as i32 == libc::TIMER_ABSTIME => {
            (CallKind::Sleep, false, until(2))
        }
        libc::SYS_clock_nanosleep => (CallKind::Sleep, false, time(2, NANOSECOND)),
        // The standard library waits until a moment of the monotonic clock.
        libc::SYS_futex if argument(1) as i32 & FUTEX_COMMAND == libc::FUTEX_WAIT_BITSET => {
            (CallKind::Futex, false, until(3))
        }
        libc::SYS_futex => (CallKind::Futex, false, time(3, NANOSECOND)),
        // A call that a signal interrupted and that the kernel goes on with: a sleep, or a wait with a timeout.
        libc::SYS_restart_syscall => (CallKind::Other, false, Wait::ForSomeTime),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll => (CallKind::Poll, false, milliseconds(2)),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_select => (CallKind::Poll, false, time(4, MICROSECOND)),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait => (CallKind::Poll, true, milliseconds(3)),
        _ => (CallKind::Other, false, Wait::ForEver),
    };
    let descriptor = on_descriptor.then(|| argument(0) as i32);
    let moved = Moved::by(number, &arguments, pid);
    Some(SleepingCall {
        kind: moved.as_ref().map_or(kind, |moved| moved.kind),
        descriptor: moved
            .as_ref()
            .map_or(descriptor, |moved| Some(moved.socket)),
        other_end: moved.map(|moved| moved.other_end),
        timed: !matches!(wait, Wait::ForEver),
        nap: match wait {
            Wait::For(length) => Some(length),
            Wait::ForEver | Wait::ForSomeTime => None,
        },
    })
}

/// Bytes that the kernel moves by itself, between a socket and a pipe or a file: a `send` or a `recv` in one call with the
/// read or the write at the other end.
pub(super) struct Moved {
    pub(super) kind: CallKind,
    pub(super) socket: i32,
    pub(super) other_end: i32,
}

impl Moved {
    /// `None` for another call than splice(2) and sendfile(2).
    pub(super) fn by(number: i64, arguments: &[u64], pid: u32) -> Option<Self> {
        let descriptor = |index: usize| arguments.get(index).map_or(-1, |one| *one as i32);
        let (from, to) = match number {
            libc::SYS_splice => (descriptor(0), descriptor(2)),
            libc::SYS_sendfile => (descriptor(1), descriptor(0)),
            _ => return None,
        };
        Some(match is_socket(pid, to) {
            true => Self {
                kind: CallKind::Send,
                socket: to,
                other_end: from,
            },
            false => Self {
                kind: CallKind::Recv,
                socket: from,
                other_end: to,
            },
        })
    }
}

fn is_socket(pid: u32, descriptor: i32) -> bool {
    let target = fs::read_link(proc::of(pid).join(format!("fd/{descriptor}")));
    target.is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
}

/// How long a call waits at most.
enum Wait {
    ForEver,
    ForSomeTime,
    For(Duration),
}

const NANOSECOND: Duration = Duration::from_nanos(1);
const MICROSECOND: Duration = Duration::from_micros(1);

/// The part of a futex operation that is no flag.
const FUTEX_COMMAND: i32 = !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);
