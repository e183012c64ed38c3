//! What is expected of a server's event log: that it says which clients came, how each left and how much was received from
//! it, beside what the check sees on the wire.

use std::ops::RangeInclusive;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Problem, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::kit_log::{Event, EventLog};
use crate::evidence::last_words::SystemErrors;
use crate::harness::peer::Peer;
use crate::harness::server::Server;

/// How a client left, as far as a check knows.
#[derive(Debug)]
struct Departure {
    client: u64,
    way: Way,
    /// What was received from it.
    bytes: RangeInclusive<u64>,
}

#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// It ended its stream.
    Left,
    /// It reset the connection, and the kernel says why.
    Reset,
    /// It is lost for a reason of the program's.
    Lost(String),
    /// It is lost because the system has refused something.
    Refused,
    /// Either way: the kernel has told the program less than we know.
    Gone,
}

impl Departure {
    fn is_way_of(&self, event: &Event) -> bool {
        match (&self.way, event) {
            (Way::Left, Event::Left { .. }) => true,
            (Way::Reset, Event::Lost { reason, .. }) => {
                SystemErrors::named_in(reason).is_broken_connection()
            }
            (Way::Lost(wanted), Event::Lost { reason, .. }) => wanted == reason,
            (Way::Refused, Event::Lost { reason, .. }) => SystemErrors::named_in(reason).is_any(),
            (Way::Gone, event) => event.is_departure(),
            _ => false,
        }
    }

    fn is_count_of(&self, event: &Event) -> bool {
        match event {
            Event::Left { bytes, .. } | Event::Lost { bytes, .. } => self.bytes.contains(bytes),
            _ => false,
        }
    }

    /// What is wrong when the log says `event` in its place.
    fn why_not(&self, event: &Event) -> Cause {
        match (&self.way, event) {
            (Way::Reset, Event::Left { .. }) => Cause::ResetLoggedAsEnd,
            _ if self.is_way_of(event) => Cause::WrongCount,
            _ => Cause::NotRecorded,
        }
    }

    fn describe(&self) -> String {
        let (least, most) = (self.bytes.start(), self.bytes.end());
        let bytes = match least == most {
            true => format!("{least} bytes"),
            false => format!("{least} to {most} bytes"),
        };
        let client = self.client;
        match &self.way {
            Way::Left => format!("\"client {client} left after {bytes}\""),
            Way::Reset => {
                format!("\"client {client} lost after {bytes}: …\", with the kernel's reason")
            }
            Way::Refused => {
                format!("\"client {client} lost after {bytes}: …\", with the system's error")
            }
            Way::Gone => format!("\"client {client} left after {bytes}\", or lost"),
            Way::Lost(reason) => format!("\"client {client} lost after {bytes}: {reason}\""),
        }
    }
}

impl Server {
    /// It logs `line`: `client 1 connected`, `client 1 left after 5 bytes`, or `client 1 lost after 5 bytes` for one that
    /// reset the connection. That the client connected stands before it, once.
    pub fn expect_logged(&self, line: &str) -> Result<&Self> {
        // Which reason a broken connection has is the kernel's choice.
        let without_reason = || Event::parse(&format!("{line}: "));
        let departure = |client, way, bytes| Departure {
            client,
            way,
            bytes: bytes..=bytes,
        };
        match Event::parse(line).or_else(without_reason) {
            Some(Event::Connected { client }) => self.expect_connected(client)?,
            Some(Event::Left { client, bytes }) => {
                self.expect_departure(&departure(client, Way::Left, bytes))?;
            }
            Some(Event::Lost {
                client,
                bytes,
                reason,
            }) => {
                let way = match reason.is_empty() {
                    true => Way::Reset,
                    false => Way::Lost(reason),
                };
                self.expect_departure(&departure(client, way, bytes))?;
            }
            _ => return Err(anyhow::anyhow!("\"{line}\" is no event about a client").into()),
        }
        self.context.note_and_wait("server", line);
        Ok(self)
    }

    /// Its log is free of contradictions: ticks are counted without a gap, and each client comes once, and goes once.
    pub fn expect_consistent_log(&self) -> Outcome {
        self.context.wait_until_settled();
        let log = self.log();
        match log.contradiction() {
            None => Ok(()),
            Some(contradiction) => Err(self.context.fail_because(
                Cause::NotRecorded,
                match log.has_ticks() {
                    true => {
                        "ticks that are counted from 1 without a gap, and each client once as it comes and once as it goes"
                    }
                    false => "each client once as it comes and once as it goes",
                },
                contradiction,
            )),
        }
    }

    /// If it has accepted `peer`, it logs that the client connected. One client at a time is no more than a server promises.
    pub fn expect_logged_once_accepted(&self, peer: &Peer) -> Outcome {
        self.context.wait_until_settled();
        let table = self.context.rows_of(&peer.connection).unwrap_or_default();
        let accepted = peer.connection.their_row(&table).copied();
        match accepted.and_then(|row| self.descriptor_of(row)) {
            Some(_) => self.expect_connected(peer.number()),
            None => Ok(()),
        }
    }

    /// It logs that `client` is gone after so many bytes: left or lost, since it has done both.
    pub fn expect_logged_as_gone(&self, client: u64, bytes: u64) -> Outcome {
        self.expect_departure(&Departure {
            client,
            way: Way::Gone,
            bytes: bytes..=bytes,
        })
    }

    /// It logs that `client`, who was turned away before anything was received from it, is lost, and what the system said.
    pub fn expect_logged_as_refused(&self, client: u64) -> Outcome {
        self.expect_departure(&Departure {
            client,
            way: Way::Refused,
            bytes: 0..=0,
        })?;
        let line = format!("client {client} lost after 0 bytes");
        self.context.note_and_wait("server", line);
        Ok(())
    }

    /// It logs that `client`, who reset the connection, is lost, and how much the program had received by then. What lay
    /// unread in its kernel may count or not: some programs receive it before they meet the error.
    pub fn expect_logged_reset_of(&self, client: u64) -> Outcome {
        let connections = self.context.connections();
        let mut of_it = connections
            .iter()
            .filter(|one| one.client() == Some(client));
        let read = of_it.find_map(|one| one.counts.read_before_reset.get());
        let Some((least, most)) = read else {
            return Err(anyhow::anyhow!("client {client} has not reset its connection").into());
        };
        self.expect_departure(&Departure {
            client,
            way: Way::Reset,
            bytes: least..=most,
        })
    }

    /// It does not log that `client` has left, which it has not: one that is given up is lost.
    pub fn expect_not_logged_as_left(&self, client: u64) -> Outcome {
        self.context.wait_until_settled();
        let has_left = |event: &Event| matches!(event, Event::Left { .. });
        match self.log().about(client).find(|event| has_left(event)) {
            None => Ok(()),
            Some(event) => Err(self.context.fail_because(
                Cause::ResetLoggedAsEnd,
                format!("\"client {client} lost after …\" if it is given up"),
                format!("\"{event}\""),
            )),
        }
    }

    fn log(&self) -> EventLog {
        EventLog::read(&self.process.stdout.text())
    }

    /// Waits until it has logged how a client left.
    fn expect_departure(&self, wanted: &Departure) -> Outcome {
        let is_there = || self.log().about(wanted.client).any(Event::is_departure);
        self.context.wait_until(|| is_there().then_some(()));
        let log = self.log();
        let departure = log
            .about(wanted.client)
            .find(|event| event.is_departure())
            .cloned();
        match departure {
            Some(event) if wanted.is_way_of(&event) && wanted.is_count_of(&event) => {
                self.expect_connected(wanted.client)
            }
            Some(event) => Err(self.not_logged(
                wanted.client,
                wanted.why_not(&event),
                format!("the event {}", wanted.describe()),
            )),
            None => Err(self.not_logged(
                wanted.client,
                Cause::NotRecorded,
                format!("the event {}", wanted.describe()),
            )),
        }
    }

    /// `peer` resets its connection while the server is stopped and has not received all that it sent. It receives that
    /// before it logs `line`.
    pub fn expect_reset_received(&self, peer: Peer, line: &str) -> Result<&Self> {
        let client = peer.connection.ours;
        let asked = || {
            let calls = self.context.calls();
            calls.map_or(0, |calls| calls.received_times(client))
        };
        let before = asked();
        peer.reset()?;
        self.resume();
        let logged = self.expect_logged(line).map(drop);
        match logged {
            // What it has not asked for, it cannot have counted.
            Err(problem) if self.context.calls().is_some() && asked() == before => {
                Err(problem.rather(Cause::WrongCount, Cause::ClosedTooEarly))
            }
            logged => logged.map(|()| self),
        }
    }

    /// Waits until it has logged that `client` connected: once, before anything else about it, and after those who came
    /// before it.
    fn expect_connected(&self, client: u64) -> Outcome {
        let is_there = || self.log().about(client).next().is_some();
        self.context.wait_until(|| is_there().then_some(()));
        let log = self.log();
        let event = Event::Connected { client };
        let expected = format!("the event \"{event}\"");
        let mut about_it = log.about(client);
        if about_it.next() != Some(&event) {
            let cause = match log.about(client).count() {
                0 => Cause::ConnectedLate,
                _ => Cause::NotRecorded,
            };
            let expected = format!("{expected} before anything else about that client");
            return Err(self.not_logged(client, cause, expected));
        }
        if about_it.any(|other| *other == event) {
            let expected = format!("{expected}, once");
            return Err(self.not_logged(client, Cause::NotRecorded, expected));
        }
        let came: Vec<u64> = log
            .newcomers()
            .take_while(|other| *other != client)
            .collect();
        if came.iter().copied().eq(1..client) {
            return Ok(());
        }
        // Whoever is not there yet may come later.
        let is_missing = (1..client).any(|other| !log.newcomers().any(|known| known == other));
        let cause = match is_missing && came.is_sorted() {
            true => Cause::NotRecorded,
            false => Cause::ConnectedLate,
        };
        let expected = format!("{expected} behind those of all who came before");
        let lines = came.iter().chain([&client]);
        let lines = lines.map(|client| format!("\"{}\"", Event::Connected { client: *client }));
        let received = lines.collect::<Vec<String>>().join(" · ");
        Err(self.context.fail_because(cause, expected, received))
    }

    /// What the log says about `client` is not what was `expected`.
    fn not_logged(&self, client: u64, cause: Cause, expected: String) -> Box<Problem> {
        let log = self.log();
        let lines: Vec<String> = log.about(client).map(ToString::to_string).collect();
        let received = match lines.is_empty() {
            true => format!("no line about client {client}"),
            false => format!("\"{}\"", lines.join("\" · \"")),
        };
        match self.process.exited() {
            Some(_) => self.context.fail(Symptom::End, expected, received, None),
            None => self.context.fail_because(cause, expected, received),
        }
    }
}
