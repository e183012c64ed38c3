//! The system calls of the program, as far as this machine reports them, and our answers to some of them.

use std::collections::HashSet;
use std::net::SocketAddr;

use crate::diagnose::failure::Outcome;
use crate::evidence::calls::CallLog;
use crate::evidence::connection::Connection;
use crate::harness::context::CheckContext;
use crate::platform::{Answer, CallCounts, CallKind, Fault, Power, descriptors, tcp_listeners};
use crate::text::size;

/// Bytes that a kernel has at once, on whichever machine.
const MOST_ROOM: usize = 64 * 1024;

impl CheckContext {
    /// The calls of the program so far. `None` where this machine does not report them, and then the verdict says so.
    #[must_use]
    pub fn calls(&self) -> Option<CallLog> {
        if !self.has(Power::WatchedCalls) {
            return None;
        }
        let program = self.program.borrow();
        let calls = program.as_ref()?.watch()?.calls();
        Some(CallLog::new(calls))
    }

    /// As [`calls`](Self::calls), from the announcement on.
    #[must_use]
    pub fn calls_since_the_announcement(&self) -> Option<CallLog> {
        Some(self.calls()?.since_the_announcement())
    }

    /// How often it has made which calls. `None` where not each of them is reported.
    #[must_use]
    pub fn call_counts(&self) -> Option<CallCounts> {
        self.program.borrow().as_ref()?.call_counts()
    }

    /// Whether it still tries to send on this connection, and never more than one read may bring. Where not all of its calls
    /// are reported, nobody can tell.
    #[must_use]
    pub fn sends_one_read_at_most(&self, connection: &Connection) -> bool {
        let program = self.program.borrow();
        let watched = program.as_ref().filter(|one| one.call_counts().is_some());
        let calls = watched.and_then(|program| Some(CallLog::new(program.watch()?.calls())));
        match (calls, self.descriptor_of(connection)) {
            (Some(calls), Some(descriptor)) => calls.sends_one_read_at_most(descriptor),
            _ => false,
        }
    }

    /// The number by which the program knows its end of this connection.
    #[must_use]
    pub fn descriptor_of(&self, connection: &Connection) -> Option<i32> {
        let table = self.rows_of(connection)?;
        let row = connection.their_row(&table)?;
        let open = descriptors(self.program.borrow().as_ref()?.pid())?;
        let own = open.iter().find(|one| one.socket == Some(row.inode))?;
        Some(own.number)
    }

    /// How many bytes the last `recv` on this connection could bring, once the program has settled. One, where that is more
    /// than a kernel may have at once, or nobody can tell.
    #[must_use]
    pub fn room_of_recv(&self, connection: &Connection) -> usize {
        self.wait_until_settled();
        let descriptor = self.descriptor_of(connection);
        let room = descriptor.and_then(|descriptor| self.calls()?.last_room(descriptor));
        let room = room.and_then(|room| usize::try_from(room).ok());
        room.filter(|room| (1..=MOST_ROOM).contains(room))
            .unwrap_or(1)
    }

    /// Answers calls of the program from now on.
    ///
    /// # Errors
    ///
    /// When these calls are not reported: the check has not asked for that.
    pub fn answer(&self, fault: Fault) -> Outcome {
        let program = self.program.borrow();
        // The start of a thread is reported wherever any call is.
        let is_rare = fault.kind == CallKind::Start;
        let watched = program.as_ref();
        let watched = watched.filter(|one| is_rare || one.call_counts().is_some());
        let watch = watched.and_then(|program| program.watch());
        match watch {
            Some(watch) => {
                self.note_act_of_the_lab(self.in_words(&fault));
                watch.answer(fault);
                Ok(())
            }
            None => Err(anyhow::anyhow!("a check answers calls that are not reported").into()),
        }
    }

    fn in_words(&self, fault: &Fault) -> String {
        let call = match fault.kind {
            CallKind::Accept => "accept",
            CallKind::Connect => "connect",
            CallKind::Recv => "recv",
            CallKind::Send => "send",
            CallKind::Poll => "wait for readiness",
            CallKind::Start => "start of a thread",
            CallKind::Sleep | CallKind::Futex | CallKind::Other => "call",
        };
        let connections = self.connections();
        let to = |peer| connections.iter().find(|one| Some(one.ours) == peer);
        let on =
            to(fault.peer).map_or_else(String::new, |one| format!(" on {}'s socket", one.label));
        let which = if fault.times == 1 { "the next" } else { "each" };
        match fault.answer {
            Answer::Error(error) => format!("answers {which} {call}{on}: {error}"),
            Answer::AtMost(most) => {
                format!("lets {which} {call}{on} take at most {}", size(most))
            }
        }
    }

    /// The sockets that the program has open, by inode.
    #[must_use]
    pub fn open_sockets(&self) -> HashSet<u64> {
        let program = self.program.borrow();
        let open = program
            .as_ref()
            .and_then(|program| descriptors(program.pid()));
        let sockets = open.unwrap_or_default().into_iter();
        sockets.filter_map(|one| one.socket).collect()
    }

    /// The addresses at which the program listens, as far as the system shows them.
    #[must_use]
    pub fn listens_at(&self) -> Vec<SocketAddr> {
        let open = self.open_sockets();
        let all = tcp_listeners().unwrap_or_default();
        let own = all.iter().filter(|row| open.contains(&row.inode));
        own.map(|row| row.local).collect()
    }
}
