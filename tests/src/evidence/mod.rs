//! What is known of a program at one moment, and whether it has settled.

pub mod calls;
pub mod connection;
pub mod heartbeat;
pub mod history;
pub mod kit_log;
pub mod last_words;
pub mod settle;
pub mod wait;

use std::process::ExitStatus;
use std::time::Duration;

use crate::evidence::calls::CallLog;
use crate::evidence::connection::Connection;
use crate::evidence::history::History;
use crate::evidence::kit_log::EventLog;
use crate::evidence::last_words::LastWords;
use crate::evidence::settle::Activity;
use crate::platform::{CallKind, Descriptor, Registered, Sample, SleepingCall, TcpRow, TcpState};

/// Shortest nap for which a server has no reason.
const LONG_NAP: Duration = Duration::from_secs(1);

/// All that can be seen of a program at the moment when a check fails.
#[derive(Debug)]
pub struct Evidence<'a> {
    pub activity: Activity,
    pub exited: Option<ExitStatus>,
    /// What it wrote on its standard error.
    pub last_words: LastWords,
    /// What it printed in its event log.
    pub log: EventLog,
    pub sample: Option<Sample>,
    pub open: Vec<Descriptor>,
    /// Descriptors that it has registered with an event queue: epoll(7).
    pub registered: Vec<Registered>,
    /// Both ends of every connection, and the listening socket.
    pub table: Vec<TcpRow>,
    pub connections: &'a [Connection],
    /// The connection at which the symptom was seen.
    pub at: Option<&'a Connection>,
    pub history: History,
    /// The step that it died in because it is not written yet.
    pub unwritten: Option<u8>,
    /// The lab ended it because it had too many threads and processes.
    pub exceeded_thread_cap: bool,
    /// Descriptors that it may have (`RLIMIT_NOFILE`).
    pub descriptor_limit: u64,
    /// Memory that it has in use, in bytes.
    pub memory: u64,
    /// It has set a limit of time on a socket, as far as its calls are reported.
    pub has_time_limits: bool,
    /// Its other work goes on: ticks still come.
    pub beats: bool,
    /// The time for this check was over when the check failed: what did not come may have been on its way.
    pub is_out_of_time: bool,
    /// The calls that it made, where each of them is reported; none elsewhere.
    pub calls: CallLog,
}

impl Evidence<'_> {
    /// True if the program is gone for another reason than a step that is not written yet.
    #[must_use]
    pub fn ended_by_itself(&self) -> bool {
        self.exited.is_some() && self.unwritten.is_none()
    }

    /// True if it panicked, and not in a step that is not written yet.
    #[must_use]
    pub fn panicked(&self) -> bool {
        self.last_words.panic.is_some() && self.unwritten.is_none()
    }

    /// True if it has a heartbeat: it does not wait in calls, and is expected not to.
    #[must_use]
    pub fn ticks(&self) -> bool {
        self.log.has_ticks()
    }

    #[must_use]
    pub fn threads(&self) -> usize {
        let sample = self.sample.as_ref();
        sample.map_or(0, |sample| sample.threads.len())
    }

    /// The calls that its threads sleep in.
    pub fn parked_calls(&self) -> impl Iterator<Item = SleepingCall> {
        self.sample
            .iter()
            .flat_map(|sample| &sample.threads)
            .filter_map(|thread| thread.call)
    }

    #[must_use]
    pub fn has_a_long_nap(&self) -> bool {
        let nap = self.sample.as_ref().and_then(Sample::longest_nap);
        nap.is_some_and(|nap| nap >= LONG_NAP)
    }

    /// True if a thread sleeps in `accept`, `recv` or `send`.
    #[must_use]
    pub fn waits_at_a_socket(&self) -> bool {
        let at_a_socket = [CallKind::Accept, CallKind::Recv, CallKind::Send];
        self.parked_calls()
            .any(|call| at_a_socket.contains(&call.kind))
    }

    /// True if it sleeps in a call that waits for many sockets at once: `poll`, `select` or `epoll_wait`.
    #[must_use]
    pub fn sleeps_until_ready(&self) -> bool {
        self.activity == Activity::Blocked
            && self.parked_calls().any(|call| call.kind == CallKind::Poll)
    }

    /// True if that call reports changes only: `epoll_wait`, whose first argument is a descriptor.
    #[must_use]
    pub fn sleeps_until_a_change(&self) -> bool {
        let is_epoll =
            |call: SleepingCall| call.kind == CallKind::Poll && call.descriptor.is_some();
        self.activity == Activity::Blocked && self.parked_calls().any(is_epoll)
    }

    /// The connection whose socket a call sleeps at.
    #[must_use]
    pub fn connection_of(&self, call: SleepingCall) -> Option<&Connection> {
        self.connection_at(call.descriptor?)
    }

    /// The connection whose socket the program knows by this number.
    #[must_use]
    pub fn connection_at(&self, descriptor: i32) -> Option<&Connection> {
        let row = self.row_at(descriptor)?;
        self.connections
            .iter()
            .find(|connection| connection.theirs == row.local && connection.ours == row.remote)
    }

    /// The socket that a call sleeps at.
    #[must_use]
    pub fn row_of(&self, call: SleepingCall) -> Option<&TcpRow> {
        self.row_at(call.descriptor?)
    }

    fn row_at(&self, descriptor: i32) -> Option<&TcpRow> {
        let is_it = |one: &&Descriptor| one.number == descriptor;
        let descriptor = self.open.iter().find(is_it)?;
        self.table
            .iter()
            .find(|row| Some(row.inode) == descriptor.socket)
    }

    /// The program's listening sockets.
    pub fn listening(&self) -> impl Iterator<Item = &TcpRow> {
        let is_open = |row: &TcpRow| self.open.iter().any(|one| one.socket == Some(row.inode));
        let listening = self.table.iter();
        listening.filter(move |row| row.state == TcpState::Listen && is_open(row))
    }

    /// The program's end of the connection at which the symptom was seen.
    #[must_use]
    pub fn row(&self) -> Option<&TcpRow> {
        self.at?.their_row(&self.table)
    }

    /// True if bytes of that connection lie unread in the program's kernel.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.row().is_some_and(|row| row.unread > 0)
    }

    /// True if the program has read bytes of that connection that it has not sent back.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let held = self.at.and_then(|at| at.buffered_by_program(&self.table));
        held.is_some_and(|held| held > 0)
    }

    /// True if our peer there has sent until nothing fitted any more.
    #[must_use]
    pub fn was_full(&self) -> bool {
        self.at.is_some_and(|at| at.counts.was_full.get())
    }

    /// True if what waited to be sent there was never more than one read had brought, although the program had read on.
    #[must_use]
    pub fn was_replaced(&self) -> bool {
        self.at.is_some_and(|at| at.counts.was_replaced.get())
    }

    /// True if another of our peers has sent until nothing fitted any more, and has not received all of that.
    #[must_use]
    pub fn others_are_full(&self) -> bool {
        let mut others = self.connections.iter().filter(|one| Some(*one) != self.at);
        others.any(|one| one.counts.was_full.get() && one.counts.received() < one.counts.sent())
    }

    /// True if our peer there has ended its stream.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.at.is_some_and(|at| at.counts.has_ended.get())
    }

    /// True if the program got this connection: it has left the backlog, and the program holds it or has closed it.
    /// One that our peer has aborted leaves no trace of that.
    #[must_use]
    pub fn was_accepted(&self, connection: &Connection) -> bool {
        let row = connection.their_row(&self.table);
        row.map_or(!self.history.was_reset, |row| row.inode != 0)
    }
}
