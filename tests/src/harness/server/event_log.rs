//! What is expected of a server's record: the lines in which it says who came and who left, beside what the check sees
//! on the wire.

use crate::course::cause::Cause;
use crate::diagnose::Symptom;
use crate::diagnose::failure::{Outcome, Result};
use crate::evidence::settle::{Activity, SettleDetector};
use crate::harness::server::Server;

impl Server {
    /// It puts on record that a client connected, and then `line`, which says how that client left.
    pub fn expect_logged(&self, line: &str) -> Result<&Self> {
        let lost = line.replace(" left after ", " lost after ");
        let history = self.context.history();
        let may_be_lost = history.was_reset || history.shortage.is_some();
        let is_it = |printed: &str| {
            printed == line || (may_be_lost && printed.starts_with(&format!("{lost}: ")))
        };
        let or_lost = match may_be_lost && lost != line {
            true => ", or lost",
            false => "",
        };
        let client = line.split_inclusive(' ').take(2).collect::<String>();
        self.has_on_record(client.trim_end(), is_it, &format!("\"{line}\"{or_lost}"))?;
        self.context.transcript.borrow_mut().note("server", line);
        self.context.transcript.borrow_mut().wait();
        Ok(self)
    }

    /// It puts on record that `client`, who reset the connection, is gone, after however many bytes.
    pub fn expect_logged_reset_of(&self, client: &str) -> Outcome {
        let ways = ["left", "lost"].map(|way| format!("{client} {way} after "));
        let is_it = |printed: &str| ways.iter().any(|way| printed.starts_with(way));
        let wanted = format!("\"{client} lost after …\", or left");
        self.has_on_record(client, is_it, &wanted)
    }

    /// Waits until there is a line about `client` that `is_it`, behind the one that it connected.
    fn has_on_record(&self, client: &str, is_it: impl Fn(&str) -> bool, wanted: &str) -> Outcome {
        let mut detector = SettleDetector::default();
        self.context.deadline().until(|| {
            let found = self.process.stdout.text().lines().any(&is_it);
            (found || self.context.observe(&mut detector) != Activity::Running).then_some(())
        });
        // What it printed last may have come after the last look.
        self.process.wait_for_output();
        let printed = self.process.stdout.text();
        let start = format!("{client} ");
        let about_it = printed
            .lines()
            .filter(|printed| printed.starts_with(&start));
        let about_it: Vec<&str> = about_it.collect();

        let connected = format!("{client} connected");
        let came = about_it.iter().position(|printed| *printed == connected);
        let went = about_it.iter().position(|printed| is_it(printed));
        let expected = match went {
            Some(went) if came.is_some_and(|came| came < went) => return Ok(()),
            Some(_) => format!("the event \"{connected}\", and then {wanted}"),
            None => format!("the event {wanted}"),
        };
        let received = match about_it.is_empty() {
            true => format!("no line about {client}"),
            false => format!("\"{}\"", about_it.join("\" · \"")),
        };
        Err(match self.process.exited() {
            Some(_) => self.context.fail(Symptom::End, expected, received, None),
            None => self
                .context
                .fail_because(Cause::NotRecorded, expected, received),
        })
    }
}
