//! Linux shows everything below /proc: see proc(5).

pub mod epoll;
pub mod events;
mod memory_of;
pub mod proc;
mod sock_diag;
mod syscalls;
pub mod tcp;
pub mod watch;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::platform::linux::syscalls::call;
use crate::platform::{CallKind, Descriptor, Sample, Thread, limits, signals, unix};

/// What every thread of process `pid` is doing now. `None` when it is gone, or may not be looked at.
#[must_use]
pub fn sample(pid: u32) -> Option<Sample> {
    let mut threads = Vec::new();
    for task in fs::read_dir(proc::of(pid).join("task")).ok()?.flatten() {
        let id = task.file_name().to_str()?.parse().ok()?;
        // A thread may end between the listing and the look.
        if let Some(thread) = thread(pid, id) {
            threads.push(thread);
        }
    }
    threads.sort_by_key(|thread| thread.id);
    (!threads.is_empty()).then_some(Sample { threads })
}

/// A path by which another program can open `file`, though its name may be gone: proc(5).
#[must_use]
pub fn path_to(file: &fs::File) -> PathBuf {
    let folder = proc::of(std::process::id()).join("fd");
    folder.join(file.as_raw_fd().to_string())
}

/// The open descriptors of process `pid`.
#[must_use]
pub fn descriptors(pid: u32) -> Option<Vec<Descriptor>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(proc::of(pid).join("fd")).ok()?.flatten() {
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

/// Whether calls on `descriptor` of process `pid` never wait: the flag `O_NONBLOCK` of open(2), as fdinfo shows it
/// in octal.
#[must_use]
pub fn is_non_blocking(pid: u32, descriptor: i32) -> Option<bool> {
    let info = fs::read_to_string(proc::of(pid).join(format!("fdinfo/{descriptor}"))).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    let flags = i32::from_str_radix(flags.trim(), 8).ok()?;
    Some(flags & libc::O_NONBLOCK != 0)
}

/// Shuts a listening socket of process `pid` down under its hands: every `accept` on it fails from then on, with
/// "invalid argument".
///
/// # Errors
///
/// When the kernel does not let us at another process's descriptors: pidfd_getfd(2).
pub fn shut_down(pid: u32, descriptor: i32) -> io::Result<()> {
    let listener = unix::borrow_socket(pid, descriptor)?;
    SockRef::from(&listener).shutdown(Shutdown::Both)
}

/// For how long a call of `kind` on socket `descriptor` of process `pid` waits at most: `SO_RCVTIMEO` or `SO_SNDTIMEO`
/// of socket(7). `None`: for as long as it takes, or the kernel does not let us look.
#[must_use]
pub fn time_limit(pid: u32, descriptor: i32, kind: CallKind) -> Option<Duration> {
    let socket = unix::borrow_socket(pid, descriptor).ok()?;
    let socket = SockRef::from(&socket);
    let limit = match kind {
        CallKind::Accept | CallKind::Recv => socket.read_timeout(),
        CallKind::Connect | CallKind::Send => socket.write_timeout(),
        _ => return None,
    };
    limit.ok()?
}

/// Makes the kernel tell process `pid` of what comes at socket `descriptor` only when so many bytes are there:
/// `SO_RCVLOWAT` of socket(7). A `recv` that does not wait brings them before.
///
/// # Errors
///
/// When the kernel does not let us at another process's descriptors: pidfd_getfd(2).
pub fn tell_when_there_are(bytes: u32, pid: u32, descriptor: i32) -> io::Result<()> {
    let socket = unix::borrow_socket(pid, descriptor)?;
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    unix::set_option(socket.as_fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, bytes)
}

/// The processes that descend from process `pid`.
#[must_use]
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children_by_thread(pid);
    let grandchildren: Vec<u32> = found.iter().flat_map(|&child| descendants(child)).collect();
    found.extend(grandchildren);
    found
}

/// The processes that were left to us by a program that is gone: all our children but those in `ours`. See
/// [`end_orphans`].
#[must_use]
pub fn orphans(ours: &HashSet<u32>) -> Vec<u32> {
    let mut found = match unix::adopts_orphans() {
        true => children_of_first_thread(std::process::id()),
        false => Vec::new(),
    };
    found.retain(|pid| !ours.contains(pid));
    found
}

/// The children of process `pid` that its first thread lists. It is the one that is given orphans, as long as it runs.
fn children_of_first_thread(pid: u32) -> Vec<u32> {
    let list = proc::of(pid).join(format!("task/{pid}/children"));
    fs::read_to_string(list).map_or_else(|_none| Vec::new(), |list| numbers(&list))
}

/// The children of process `pid`, as its threads list them. One that comes or goes meanwhile may be missing.
fn children_by_thread(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(proc::of(pid).join("task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| numbers(&list)).collect()
}

/// What a pipe can be looked at through.
pub use std::os::fd::AsFd as Stream;

/// A look at a pipe, beside whoever reads it: poll(2). `FIONREAD` would wait for the pipe itself, which a program in
/// splice(2) holds for as long as it waits.
#[derive(Debug)]
pub struct PipeEnd(OwnedFd);

impl PipeEnd {
    /// `None` when there is no descriptor left for it.
    #[must_use]
    pub fn of(stream: &impl Stream) -> Option<Self> {
        stream.as_fd().try_clone_to_owned().ok().map(Self)
    }

    /// Waits until there is something to read, or the end.
    pub fn wait_for_more(&self) {
        unix::wait_until_readable(self.0.as_raw_fd());
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        !unix::is_readable(self.0.as_raw_fd())
    }
}

/// How much memory process `pid` has in use, in bytes.
#[must_use]
pub fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(proc::of(pid).join("status")).unwrap_or_default();
    kibibytes(&status, "VmRSS:").unwrap_or(0) << 10
}

/// What the kernel counts of the pages of process `pid`, line by line: `smaps_rollup`.
#[must_use]
pub fn pages(pid: u32) -> Option<String> {
    fs::read_to_string(proc::of(pid).join("smaps_rollup")).ok()
}

/// A line of /proc/PID/status, for example `VmRSS:      1234 kB`.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How much address space process `pid` has taken, in bytes, used or not.
#[must_use]
pub fn address_space(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(proc::of(pid).join("status")).ok()?;
    kibibytes(&status, "VmSize:").map(|size| size << 10)
}

/// How much memory process `pid` has taken for itself, in bytes, used or not: the line `VmData` of proc(5). Room that an
/// allocator has only reserved is not in it.
#[must_use]
pub fn private_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(proc::of(pid).join("status")).ok()?;
    kibibytes(&status, "VmData:").map(|size| size << 10)
}

/// Lets process `pid` take no more than `most` bytes of address space from now on.
///
/// # Errors
///
/// When the kernel does not let us: prlimit(2).
pub fn limit_address_space(pid: u32, most: u64) -> io::Result<()> {
    limits::limit_address_space(pid, most)
}

/// How many threads process `pid` has.
#[must_use]
pub fn threads(pid: u32) -> usize {
    fs::read_dir(proc::of(pid).join("task")).map_or(0, Iterator::count)
}

/// Ends and reaps every process that was left to us by a program that is gone: all our children but those in
/// `ours`, until no new one turns up.
///
/// Only a child subreaper gets such orphans; in any other process, such as a test of ours, this ends nobody. See
/// [`adopt_orphans`](crate::platform::adopt_orphans). One that cannot be ended is given up after some seconds, and named.
pub fn end_orphans(ours: &HashSet<u32>) {
    if !unix::adopts_orphans() {
        return;
    }
    let me = std::process::id();
    let start = Instant::now();
    loop {
        // Killed the moment they are found, since some start a successor before they leave.
        let mut orphans: Vec<u32> = children(me)
            .filter(|pid| !ours.contains(pid))
            .inspect(|&pid| signals::kill(pid))
            .collect();
        if orphans.is_empty() {
            return;
        }
        orphans.retain(|&pid| !signals::is_reaped(pid));
        if start.elapsed() > TIMEOUT {
            eprintln!("processes that a program has left behind do not end: {orphans:?}");
            return;
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// How long to wait for processes that were killed, and how long between two looks.
const TIMEOUT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_micros(200);

fn children(parent: u32) -> impl Iterator<Item = u32> {
    // Where /proc is not ours, the numbers in it mean strangers.
    let all = proc::is_ours()
        .then(|| fs::read_dir("/proc").ok())
        .flatten();
    let listed = all.into_iter().flatten().flatten();
    listed.filter_map(move |entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_name, rest) = stat.rsplit_once(')')?;
        (rest.split_whitespace().nth(1)?.parse() == Ok(parent)).then_some(pid)
    })
}

fn thread(pid: u32, id: u32) -> Option<Thread> {
    let folder = proc::of(pid).join(format!("task/{id}"));
    // The switches are read first and last: a thread that ran in between was not seen at one moment.
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let mut call = fs::read_to_string(folder.join("syscall"))
        .ok()
        .and_then(|line| call(pid, &line));
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line[name.len()..].split_whitespace().next()
    };
    let sleeps: u64 = field("voluntary_ctxt_switches:")?.parse().ok()?;
    let forced: u64 = field("nonvoluntary_ctxt_switches:")?.parse().ok()?;
    let cpu = time_in(&fs::read_to_string(folder.join("schedstat")).ok()?)?;
    // The length of a nap stands in the program's memory. If it woke up meanwhile, we may have read something else.
    if let Some(call) = call.as_mut().filter(|call| call.nap.is_some()) {
        let again = fs::read_to_string(folder.join("status")).ok()?;
        call.nap = call.nap.filter(|_| again == status);
    }
    Some(Thread {
        id,
        state: field("State:")?.chars().next()?,
        call,
        cpu,
        switches: sleeps + forced,
        sleeps,
    })
}

/// The processor time that a thread has used so far, as its line in `schedstat` tells it.
fn time_in(schedstat: &str) -> Option<Duration> {
    let nanoseconds = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// The numbers in a line of them.
fn numbers(line: &str) -> Vec<u32> {
    let words = line.split_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}
