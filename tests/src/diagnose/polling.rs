//! Why did that happen, in a program that goes round in a loop and never waits? See [`diagnosis`](crate::diagnose).

use crate::course::cause::Cause;
use crate::evidence::Evidence;
use crate::evidence::connection::Connection;
use crate::evidence::settle::Activity;
use crate::platform::CallKind;

impl Evidence<'_> {
    /// Why a loop that goes round gives a client nothing.
    pub(crate) fn why_passed_over(&self) -> Cause {
        let row = self.at.and_then(|at| at.their_row(&self.table));
        let unread = row.is_some_and(|row| row.unread > 0);
        let was_full = self.at.is_some_and(|at| at.counts.was_full.get());
        match unread {
            _ if !self.beats => Cause::OtherWorkStarved,
            _ if self.is_held() => Cause::RemainderNotSent,
            true if was_full => Cause::NeverReadsAgain,
            true if self.connections.len() > 1 => Cause::Starved,
            _ => Cause::Busy,
        }
    }

    /// Why a program ended a stream that was not to end yet. `None` when that has nothing to do with what it keeps or
    /// with loops.
    pub(crate) fn why_given_up(&self) -> Option<Cause> {
        let has_ended = self.at.is_some_and(|at| at.counts.has_ended.get());
        match self.ticks() || self.sleeps_until_ready() {
            _ if self.lost_by_would_block() => Some(Cause::WouldBlockIsFatal),
            true if has_ended => Some(Cause::TailDroppedAtEof),
            _ if has_ended && self.history.slept_until_ready => Some(Cause::TailDroppedAtEof),
            false if has_ended && self.has_read_all() => Some(Cause::TailDroppedAtEof),
            // What it took for the end, before anything came, is that nothing came.
            true if self.history.peer_sent
                && !self.history.was_reset
                && self.left_without_a_byte() =>
            {
                Some(Cause::WouldBlockIsFatal)
            }
            _ => None,
        }
    }

    /// Why a loop does not come to its end of a stream.
    pub(crate) fn why_not_closed(&self) -> Option<Cause> {
        let has_ended = self.at.is_some_and(|at| at.counts.has_ended.get());
        let said_so = self.said.contains(" left after ");
        match self.ticks() {
            _ if self.look == Activity::Spinning && self.is_held() => Some(Cause::RemainderNotSent),
            true if said_so || !has_ended => self.why_unserved().or(Some(Cause::NotClosed)),
            _ => None,
        }
    }

    /// Why its other work stands still.
    pub(crate) fn why_no_ticks(&self) -> Cause {
        match self.look {
            _ if self.ended_by_itself() => Cause::ExitedEarly,
            _ if self.has_a_long_nap() => Cause::LongNap,
            Activity::Blocked if self.waits_at_a_socket() => Cause::StillBlocking,
            _ => Cause::OtherWorkStarved,
        }
    }

    /// Whether it sleeps at a socket although it has other work to do.
    pub(crate) fn waits_in_spite_of_ticks(&self) -> bool {
        self.ticks() && self.look == Activity::Blocked && self.waits_at_a_socket()
    }

    /// Whether it ended because a call said that there is nothing yet.
    pub(crate) fn ended_by_would_block(&self) -> bool {
        self.exited.is_some() && says_would_block(&self.stderr)
    }

    /// Whether its loop goes round with a socket whose connection is gone: the kernel has it in no table any more.
    pub(crate) fn keeps_a_broken_connection(&self) -> bool {
        let is_known = |inode: u64| self.table.iter().any(|row| row.inode == inode);
        let mut sockets = self.open.iter().filter_map(|one| one.socket);
        let is_a_loop = self.ticks() || self.history.slept_until_ready;
        is_a_loop && self.history.was_reset && sockets.any(|inode| !is_known(inode))
    }

    /// Whether it goes on serving a client, by its own account.
    pub(crate) fn keeps_somebody(&self) -> bool {
        let lines = |end: &str| self.said.lines().filter(|line| line.contains(end)).count();
        lines(" connected") > lines(" left after ") + lines(" lost after ")
    }

    /// Whether it has read all that this client sent, by its own account.
    fn has_read_all(&self) -> bool {
        let all = |at: &Connection| format!("{} left after {} bytes", at.label, at.counts.sent());
        let line = self.at.map(all);
        line.is_some_and(|line| self.said.lines().any(|said| said == line))
    }

    /// Whether this client is gone, by the program's own account.
    pub(crate) fn says_that_it_left(&self) -> bool {
        let Some(at) = self.at else { return false };
        let ends = ["left", "lost"].map(|end| format!("{} {end} after ", at.label));
        let mut lines = self.said.lines();
        lines.any(|line| ends.iter().any(|end| line.starts_with(end)))
    }

    /// Whether it gave a client up for want of bytes, by its own account. A refused thread has the same number.
    pub(crate) fn lost_by_would_block(&self) -> bool {
        let mut lost = self
            .said
            .lines()
            .filter(|line| line.contains(" lost after "));
        self.history.shortage.is_none() && lost.any(says_would_block)
    }

    /// Whether it says that a client left of which nothing had come, and none has ended its stream so.
    fn left_without_a_byte(&self) -> bool {
        let ended_early = |connection: &Connection| {
            connection.counts.has_ended.get() && connection.counts.sent() == 0
        };
        self.said.contains(" left after 0 bytes") && !self.connections.iter().any(ended_early)
    }

    /// Whether the program has read bytes of this connection that it has not sent back.
    pub(crate) fn is_held(&self) -> bool {
        let held = self.at.and_then(|at| at.buffered_by_program(&self.table));
        held.is_some_and(|held| held > 0)
    }

    fn waits_at_a_socket(&self) -> bool {
        let at_a_socket = [CallKind::Accept, CallKind::Recv, CallKind::Send];
        self.parked_calls()
            .any(|call| at_a_socket.contains(&call.kind))
    }
}

/// Whether a text names the error for "nothing yet", of Linux, macOS or Windows.
pub(crate) fn says_would_block(text: &str) -> bool {
    let names = [
        "(os error 11)",
        "(os error 35)",
        "(os error 10035)",
        "kind: WouldBlock",
    ];
    names.iter().any(|name| text.contains(name))
}
