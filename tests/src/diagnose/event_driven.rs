//! Why did that happen, in a program that sleeps until a socket is ready? See [`diagnosis`](crate::diagnose).

use crate::course::cause::Cause;
use crate::evidence::Evidence;
use crate::evidence::connection::Connection;
use crate::evidence::settle::Activity;
use crate::platform::{CallKind, SleepingCall};

/// More than a program keeps that reads only while nothing waits, in bytes.
const MUCH: u64 = 48 * 1024;

impl Evidence<'_> {
    /// Whether it sleeps in a call that waits for many sockets at once.
    pub(crate) fn sleeps_until_ready(&self) -> bool {
        self.look == Activity::Blocked
            && self.parked_calls().any(|call| call.kind == CallKind::Poll)
    }

    /// Whether that call tells of changes only: `epoll_wait`, whose first argument is a descriptor.
    pub(crate) fn sleeps_until_told(&self) -> bool {
        let is_told = |call: SleepingCall| call.kind == CallKind::Poll && call.descriptor.is_some();
        self.look == Activity::Blocked && self.parked_calls().any(is_told)
    }

    /// Why it was not woken for a client that waits for bytes.
    pub(crate) fn why_not_woken(&self) -> Cause {
        let row = self.at.and_then(|at| at.their_row(&self.table));
        let unread = row.is_some_and(|row| row.unread > 0);
        let was_full = self.at.is_some_and(|at| at.counts.was_full.get());
        match unread {
            _ if self.lacks_registration().is_some() => Cause::NotRegistered,
            _ if self.is_held() => Cause::RemainderNotSent,
            true if was_full => Cause::NeverReadsAgain,
            true if self.sleeps_until_told() => Cause::EdgeNotDrained,
            true => Cause::InterestMissing,
            false => Cause::WaitsForMore,
        }
    }

    /// Why it was not woken for a client that has ended its stream, and waits for the end of the other.
    pub(crate) fn why_not_woken_by_the_end(&self) -> Cause {
        let said_so = self.said.contains(" left after ");
        let ended_alone = self.at.is_some_and(|at| at.counts.ended_alone.get());
        match self.why_not_woken() {
            // Nothing is unread and nothing is kept.
            Cause::WaitsForMore if said_so => Cause::NotClosed,
            // It was told of the end, and of nothing else.
            Cause::WaitsForMore if self.sleeps_until_told() && ended_alone => Cause::EndIgnored,
            Cause::WaitsForMore if self.sleeps_until_told() => Cause::EdgeNotDrained,
            Cause::WaitsForMore => Cause::InterestMissing,
            cause => cause,
        }
    }

    /// What the kernel was not asked to tell of, although this connection waits for it.
    pub(crate) fn lacks_registration(&self) -> Option<String> {
        let connection = self.at.filter(|_| self.sleeps_until_told())?;
        let row = connection.their_row(&self.table)?;
        let socket = self.open.iter().find(|one| one.socket == Some(row.inode))?;
        let mut registered = self.registered.iter();
        let what = match registered.find(|one| one.descriptor == socket.number) {
            None => "is not registered",
            Some(one) if !one.reading => "is not registered for reading",
            Some(one) if !one.sending && self.is_held() => "is not registered for sending",
            Some(_) => return None,
        };
        Some(format!("{}'s socket {what}", connection.label))
    }

    /// Whether it is busy while something lies in the kernel that it leaves there, bytes or an end: since much waits for
    /// their sender, or although it could sleep before.
    pub(crate) fn leaves_what_it_asks_for(&self) -> bool {
        let row = self.at.and_then(|at| at.their_row(&self.table));
        let is_passed_over =
            self.history.slept_until_ready && row.is_some_and(|row| row.unread > 0);
        let is_one_loop = !self.history.is_client && self.threads() == 1;
        let is_left = |connection: &Connection| {
            let unread = connection
                .their_row(&self.table)
                .map_or(0, |row| row.unread);
            let held = connection.buffered_by_program(&self.table).unwrap_or(0);
            let is_behind = connection.counts.was_full.get() && unread > 0;
            let is_over = connection.counts.has_ended.get() && is_one_loop;
            (is_behind && held > MUCH) || (is_over && held > 0)
        };
        !self.ticks() && (is_passed_over || self.connections.iter().any(is_left))
    }

    /// Whether it is busy and keeps what the kernel has room for, although it can sleep.
    pub(crate) fn has_room_for_the_rest(&self) -> bool {
        let row = self.at.and_then(|at| at.their_row(&self.table));
        self.look == Activity::Spinning
            && self.history.slept_until_ready
            && self.is_held()
            && row.is_some_and(|row| row.unsent == 0)
    }

    /// Whether it is busy although it could sleep before these clients came, and none of them has said anything.
    pub(crate) fn asks_for_room(&self) -> bool {
        // What was registered is told of at an edge, and room that stays is none.
        self.history.slept_until_ready && self.history.is_silent() && self.registered.is_empty()
    }

    /// Whether it is busy although it can sleep, since somebody broke off.
    pub(crate) fn was_told_again(&self) -> bool {
        self.look == Activity::Spinning && self.history.slept_until_ready && self.history.was_reset
    }

    /// Whether it ended because a wait was interrupted: EINTR.
    pub(crate) fn ended_by_an_interruption(&self) -> bool {
        self.exited.is_some() && self.stderr.contains("(os error 4)")
    }
}
