//! What a reported call is, from its number, its arguments and what stands behind its pointers in the program's memory.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::platform::linux::memory_of::Memory;
use crate::platform::linux::syscalls::Moved;
use crate::platform::{CallKind, SocketOption, WatchedCall, unix};

/// How much of a line that the program prints is read, in bytes.
const LINE: usize = 128;

/// The call with this number and these arguments, made by a thread with this `memory`.
pub(super) fn call(number: i64, arguments: [u64; 6], thread: u32, memory: &Memory) -> WatchedCall {
    let descriptor = arguments[0] as i32;
    let on = |kind, bytes| WatchedCall::On {
        kind,
        descriptor,
        bytes,
        more: is_to_be_continued(number, &arguments),
        peer: None,
    };
    let wait = |kind, limit| WatchedCall::Wait { kind, limit };
    let time = |index: usize, unit| match arguments[index] {
        0 => None,
        pointer => Some(memory.time(pointer, unit).unwrap_or(Duration::MAX)),
    };
    let milliseconds = |index: usize| {
        let limit = u64::try_from(arguments[index] as i32).ok();
        limit.map(Duration::from_millis)
    };
    let left = |end: Duration| end.saturating_sub(unix::monotonic_time());
    if let Some(moved) = Moved::by(number, &arguments, thread) {
        return WatchedCall::On {
            kind: moved.kind,
            descriptor: moved.socket,
            peer: None,
            bytes: 0,
            more: false,
        };
    }
    match number {
        libc::SYS_accept | libc::SYS_accept4 => on(CallKind::Accept, 0),
        libc::SYS_getsockopt | libc::SYS_ioctl => on(CallKind::Other, 0),
        libc::SYS_connect => on(CallKind::Connect, 0),
        libc::SYS_read | libc::SYS_recvfrom => on(CallKind::Recv, arguments[2]),
        libc::SYS_readv => on(CallKind::Recv, memory.length_of_pieces(arguments)),
        libc::SYS_recvmsg => on(CallKind::Recv, 0),
        libc::SYS_close => WatchedCall::Close { descriptor },
        libc::SYS_write if descriptor == libc::STDOUT_FILENO => {
            let length = LINE.min(usize::try_from(arguments[2]).unwrap_or(LINE));
            WatchedCall::Print(memory.bytes(arguments[1], length).unwrap_or_default())
        }
        libc::SYS_write | libc::SYS_sendto => on(CallKind::Send, arguments[2]),
        libc::SYS_writev => on(CallKind::Send, memory.length_of_pieces(arguments)),
        libc::SYS_sendmsg => on(CallKind::Send, 0),
        libc::SYS_ppoll => wait(CallKind::Poll, time(2, NANOSECOND)),
        libc::SYS_pselect6 => wait(CallKind::Poll, time(4, NANOSECOND)),
        libc::SYS_epoll_pwait => wait(CallKind::Poll, milliseconds(3)),
        libc::SYS_epoll_pwait2 => wait(CallKind::Poll, time(3, NANOSECOND)),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll => wait(CallKind::Poll, milliseconds(2)),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_select => wait(CallKind::Poll, time(4, MICROSECOND)),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait => wait(CallKind::Poll, milliseconds(3)),
        // The standard library waits for other threads until a moment of the monotonic clock.
        libc::SYS_futex if arguments[1] as i32 & COMMAND == libc::FUTEX_WAIT_BITSET => {
            wait(CallKind::Futex, time(3, NANOSECOND).map(left))
        }
        libc::SYS_futex => wait(CallKind::Futex, time(3, NANOSECOND)),
        libc::SYS_nanosleep => WatchedCall::Nap(time(0, NANOSECOND).unwrap_or_default()),
        libc::SYS_clock_nanosleep => {
            let time = time(2, NANOSECOND).unwrap_or_default();
            match arguments[1] as i32 {
                libc::TIMER_ABSTIME => WatchedCall::Nap(left(time)),
                _ => WatchedCall::Nap(time),
            }
        }
        libc::SYS_clone => new_task(arguments[0]),
        // Its first argument points to a structure that begins with the flags.
        libc::SYS_clone3 => new_task(memory.word(arguments[0]).unwrap_or_default()),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_fork | libc::SYS_vfork => WatchedCall::NewProcess,
        libc::SYS_bind => WatchedCall::Bind {
            descriptor,
            address: address(memory, arguments[1]),
        },
        libc::SYS_listen => WatchedCall::Listen { descriptor },
        libc::SYS_setsockopt => WatchedCall::Option {
            descriptor,
            option: option(
                arguments[1] as i32,
                arguments[2] as i32,
                &value(memory, arguments[3], arguments[4]),
            ),
        },
        _ => WatchedCall::Timer,
    }
}

const NANOSECOND: Duration = Duration::from_nanos(1);
const MICROSECOND: Duration = Duration::from_micros(1);

/// The part of a futex operation that is no flag.
const COMMAND: i32 = !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);

fn is_to_be_continued(number: i64, arguments: &[u64; 6]) -> bool {
    let flags = match number {
        libc::SYS_sendto => arguments[3],
        libc::SYS_sendmsg => arguments[2],
        _ => 0,
    };
    flags & libc::MSG_MORE as u64 != 0
}

fn new_task(flags: u64) -> WatchedCall {
    match flags & libc::CLONE_THREAD as u64 {
        0 => WatchedCall::NewProcess,
        _ => WatchedCall::NewThread,
    }
}

/// Of the options that are set to zero, only one matters.
fn option(level: i32, name: i32, value: &[u8]) -> SocketOption {
    let is_zero = |part: &[u8]| part.iter().all(|byte| *byte == 0);
    match (level, name) {
        (libc::IPPROTO_TCP, libc::TCP_CORK) if is_zero(value) => SocketOption::NoCork,
        _ if is_zero(value) => SocketOption::Other,
        // Its value is a `struct linger`: whether it is on, and for how long.
        (libc::SOL_SOCKET, libc::SO_LINGER) => {
            match value.split_at_checked(size_of::<libc::c_int>()) {
                Some((on, time)) if !is_zero(on) && !is_zero(time) => SocketOption::Linger,
                _ => SocketOption::Other,
            }
        }
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO) => SocketOption::ReceiveTimeout,
        (libc::SOL_SOCKET, libc::SO_SNDTIMEO) => SocketOption::SendTimeout,
        (libc::SOL_SOCKET, libc::SO_REUSEADDR) => SocketOption::ReuseAddress,
        (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT) => SocketOption::UserTimeout,
        (libc::IPPROTO_TCP, libc::TCP_CORK) => SocketOption::Cork,
        _ => SocketOption::Other,
    }
}

/// The value of an option, which is as long as a `struct timeval` at most.
fn value(memory: &Memory, pointer: u64, length: u64) -> Vec<u8> {
    let length = usize::try_from(length).map_or(LONGEST_VALUE, |length| length.min(LONGEST_VALUE));
    memory.bytes(pointer, length).unwrap_or_default()
}

/// Bytes of a `struct timeval`.
const LONGEST_VALUE: usize = 16;

/// A `struct sockaddr` of ip(7) or ipv6(7).
fn address(memory: &Memory, pointer: u64) -> Option<SocketAddr> {
    let family = memory.bytes(pointer, 2)?;
    match i32::from(u16::from_ne_bytes(family.try_into().ok()?)) {
        libc::AF_INET => {
            let bytes = memory.bytes(pointer, 8)?;
            let port = u16::from_be_bytes([bytes[2], bytes[3]]);
            let address = Ipv4Addr::new(bytes[4], bytes[5], bytes[6], bytes[7]);
            Some(SocketAddr::from((address, port)))
        }
        libc::AF_INET6 => {
            let bytes = memory.bytes(pointer, 24)?;
            let port = u16::from_be_bytes([bytes[2], bytes[3]]);
            let address: [u8; 16] = bytes[8..24].try_into().ok()?;
            Some(SocketAddr::from((Ipv6Addr::from(address), port)))
        }
        _ => None,
    }
}
