//! What is expected of a server's event log: that it says which clients came and left, beside what the check sees on the
//! wire.

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::kit_log::{Event, EventLog};
use crate::harness::server::Server;

impl Server {
    /// It logs that a client connected, and then `line`, which says how that client left: `client 1 left after 5 bytes`.
    /// Where a client was reset, or no thread was left for it, *lost* is as right as *left*.
    pub fn expect_logged(&self, line: &str) -> Result<&Self> {
        let wanted = Event::parse(line);
        let client = wanted.as_ref().and_then(Event::client);
        let (Some(wanted), Some(client)) = (wanted, client) else {
            return Err(anyhow::anyhow!("\"{line}\" is no event about a client").into());
        };
        let history = self.context.history();
        let may_be_lost = history.was_reset || history.shortage.is_some();
        let is_it = |event: &Event| match (&wanted, event) {
            (
                Event::Left { client, bytes },
                Event::Lost {
                    client: c,
                    bytes: b,
                    ..
                },
            ) => may_be_lost && (client, bytes) == (c, b),
            (wanted, event) => wanted == event,
        };
        let or_lost = if may_be_lost { ", or lost" } else { "" };
        self.expect_departure(client, is_it, &format!("\"{line}\"{or_lost}"))?;
        self.context.note_and_wait("server", line);
        Ok(self)
    }

    /// It logs that `client`, who was turned away before it had sent anything, is lost.
    pub fn expect_logged_as_lost(&self, client: u64) -> Outcome {
        let is_it = |event: &Event| matches!(event, Event::Lost { bytes: 0, .. });
        let line = format!("client {client} lost after 0 bytes");
        self.expect_departure(client, is_it, &format!("\"{line}\""))?;
        self.context.note_and_wait("server", line);
        Ok(())
    }

    /// It logs that `client`, who reset the connection, is gone, after however many bytes.
    pub fn expect_logged_reset_of(&self, client: u64) -> Outcome {
        let wanted = format!("\"client {client} lost after …\", or left");
        self.expect_departure(client, Event::is_departure, &wanted)
    }

    /// Waits until there is an event about `client` that `is_it`, behind the one that it connected.
    fn expect_departure(
        &self,
        client: u64,
        is_it: impl Fn(&Event) -> bool,
        wanted: &str,
    ) -> Outcome {
        let log = || EventLog::read(&self.process.stdout.text());
        self.context
            .wait_until(|| log().about(client).any(&is_it).then_some(()));
        let log = log();
        let about_it: Vec<&Event> = log.about(client).collect();

        let connected = Event::Connected { client };
        let came = about_it.iter().position(|event| **event == connected);
        let went = about_it.iter().position(|event| is_it(event));
        let expected = match went {
            Some(went) if came.is_some_and(|came| came < went) => return Ok(()),
            Some(_) => format!("the event \"{connected}\", and then {wanted}"),
            None => format!("the event {wanted}"),
        };
        let received = if about_it.is_empty() {
            format!("no line about client {client}")
        } else {
            let lines: Vec<String> = about_it.iter().map(ToString::to_string).collect();
            format!("\"{}\"", lines.join("\" · \""))
        };
        Err(match self.process.exited() {
            Some(_) => self.context.fail(Symptom::End, expected, received, None),
            None => self
                .context
                .fail_because(Cause::NotRecorded, expected, received),
        })
    }
}
