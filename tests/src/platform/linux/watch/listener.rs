//! Where the kernel reports a program's calls, and takes our answers: seccomp_unotify(2).
#![expect(
    unsafe_code,
    reason = "system calls that the standard library does not wrap"
)]

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

use libc::{seccomp_notif, seccomp_notif_resp, sock_filter};

/// A call that waits for our answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    id: u64,
    /// The thread that makes the call.
    pub(super) thread: u32,
    pub(super) number: i64,
    pub(super) arguments: [u64; 6],
}

/// What becomes of a reported call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    /// The kernel carries it out.
    GoOn,
    /// It is not carried out, and returns this value.
    Return(i64),
    /// It is not carried out, and fails with this error.
    Fail(i32),
}

/// Where the reports arrive.
#[derive(Debug)]
pub(super) struct Listener(OwnedFd);

/// Our end of the way on which the program hands us the listener, before it becomes itself by exec.
#[derive(Debug)]
pub(super) struct Handover(UnixStream);

impl Handover {
    /// Makes `command` install `filter` on the program that it starts. What the child does after this, and is on the filter's
    /// list, waits for us.
    pub(super) fn prepare(command: &mut Command, filter: Vec<sock_filter>) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let install = move || {
            let listener = install(&filter)?;
            send_descriptor(theirs.as_raw_fd(), listener)
        };
        // SAFETY: between fork and exec only async-signal-safe calls are allowed; `install` and `send_descriptor` make none
        // but prctl, seccomp and sendmmsg, and allocate nothing.
        unsafe { command.pre_exec(install) };
        Ok(Self(ours))
    }

    /// The listener, once the program has been started.
    pub(super) fn receive(self) -> io::Result<Listener> {
        receive_descriptor(self.0.as_raw_fd()).map(Listener)
    }
}

impl Listener {
    /// True if a call waits to be received.
    pub(super) fn has_waiting(&self) -> bool {
        self.poll(0) & libc::POLLIN != 0
    }

    /// Waits for the next call. `None` when the program, and all that it started, are gone.
    pub(super) fn wait(&self) -> Option<()> {
        loop {
            let seen = self.poll(-1);
            if seen & libc::POLLIN != 0 {
                return Some(());
            }
            if seen != 0 {
                return None;
            }
        }
    }

    fn poll(&self, milliseconds: libc::c_int) -> libc::c_short {
        let mut wanted = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: `wanted` is one entry, and lives on our stack for the length of the call.
        unsafe { libc::poll(&raw mut wanted, 1, milliseconds) };
        wanted.revents
    }

    /// Takes the call that waits. `None` when it is void by now: a signal has interrupted it, or its thread is gone.
    pub(super) fn receive(&self) -> Option<Report> {
        // SAFETY: all fields are integers, for which zeros are valid; the kernel wants them to be zero. The request fills
        // one such structure, which lives on our stack for the length of the call.
        let (done, report) = unsafe {
            let mut report: seccomp_notif = mem::zeroed();
            let request = libc::SECCOMP_IOCTL_NOTIF_RECV;
            let done = libc::ioctl(self.0.as_raw_fd(), request, &raw mut report);
            (done, report)
        };
        (done == 0).then_some(Report {
            id: report.id,
            thread: report.pid,
            number: i64::from(report.data.nr),
            arguments: report.data.args,
        })
    }

    /// Answers a call. False when it is void by now.
    pub(super) fn answer(&self, report: &Report, verdict: Verdict) -> bool {
        let (value, error, flags) = match verdict {
            Verdict::GoOn => (0, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
            Verdict::Return(value) => (value, 0, 0),
            Verdict::Fail(error) => (0, -error, 0),
        };
        let mut response = seccomp_notif_resp {
            id: report.id,
            val: value,
            error,
            flags,
        };
        let request = libc::SECCOMP_IOCTL_NOTIF_SEND;
        // SAFETY: the request reads one such structure, which lives on our stack for the length of the call.
        unsafe { libc::ioctl(self.0.as_raw_fd(), request, &raw mut response) == 0 }
    }

    /// Wakes us and the program where the other one ran, which saves a way between two processors. Kernels before 6.6 do
    /// not know of it.
    pub(super) fn wake_on_the_same_processor(&self) {
        // SAFETY: the request takes an integer.
        unsafe {
            let request = libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS;
            libc::ioctl(self.0.as_raw_fd(), request, SYNC_WAKE_UP);
        }
    }
}

/// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP` of linux/seccomp.h.
const SYNC_WAKE_UP: libc::c_ulong = 1;

/// Installs `filter` on this process for good, and returns the listener. The flags are tried from the best to the least:
/// a call that was received is not interrupted before it is answered (5.19), and no mitigation slows the program down.
fn install(filter: &[sock_filter]) -> io::Result<RawFd> {
    let program = libc::sock_fprog {
        len: filter.len() as libc::c_ushort,
        filter: filter.as_ptr().cast_mut(),
    };
    let least = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    let more = least | libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    let best = more | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    // SAFETY: prctl takes integers. seccomp reads `program` and the statements that it points to, which live for the
    // length of the call.
    unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 {
            return Err(io::Error::last_os_error());
        }
        let mut installed = -1;
        for flags in [best, more, least] {
            if installed == -1 {
                installed = libc::syscall(
                    libc::SYS_seccomp,
                    libc::SECCOMP_SET_MODE_FILTER,
                    flags,
                    &raw const program,
                );
            }
        }
        match installed {
            -1 => Err(io::Error::last_os_error()),
            listener => Ok(listener as RawFd),
        }
    }
}

/// Room for one descriptor among the ancillary data of a message: cmsg(3).
#[repr(align(8))]
struct Ancillary([u8; 32]);

/// Sends `descriptor` through `socket`: `SCM_RIGHTS` of unix(7). By sendmmsg(2), the one such call that no filter of ours
/// reports: nobody would answer it.
fn send_descriptor(socket: RawFd, descriptor: RawFd) -> io::Result<()> {
    let mut byte = 0_u8;
    let mut room = Ancillary([0; 32]);
    // SAFETY: the message points to one byte and to `room`, which live for the length of the call; `room` is large enough
    // and aligned for a header and one descriptor, as the CMSG macros want it.
    unsafe {
        let (mut message, mut piece) = message(&mut byte, &mut room);
        message.msg_iov = &raw mut piece;
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<RawFd>() as u32) as _;
        ptr::write_unaligned(libc::CMSG_DATA(header).cast(), descriptor);
        let mut messages = libc::mmsghdr {
            msg_hdr: message,
            msg_len: 0,
        };
        match libc::sendmmsg(socket, &raw mut messages, 1, libc::MSG_NOSIGNAL) {
            1 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn receive_descriptor(socket: RawFd) -> io::Result<OwnedFd> {
    let mut byte = 0_u8;
    let mut room = Ancillary([0; 32]);
    // SAFETY: as above. The descriptor that arrives is new, and nobody else owns it.
    unsafe {
        let (mut message, mut piece) = message(&mut byte, &mut room);
        message.msg_iov = &raw mut piece;
        if libc::recvmsg(socket, &raw mut message, libc::MSG_CMSG_CLOEXEC) < 1 {
            return Err(io::Error::last_os_error());
        }
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let descriptor: RawFd = ptr::read_unaligned(libc::CMSG_DATA(header).cast());
        Ok(OwnedFd::from_raw_fd(descriptor))
    }
}

/// A message of one byte with room for one descriptor. The caller has to put the piece into it.
fn message(byte: &mut u8, room: &mut Ancillary) -> (libc::msghdr, libc::iovec) {
    let piece = libc::iovec {
        iov_base: ptr::from_mut(byte).cast(),
        iov_len: 1,
    };
    // SAFETY: all fields are integers or pointers, for which zeros are valid.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iovlen = 1;
    message.msg_control = room.0.as_mut_ptr().cast();
    // SAFETY: the macro computes a length.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(size_of::<RawFd>() as u32) } as _;
    (message, piece)
}
