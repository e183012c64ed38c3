//! Starting a program, and what descriptors show: setsid(2), prctl(2), ioctl(2).
#![expect(
    unsafe_code,
    reason = "system calls that the standard library does not wrap"
)]

use std::io;
use std::os::fd::RawFd;
#[cfg(target_os = "linux")]
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use crate::platform::starting::{Borrowed, borrow};
use crate::platform::{Limits, limits, signals};

/// Makes the program run in a session and a process group of its own, under `limits` but the one on descriptors, and end when
/// we do. Of what whoever started us has ignored or left open it sees nothing.
///
/// A session is also what Linux shares the processors out to: sched(7), autogroup. In the session of the thread that answers
/// its calls the two would wake each other so often that a kernel kept everybody else waiting for a minute, and with them the
/// network (seen with Linux 6.18, where two processes do the same with two pipes).
pub fn confine(command: &mut Command, limits: Limits) {
    let set = move || {
        begin_session()?;
        signals::forget_all();
        close_what_is_inherited();
        limits::set(limits)?;
        signals::die_with_parent(libc::SIGKILL)
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; `set` makes none but getrlimit,
    // setrlimit, setsid, sigaction, close_range and prctl, and allocates nothing.
    unsafe { command.pre_exec(set) };
}

fn begin_session() -> io::Result<()> {
    // SAFETY: setsid takes nothing and touches no memory of ours.
    match unsafe { libc::setsid() } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Limits the descriptors of the program. This has to be the last setting of its child, which until exec has copies of all
/// that we have open: whatever it opened after this might find no number that is free.
pub fn confine_descriptors(command: &mut Command, limits: Limits) {
    let set = move || {
        let first = libc::STDERR_FILENO + 1;
        let preopened = RawFd::try_from(limits.preopened).unwrap_or(RawFd::MAX - first);
        (first..first + preopened).try_for_each(take_descriptor)?;
        limits::limit_descriptors(limits)
    };
    // SAFETY: as above; `set` makes no calls but getrlimit, setrlimit, fcntl, fstat and dup2, and allocates nothing.
    unsafe { command.pre_exec(set) };
}

/// Whether this process has made itself the parent of all orphans below it.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// Makes this process the parent of all orphans below it, so that none can escape: prctl(2),
/// `PR_SET_CHILD_SUBREAPER`.
pub fn adopt_orphans() {
    ADOPTS.store(true, Ordering::SeqCst);
    // SAFETY: prctl with this option reads one integer and touches no memory of ours.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
}

/// Whether it has; otherwise a child that is not known may be anybody's.
#[cfg(target_os = "linux")]
pub(super) fn adopts_orphans() -> bool {
    ADOPTS.load(Ordering::SeqCst)
}

/// A second descriptor of a socket that process `pid` has open: pidfd_open(2), pidfd_getfd(2).
#[cfg(target_os = "linux")]
pub(super) fn borrow_socket(pid: u32, descriptor: i32) -> io::Result<Borrowed> {
    borrow(|| second_descriptor(pid, descriptor))
}

#[cfg(target_os = "linux")]
fn second_descriptor(pid: u32, descriptor: i32) -> io::Result<OwnedFd> {
    // SAFETY: both calls take integers, touch no memory of ours, and return a new descriptor, which nobody else owns,
    // or -1.
    unsafe {
        let process = owned(libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0))?;
        owned(libc::syscall(
            libc::SYS_pidfd_getfd,
            process.as_raw_fd(),
            descriptor,
            0,
        ))
    }
}

/// # Safety
///
/// `returned` is -1, or a descriptor that nobody owns.
#[cfg(target_os = "linux")]
unsafe fn owned(returned: libc::c_long) -> io::Result<OwnedFd> {
    match RawFd::try_from(returned) {
        // SAFETY: as promised by the caller.
        Ok(descriptor) if descriptor >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sleeps until a `read` would not: poll(2). Whatever comes back, the `read` that follows says more.
#[cfg(target_os = "linux")]
pub(super) fn wait_until_readable(descriptor: RawFd) {
    poll(descriptor, -1);
}

/// Whether there is something to read. The end of a stream is not.
#[cfg(target_os = "linux")]
pub(super) fn is_readable(descriptor: RawFd) -> bool {
    poll(descriptor, 0) & libc::POLLIN != 0
}

#[cfg(target_os = "linux")]
fn poll(descriptor: RawFd, milliseconds: libc::c_int) -> libc::c_short {
    let mut wanted = libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: `wanted` is one entry, and lives on our stack for the length of the call.
    unsafe { libc::poll(&raw mut wanted, 1, milliseconds) };
    wanted.revents
}

/// A number of bytes in one of a socket's queues: ioctl(2).
#[cfg(target_os = "linux")]
pub(super) fn queue(socket: RawFd, request: libc::c_ulong) -> io::Result<u64> {
    let mut length: libc::c_int = 0;
    // SAFETY: requests about queues write one int, and `length` lives on our stack for the length of the call.
    match unsafe { libc::ioctl(socket, request as libc::Ioctl, &raw mut length) } {
        0 => Ok(u64::try_from(length).unwrap_or(0)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sets an option of a socket whose value is an int: setsockopt(2).
#[cfg(target_os = "linux")]
pub(super) fn set_option(
    socket: BorrowedFd,
    level: libc::c_int,
    option: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    // SAFETY: `value` lives on our stack for the length of the call, and the kernel reads no more than its length.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            size_of_val(&value) as libc::socklen_t,
        )
    };
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Keeps this thread, and all that it starts, on the processor that it is on: sched_setaffinity(2).
#[cfg(target_os = "linux")]
pub(super) fn stay_on_this_core() {
    // SAFETY: an empty set is a valid one; `core` lies in it as far as the macro allows, which checks that itself; the
    // call reads the set on our stack. Where it is refused, all stays as it was.
    unsafe {
        let core = usize::try_from(libc::sched_getcpu()).unwrap_or(0);
        let mut cores: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut cores);
        libc::sched_setaffinity(0, size_of_val(&cores), &raw const cores);
    }
}

/// What the monotonic clock shows: clock_gettime(2).
#[cfg(target_os = "linux")]
pub(super) fn monotonic_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` lives on our stack for the length of the call. This clock exists, so that the call cannot fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Closes, at exec, all descriptors but the standard three: close_range(2). Where the kernel does not know it yet, they stay.
fn close_what_is_inherited() {
    #[cfg(target_os = "linux")]
    // SAFETY: the call takes three integers and touches no memory; what is closed at exec is nobody's any more.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            libc::STDERR_FILENO + 1,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
    }
}

/// Makes `number` a second descriptor of the standard input, which stays open across exec: dup2(2). A copy of a descriptor
/// of ours that has the number is closed by that. Ends of pipes to write to are left: by one of them the standard library
/// hears of exec.
fn take_descriptor(number: RawFd) -> io::Result<()> {
    // SAFETY: fcntl and dup2 take integers and touch no memory, fstat fills a structure on our stack, for which zeros are
    // valid. Whoever is to own the descriptor is not there yet.
    unsafe {
        let mut status: libc::stat = std::mem::zeroed();
        let is_pipe = libc::fstat(number, &raw mut status) == 0
            && status.st_mode & libc::S_IFMT == libc::S_IFIFO;
        if is_pipe && libc::fcntl(number, libc::F_GETFL) & libc::O_ACCMODE == libc::O_WRONLY {
            return Ok(());
        }
        match libc::dup2(libc::STDIN_FILENO, number) {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}
