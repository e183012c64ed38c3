//! Linux shows everything below /proc: see proc(5).

use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use super::{Call, CallKind, Descriptor, Sample, TcpRow, TcpState, Thread, unix};

/// What every thread of process `pid` is doing now. `None` when it is gone, or may not be looked at.
#[must_use]
pub fn sample(pid: u32) -> Option<Sample> {
    let mut threads = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let id = task.file_name().to_str()?.parse().ok()?;
        // A thread may end between the listing and the look.
        if let Some(thread) = thread(pid, id) {
            threads.push(thread);
        }
    }
    threads.sort_by_key(|thread| thread.id);
    (!threads.is_empty()).then_some(Sample { threads })
}

/// The open descriptors of process `pid`.
#[must_use]
pub fn descriptors(pid: u32) -> Option<Vec<Descriptor>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten() {
        let number = entry.file_name().to_str()?.parse().ok()?;
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let socket = target
            .to_str()
            .and_then(|name| name.strip_prefix("socket:["))
            .and_then(|name| name.strip_suffix(']'))
            .and_then(|inode| inode.parse().ok());
        found.push(Descriptor { number, socket });
    }
    found.sort_by_key(|descriptor| descriptor.number);
    Some(found)
}

/// All IPv4 TCP sockets of this machine, but for the many that only linger in `TIME_WAIT`.
#[must_use]
pub fn tcp_table() -> Option<Vec<TcpRow>> {
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    // After a soak there are thousands of them, so they are told by their state alone.
    let lingers = |line: &&str| line.split_ascii_whitespace().nth(3) == Some("06");
    Some(
        table
            .lines()
            .skip(1)
            .filter(|line| !lingers(line))
            .filter_map(tcp_row)
            .collect(),
    )
}

/// Sends the acknowledgement that is due on `stream` now, and not up to 40 ms later: a program may be waiting for
/// it with a small rest in hand (tcp(7), `TCP_QUICKACK` and `TCP_NODELAY`).
pub fn acknowledge(stream: &TcpStream) {
    // Where it is refused, all is as right, and slower.
    let _ = SockRef::from(stream).set_tcp_quickack(true);
}

/// Ends and reaps every process that was left to us by a program that is gone: all our children but those in
/// `ours`, until no new one turns up.
///
/// Only a child subreaper gets such orphans; see [`adopt_orphans`](super::adopt_orphans).
pub fn end_orphans(ours: &HashSet<u32>) {
    let me = std::process::id();
    loop {
        // Killed the moment they are found, since some start a successor before they leave.
        let orphans: Vec<u32> = children(me)
            .filter(|pid| !ours.contains(pid))
            .inspect(|&pid| unix::kill(pid))
            .collect();
        if orphans.is_empty() {
            return;
        }
        orphans.into_iter().for_each(unix::reap);
    }
}

fn children(parent: u32) -> impl Iterator<Item = u32> {
    let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
    listed.filter_map(move |entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_name, rest) = stat.rsplit_once(')')?;
        (rest.split_whitespace().nth(1)?.parse() == Ok(parent)).then_some(pid)
    })
}

fn thread(pid: u32, id: u32) -> Option<Thread> {
    let folder = format!("/proc/{pid}/task/{id}");
    // The switches are read first and last: a thread that ran in between was not seen at one moment.
    let status = fs::read_to_string(format!("{folder}/status")).ok()?;
    let call = fs::read_to_string(format!("{folder}/syscall"))
        .ok()
        .and_then(|line| call(&line));
    let schedstat = fs::read_to_string(format!("{folder}/schedstat")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line[name.len()..].split_whitespace().next()
    };
    let voluntary: u64 = field("voluntary_ctxt_switches:")?.parse().ok()?;
    let forced: u64 = field("nonvoluntary_ctxt_switches:")?.parse().ok()?;
    let nanoseconds = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(Thread {
        id,
        state: field("State:")?.chars().next()?,
        call,
        cpu: Duration::from_nanos(nanoseconds),
        switches: voluntary + forced,
    })
}

/// Reads a line of /proc/PID/syscall: the call's number and its arguments, or `running`.
fn call(line: &str) -> Option<Call> {
    let mut words = line.split_whitespace();
    let number: i64 = words.next()?.parse().ok()?;
    let arguments: Vec<u64> = words
        .take(6)
        .map(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).unwrap_or(0))
        .collect();
    let argument = |index: usize| arguments.get(index).copied().unwrap_or(0);

    // A timeout in milliseconds is an int: negative means for ever.
    let milliseconds = |index: usize| argument(index) as i32 >= 0;
    let pointer = |index: usize| argument(index) != 0;

    let (kind, on_descriptor, timed) = match number {
        libc::SYS_accept | libc::SYS_accept4 => (CallKind::Accept, true, false),
        libc::SYS_connect => (CallKind::Connect, true, false),
        libc::SYS_read | libc::SYS_readv | libc::SYS_recvfrom | libc::SYS_recvmsg => {
            (CallKind::Recv, true, false)
        }
        libc::SYS_write | libc::SYS_writev | libc::SYS_sendto | libc::SYS_sendmsg => {
            (CallKind::Send, true, false)
        }
        libc::SYS_ppoll => (CallKind::Poll, false, pointer(2)),
        libc::SYS_pselect6 => (CallKind::Poll, false, pointer(4)),
        libc::SYS_epoll_pwait => (CallKind::Poll, true, milliseconds(3)),
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => (CallKind::Sleep, false, true),
        libc::SYS_futex => (CallKind::Futex, false, pointer(3)),
        // A call that a signal interrupted and that the kernel goes on with: a sleep, or a wait with a timeout.
        libc::SYS_restart_syscall => (CallKind::Other, false, true),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll => (CallKind::Poll, false, milliseconds(2)),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_select => (CallKind::Poll, false, pointer(4)),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait => (CallKind::Poll, true, milliseconds(3)),
        _ => (CallKind::Other, false, false),
    };
    let descriptor = on_descriptor.then(|| argument(0) as i32);
    Some(Call {
        kind,
        descriptor,
        timed,
    })
}

/// Reads a line of /proc/net/tcp, for example
/// `0: 0100007F:1B58 00000000:0000 0A 00000000:00000002 00:00000000 00000000 0 0 31337 …`.
fn tcp_row(line: &str) -> Option<TcpRow> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (unsent, unread) = fields.get(4)?.split_once(':')?;
    Some(TcpRow {
        local: address(fields.get(1)?)?,
        remote: address(fields.get(2)?)?,
        state: match u8::from_str_radix(fields.get(3)?, 16).ok()? {
            0x01 => TcpState::Established,
            0x02 | 0x03 | 0x0C => TcpState::Opening,
            0x04 | 0x09 | 0x0B => TcpState::EndUnderWay,
            0x05 => TcpState::HalfClosed,
            0x08 => TcpState::CloseWait,
            0x0A => TcpState::Listen,
            _ => TcpState::Other,
        },
        unsent: u64::from_str_radix(unsent, 16).ok()?,
        unread: u64::from_str_radix(unread, 16).ok()?,
        retransmits: u64::from_str_radix(fields.get(6)?, 16).ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// Reads `0100007F:1B58`: the address as the machine stores it, the port as people read it.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let ip = Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?.to_ne_bytes());
    Some(SocketAddr::from((ip, u16::from_str_radix(port, 16).ok()?)))
}
