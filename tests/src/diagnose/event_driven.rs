//! Why did that happen, in a program that sleeps until a socket is ready?

use std::collections::HashSet;

use crate::course::cause::Cause;
use crate::diagnose::symptom::Symptom;
use crate::evidence::Evidence;
use crate::evidence::connection::Connection;
use crate::evidence::settle::Activity;
use crate::platform::TcpState;

/// More than a program keeps that reads only while nothing waits, in bytes.
const MUCH: u64 = 48 * 1024;

/// Why it was not woken for a client that waits for bytes.
pub(crate) fn why_not_woken(seen: &Evidence) -> Cause {
    match seen.is_unread() {
        _ if missing_registration(seen).is_some() => Cause::NotRegistered,
        _ if seen.is_held() => Cause::RemainderNotSent,
        true if seen.was_full() => Cause::NeverReadsAgain,
        true if seen.sleeps_until_a_change() => Cause::EdgeNotDrained,
        true => Cause::InterestMissing,
        false => Cause::WaitsForMore,
    }
}

/// Why it was not woken for a client that has ended its stream, and waits for the end of the other.
pub(crate) fn why_not_woken_by_the_end(seen: &Evidence) -> Cause {
    let said_so = seen.log.left().next().is_some();
    let ended_alone = seen.at.is_some_and(|at| at.counts.ended_alone.get());
    match why_not_woken(seen) {
        // Nothing is unread and nothing is kept.
        Cause::WaitsForMore if said_so => Cause::NotClosed,
        // The end was the only thing that the kernel had to report.
        Cause::WaitsForMore if seen.sleeps_until_a_change() && ended_alone => Cause::EndIgnored,
        Cause::WaitsForMore if seen.sleeps_until_a_change() => Cause::EdgeNotDrained,
        Cause::WaitsForMore => Cause::InterestMissing,
        cause => cause,
    }
}

/// What the program did not register for, although this connection waits for it.
pub(crate) fn missing_registration(seen: &Evidence) -> Option<String> {
    let connection = seen.at.filter(|_| seen.sleeps_until_a_change())?;
    let row = connection.their_row(&seen.table)?;
    let socket = seen.open.iter().find(|one| one.socket == Some(row.inode))?;
    let mut registered = seen.registered.iter();
    let what = match registered.find(|one| one.descriptor == socket.number) {
        None => "is not registered",
        Some(one) if !one.reading => "is not registered for reading",
        Some(one) if !one.sending && seen.is_held() => "is not registered for sending",
        Some(_) => return None,
    };
    Some(format!("{}'s socket {what}", connection.label))
}

/// True if it is busy while something lies in the kernel that it leaves there, bytes or an end: since much waits for
/// their sender, or although it could sleep before.
pub(crate) fn leaves_what_it_asks_for(seen: &Evidence) -> bool {
    let is_passed_over = seen.history.slept_until_ready && seen.is_unread();
    let is_one_loop = !seen.history.is_client && seen.threads() == 1;
    let is_left = |connection: &Connection| {
        let row = connection.their_row(&seen.table);
        let unread = row.map_or(0, |row| row.unread);
        let held = connection.buffered_by_program(&seen.table).unwrap_or(0);
        let is_behind = connection.counts.was_full.get() && unread > 0;
        let is_over = connection.counts.has_ended.get() && is_one_loop;
        let is_beside = connection.counts.was_urgent.get() && unread > 0;
        (is_behind && held > MUCH) || (is_over && held > 0) || is_beside
    };
    !seen.ticks() && (is_passed_over || seen.connections.iter().any(is_left))
}

/// How many of the last calls of `recv` are looked at.
const LAST_CALLS: usize = 100;

/// True for what is seen of a client whose news has not reached it.
pub(crate) fn is_left_by_its_news(symptom: Symptom) -> bool {
    matches!(
        symptom,
        Symptom::Silence
            | Symptom::NoEnd
            | Symptom::NoRest
            | Symptom::Known(
                Cause::NotRecorded | Cause::Starved | Cause::BrokenConnectionKept | Cause::TooLong
            )
    )
}

/// True if two of its sockets are registered with the same token.
pub(crate) fn shares_tokens(seen: &Evidence) -> bool {
    let mut tokens = HashSet::new();
    let mut registered = seen.registered.iter();
    registered.any(|one| !tokens.insert(one.token))
}

/// True if it goes on receiving from clients who have said nothing, and not from those who have.
pub(crate) fn mixes_up_answers(seen: &Evidence) -> bool {
    let (mut has_news, mut has_none) = (HashSet::new(), HashSet::new());
    for connection in seen.connections {
        let Some(row) = connection.their_row(&seen.table) else {
            continue;
        };
        let mut open = seen.open.iter();
        let Some(socket) = open.find(|one| one.socket == Some(row.inode)) else {
            continue;
        };
        let is_news = row.unread > 0 || row.state != TcpState::Established;
        let keeps_something = connection.buffered_by_program(&seen.table) != Some(0);
        match is_news {
            true if keeps_something => false,
            true => has_news.insert(socket.number),
            false => has_none.insert(socket.number),
        };
    }
    // The kernel's table has no connection that was reset.
    let is_gone = |inode: u64| seen.table.iter().all(|row| row.inode != inode);
    let sockets = seen
        .open
        .iter()
        .filter(|one| one.socket.is_some_and(is_gone));
    has_news.extend(sockets.map(|one| one.number));
    let last: HashSet<i32> = seen.calls.received_from().take(LAST_CALLS).collect();
    let is_busy = seen.activity == Activity::Spinning;
    is_busy && !has_news.is_empty() && has_news.is_disjoint(&last) && !has_none.is_disjoint(&last)
}

/// True if it is busy and keeps what the kernel has room for, although it can sleep.
pub(crate) fn has_room_for_the_rest(seen: &Evidence) -> bool {
    seen.activity == Activity::Spinning
        && seen.history.slept_until_ready
        && seen.is_held()
        && seen.row().is_some_and(|row| row.unsent == 0)
}

/// True if it is busy although it could sleep before these clients came, and none of them has sent anything.
pub(crate) fn asks_for_room(seen: &Evidence) -> bool {
    // With a registration the kernel reports an edge, and room that stays is none.
    seen.history.slept_until_ready && seen.history.is_silent() && seen.registered.is_empty()
}

/// True if it is busy although it can sleep, since a client broke off.
pub(crate) fn was_told_again(seen: &Evidence) -> bool {
    let could_sleep = seen.history.slept_until_ready && seen.history.was_reset;
    seen.activity == Activity::Spinning && could_sleep
}
