//! Why did that happen, in a program that goes round in a loop and never waits?

use crate::course::cause::Cause;
use crate::diagnose::unserved::{waits_for_a_word, why_unserved};
use crate::evidence::Evidence;
use crate::evidence::connection::Connection;
use crate::evidence::kit_log::Event;
use crate::evidence::settle::Activity;

/// Why a loop that goes round gives a client nothing.
pub(crate) fn why_passed_over(seen: &Evidence) -> Cause {
    match seen.is_unread() {
        _ if !seen.beats => Cause::OtherWorkStarved,
        _ if seen.is_held() => Cause::RemainderNotSent,
        true if seen.was_full() => Cause::NeverReadsAgain,
        true if seen.others_are_full() => Cause::WaitsForAnother,
        true if seen.connections.len() > 1 => Cause::Starved,
        _ => Cause::Busy,
    }
}

/// Why a program ended a stream that was not to end yet. `None` when that has nothing to do with what it keeps or with
/// loops.
pub(crate) fn why_given_up(seen: &Evidence) -> Option<Cause> {
    let has_ended = seen.has_ended();
    let history = seen.history;
    match seen.ticks() || seen.sleeps_until_ready() {
        _ if lost_by_would_block(seen) => Some(Cause::WouldBlockIsFatal),
        true if has_ended => Some(Cause::TailDroppedAtEof),
        _ if has_ended && history.slept_until_ready => Some(Cause::TailDroppedAtEof),
        false if has_ended && has_read_all(seen) => Some(Cause::TailDroppedAtEof),
        // What it took for the end, before anything came, is that nothing came.
        true if history.peer_sent && !history.was_reset && left_without_a_byte(seen) => {
            Some(Cause::WouldBlockIsFatal)
        }
        _ => None,
    }
}

/// Why a loop does not come to its end of a stream.
pub(crate) fn why_not_closed(seen: &Evidence) -> Option<Cause> {
    let said_so = seen.log.left().next().is_some();
    match seen.ticks() {
        _ if seen.activity == Activity::Spinning && seen.is_held() => Some(Cause::RemainderNotSent),
        true if said_so || !seen.has_ended() => why_unserved(seen).or(Some(Cause::NotClosed)),
        _ => None,
    }
}

/// Why its other work stands still.
pub(crate) fn why_no_ticks(seen: &Evidence) -> Cause {
    match seen.activity {
        _ if seen.ended_by_itself() => Cause::ExitedEarly,
        _ if seen.has_a_long_nap() => Cause::LongNap,
        _ if waits_for_a_word(seen) => Cause::WaitsForMore,
        Activity::Blocked if seen.waits_at_a_socket() => Cause::StillBlocking,
        _ => Cause::OtherWorkStarved,
    }
}

/// True if it sleeps at a socket although it has other work to do.
pub(crate) fn waits_in_spite_of_ticks(seen: &Evidence) -> bool {
    seen.ticks() && seen.activity == Activity::Blocked && seen.waits_at_a_socket()
}

/// True if its loop goes round with a socket whose connection is gone: the kernel has it in no table any more.
pub(crate) fn keeps_a_broken_connection(seen: &Evidence) -> bool {
    let is_known = |inode: u64| seen.table.iter().any(|row| row.inode == inode);
    let mut sockets = seen.open.iter().filter_map(|one| one.socket);
    let is_a_loop = seen.ticks() || seen.history.slept_until_ready;
    is_a_loop && seen.history.was_reset && sockets.any(|inode| !is_known(inode))
}

/// True if this client is gone, by the program's own account.
pub(crate) fn says_that_it_left(seen: &Evidence) -> bool {
    let client = seen.at.and_then(Connection::client);
    let mut about_it = client.into_iter().flat_map(|client| seen.log.about(client));
    about_it.any(Event::is_departure)
}

/// True if it gave a client up for want of bytes, by its own account. A refused thread has the same number.
pub(crate) fn lost_by_would_block(seen: &Evidence) -> bool {
    let mut lost = seen.log.lost();
    seen.history.shortage.is_none() && lost.any(|(_, _, reason)| reason.is_would_block())
}

/// True if it has read all that this client sent, by its own account.
fn has_read_all(seen: &Evidence) -> bool {
    let wanted = seen.at.and_then(|at| {
        let (client, bytes) = (at.client()?, at.counts.sent());
        Some(Event::Left { client, bytes })
    });
    wanted.is_some_and(|wanted| seen.log.events().contains(&wanted))
}

/// True if it says that a client left of which nothing had come, and none has ended its stream so.
fn left_without_a_byte(seen: &Evidence) -> bool {
    let ended_early = |connection: &Connection| {
        connection.counts.has_ended.get() && connection.counts.sent() == 0
    };
    seen.log.left().any(|bytes| bytes == 0) && !seen.connections.iter().any(ended_early)
}
