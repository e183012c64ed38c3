//! What a program has registered with the kernel, to be told of changes: /proc/PID/fdinfo in proc(5).

use std::fs;

use crate::platform::Registered;
use crate::platform::linux::proc;

/// What process `pid` has registered with its epoll instances.
#[must_use]
pub fn registered(pid: u32) -> Vec<Registered> {
    let files = fs::read_dir(proc::of(pid).join("fdinfo"));
    files
        .into_iter()
        .flatten()
        .filter_map(|file| fs::read_to_string(file.ok()?.path()).ok())
        .flat_map(|info| info.lines().filter_map(line).collect::<Vec<_>>())
        .collect()
}

/// Reads a line such as `tfd:        5 events: 8000201d data: 0  pos:0 ino:8 sdev:7`.
fn line(line: &str) -> Option<Registered> {
    let mut words = line.strip_prefix("tfd:")?.split_whitespace();
    let descriptor = words.next()?.parse().ok()?;
    let events = words
        .by_ref()
        .skip_while(|word| *word != "events:")
        .nth(1)?;
    let events = u32::from_str_radix(events, 16).ok()?;
    let token = words.skip_while(|word| *word != "data:").nth(1)?;
    Some(Registered {
        descriptor,
        token: u64::from_str_radix(token, 16).ok()?,
        reading: events & libc::EPOLLIN as u32 != 0,
        sending: events & libc::EPOLLOUT as u32 != 0,
    })
}
