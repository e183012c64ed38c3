//! Whether the kernel tells of files that change: inotify(7). And whether it filters system calls: seccomp(2).
#![expect(
    unsafe_code,
    reason = "system calls that the standard library does not wrap"
)]

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::platform::linux::proc;

/// How long an event may take to arrive, in milliseconds.
const TIMEOUT: libc::c_int = 2000;

/// Whether an event comes when a file in `folder` is written.
///
/// # Errors
///
/// When the system watches no more folders, or none at all.
pub fn tells_of_changes(folder: &Path) -> io::Result<bool> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: the call takes an integer, and returns a new descriptor, which nobody else owns, or -1.
    let events = unsafe {
        match libc::inotify_init1(libc::IN_CLOEXEC) {
            -1 => return Err(io::Error::last_os_error()),
            descriptor => OwnedFd::from_raw_fd(descriptor),
        }
    };
    // SAFETY: `path` ends in a null byte, and lives for the length of the call.
    let watched =
        unsafe { libc::inotify_add_watch(events.as_raw_fd(), path.as_ptr(), libc::IN_CLOSE_WRITE) };
    if watched == -1 {
        return Err(io::Error::last_os_error());
    }
    fs::write(folder.join("changed"), "changed")?;
    let mut wanted = libc::pollfd {
        fd: events.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: `wanted` is one entry, and lives on our stack for the length of the call.
    Ok(unsafe { libc::poll(&raw mut wanted, 1, TIMEOUT) } == 1)
}

/// Whether system calls of this process are filtered. `None` where that cannot be seen.
#[must_use]
pub fn call_filter() -> Option<bool> {
    let status = fs::read_to_string(proc::of(std::process::id()).join("status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Seccomp:"))?;
    Some(line.trim() != "0")
}
