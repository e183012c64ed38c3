//! A connection between one of our peers and the program, and where its bytes are.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use crate::platform::{TcpRow, TcpState};

/// A connection between one of our peers and the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The name of our peer.
    pub label: String,
    pub ours: SocketAddr,
    pub theirs: SocketAddr,
    /// What our peer has done so far.
    pub counts: Rc<ByteCounts>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct ByteCounts {
    /// How many bytes it gave to its kernel.
    sent: Cell<u64>,
    /// How many bytes it has read.
    received: Cell<u64>,
    /// It sent until nothing fitted any more.
    pub was_full: Cell<bool>,
    /// Our peer has sent an urgent byte, which is no part of the stream.
    pub was_urgent: Cell<bool>,
    /// By then the program had never sent more than one read had brought, and still had something to send.
    pub was_replaced: Cell<bool>,
    /// It has ended its stream.
    pub has_ended: Cell<bool>,
    /// How much the program had read of it at least and at most, when it aborted the connection.
    pub read_before_reset: Cell<Option<(u64, u64)>>,
    /// It had received all that it sent before it ended its stream, so that the end came alone.
    pub ended_alone: Cell<bool>,
}

impl ByteCounts {
    /// It gave so many bytes more to its kernel.
    pub fn add_sent(&self, count: usize) {
        self.sent.set(self.sent() + count as u64);
    }

    /// It has read so many bytes more.
    pub fn add_received(&self, count: usize) {
        self.received.set(self.received() + count as u64);
    }

    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.get()
    }
}

impl Connection {
    /// A connection on which nothing has happened yet.
    #[must_use]
    pub fn new(label: String, ours: SocketAddr, theirs: SocketAddr) -> Self {
        Self {
            label,
            ours,
            theirs,
            counts: Rc::default(),
        }
    }

    /// The number that the program gives this client in its event log: the second word of `client 3`. `None` where our peer
    /// is a server.
    #[must_use]
    pub fn client(&self) -> Option<u64> {
        self.label.strip_prefix("client ")?.parse().ok()
    }

    /// What to ask the kernel for: our end and the program's.
    #[must_use]
    pub fn both_ends(&self) -> [(SocketAddr, SocketAddr); 2] {
        [(self.ours, self.theirs), (self.theirs, self.ours)]
    }

    /// The program's end, in a table of all sockets.
    #[must_use]
    pub fn their_row<'a>(&self, table: &'a [TcpRow]) -> Option<&'a TcpRow> {
        table
            .iter()
            .find(|row| row.local == self.theirs && row.remote == self.ours)
    }

    /// Our end, in a table of all sockets.
    #[must_use]
    pub fn our_row<'a>(&self, table: &'a [TcpRow]) -> Option<&'a TcpRow> {
        table
            .iter()
            .find(|row| row.local == self.ours && row.remote == self.theirs)
    }

    /// How many bytes the program has read and not sent back: it keeps them, or has lost them.
    ///
    /// What was sent is in one of five places: in one of the four queues of the two kernels, or with the program.
    /// While an acknowledgement is on its way bytes are counted in two queues, so this is exact, for an echo
    /// server, when the program has settled, and too small before. `None` when an end is gone.
    #[must_use]
    pub fn buffered_by_program(&self, table: &[TcpRow]) -> Option<u64> {
        let (ours, theirs) = (self.our_row(table)?, self.their_row(table)?);
        let in_kernels = ours.unsent + theirs.unread + theirs.unsent + ours.unread;
        let under_way = self.counts.sent().saturating_sub(self.counts.received());
        Some(under_way.saturating_sub(in_kernels))
    }

    /// Whether the program still has something to do for this client: it has not accepted it, or has bytes of it to read or
    /// to send.
    #[must_use]
    pub fn waits_for_the_program(&self, table: &[TcpRow]) -> bool {
        let is_in_the_backlog = |row: &TcpRow| row.inode == 0 && row.state == TcpState::Established;
        let row = self.their_row(table);
        row.is_some_and(|row| is_in_the_backlog(row) || row.unread > 0)
            || self.buffered_by_program(table).is_some_and(|kept| kept > 0)
    }

    /// How many bytes the program has read so far. `None` when an end is gone.
    ///
    /// Where the program's kernel does not say how many have come, those that it has not acknowledged count as unread twice.
    #[must_use]
    pub fn consumed(&self, table: &[TcpRow]) -> Option<u64> {
        let (ours, theirs) = (self.our_row(table)?, self.their_row(table)?);
        let sent = self.counts.sent();
        let has_come = theirs.received.map(|count| count.min(sent));
        let has_come = has_come.unwrap_or_else(|| sent.saturating_sub(ours.unsent));
        Some(has_come.saturating_sub(theirs.unread))
    }
}
