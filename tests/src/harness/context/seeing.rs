//! What a check sees of the machine, as far as this machine shows it.

use std::net::SocketAddr;

use crate::evidence::connection::Connection;
use crate::harness::context::CheckContext;
use crate::platform::{Power, Powers, Sample, TcpRow, TcpState, nobody, tcp_rows};

/// What it takes to see that a program has settled.
const SETTLING: [Power; 2] = [Power::ProcessState, Power::KernelQueues];

impl CheckContext {
    /// The socket that listens.
    #[must_use]
    pub fn listener_row(&self) -> Option<TcpRow> {
        let rows = self.rows()?;
        rows.into_iter().find(|row| row.state == TcpState::Listen)
    }

    /// The sockets that matter here: both ends of each connection, and the one that listens.
    pub(crate) fn rows(&self) -> Option<Vec<TcpRow>> {
        let listener = self
            .listener
            .get()
            .map(|address| (address, nobody(address)));
        let connections = self.connections.borrow();
        let ends = connections.iter().flat_map(Connection::both_ends);
        self.rows_at(&ends.chain(listener).collect::<Vec<_>>())
    }

    /// Both ends of a connection, as the kernel sees them now. `None` where it does not show them.
    #[must_use]
    pub fn rows_of(&self, connection: &Connection) -> Option<Vec<TcpRow>> {
        self.rows_at(&connection.both_ends())
    }

    fn rows_at(&self, sockets: &[(SocketAddr, SocketAddr)]) -> Option<Vec<TcpRow>> {
        if !self.powers.has(Power::KernelQueues) {
            return None;
        }
        tcp_rows(sockets)
    }

    /// What this machine can show, as far as this check may know.
    #[must_use]
    pub fn powers(&self) -> &Powers {
        &self.powers
    }

    /// Whether bytes of one of our peers lie unread in the program's kernel.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        let table = self.rows().unwrap_or_default();
        let unread = |connection: &Connection| {
            connection
                .their_row(&table)
                .is_some_and(|row| row.unread > 0)
        };
        self.connections.borrow().iter().any(unread)
    }

    /// What the threads of the program are doing. `None` when there is none, or where nobody can tell.
    #[must_use]
    pub fn sample(&self) -> Option<Sample> {
        if !self.powers.has(Power::ProcessState) {
            return None;
        }
        self.program.borrow().as_ref()?.sample()
    }

    /// As [`shows_settling`](Self::shows_settling); where this machine does not, the verdict says so.
    pub fn can_see_it_settle(&self) -> bool {
        SETTLING.map(|power| self.has(power)) == [true, true]
    }

    /// Whether this machine shows what [`wait_until_settled`](Self::wait_until_settled) waits for.
    #[must_use]
    pub fn shows_settling(&self) -> bool {
        SETTLING.map(|power| self.powers.has(power)) == [true, true]
    }

    /// Whether this machine has `power`. Where it has not, the check goes on without, and its verdict says so.
    pub fn has(&self, power: Power) -> bool {
        let has = self.powers.has(power);
        let mut without = self.without.borrow_mut();
        if !has && !without.contains(&power) {
            without.push(power);
        }
        has
    }

    /// What this machine could not show, so that a part of the check was left out.
    #[must_use]
    pub fn without(&self) -> Vec<Power> {
        self.without.borrow().clone()
    }

    /// The connections that wait in the backlog of whoever listens at `address`.
    #[must_use]
    pub fn backlog(&self, address: SocketAddr) -> Option<u64> {
        let rows = tcp_rows(&[(address, nobody(address))])?;
        Some(rows.first()?.unread)
    }
}
