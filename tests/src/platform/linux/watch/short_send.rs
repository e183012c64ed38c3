//! Carrying out a program's `send` for it, with fewer bytes than it gave.

use socket2::SockRef;

use crate::platform::linux::memory_of::Memory;
use crate::platform::linux::proc;
use crate::platform::linux::watch::listener::{Report, Verdict};
use crate::platform::unix;

/// Sends at most `most` of the bytes that the program gave. Where that cannot be done, or would have to wait, the call goes
/// on as the program made it.
pub(super) fn send(report: &Report, most: usize) -> Verdict {
    match try_to_send(report, most) {
        Some(sent) => Verdict::Return(i64::try_from(sent).unwrap_or(i64::MAX)),
        None => Verdict::GoOn,
    }
}

fn try_to_send(report: &Report, most: usize) -> Option<usize> {
    let memory = Memory::of(report.thread);
    let (pointer, length) = first_piece(report, &memory)?;
    let bytes = memory.bytes(pointer, length.min(most))?;
    let descriptor = i32::try_from(report.arguments[0]).ok()?;
    let socket = unix::borrow_socket(proc::process_of(report.thread)?, descriptor).ok()?;
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    SockRef::from(&socket).send_with_flags(&bytes, flags).ok()
}

/// The first bytes that the program gave: a pointer and a length. Pieces before them may be empty.
fn first_piece(report: &Report, memory: &Memory) -> Option<(u64, usize)> {
    let [_, second, third, ..] = report.arguments;
    let (pieces, count) = match report.number {
        libc::SYS_writev => (second, third),
        // The pieces of a `struct msghdr`: see sendmsg(2).
        libc::SYS_sendmsg => (memory.word(second + 16)?, memory.word(second + 24)?),
        libc::SYS_write | libc::SYS_sendto => return Some((second, usize::try_from(third).ok()?)),
        _ => return None,
    };
    // A `struct iovec` is two words: see readv(2).
    let piece = |number| {
        Some((
            memory.word(pieces + 16 * number)?,
            memory.word(pieces + 16 * number + 8)?,
        ))
    };
    let (pointer, length) = (0..count)
        .map_while(piece)
        .find(|(_, length)| *length > 0)?;
    Some((pointer, usize::try_from(length).ok()?))
}
