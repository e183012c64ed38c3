//! What is expected of a server's record: the lines in which it says who came and who left, beside what the check sees
//! on the wire.

use crate::calm::{Calm, Look};
use crate::cause::Cause;
use crate::diagnosis::Symptom;
use crate::failure::Problem;
use crate::server::Server;

impl Server {
    /// It puts on record that a client connected, and then `line`, which says how that client left.
    pub fn records(&self, line: &str) -> Result<&Self, Box<Problem>> {
        let lost = line.replace(" left after ", " lost after ");
        let facts = self.scene.facts();
        let may_be_lost = facts.was_reset || facts.lacks.is_some();
        let is_it = |printed: &str| {
            printed == line || (may_be_lost && printed.starts_with(&format!("{lost}: ")))
        };
        let mut calm = Calm::default();
        self.scene.deadline().until(|| {
            let found = self.running.stdout.text().lines().any(is_it);
            (found || self.scene.look(&mut calm) != Look::Moving).then_some(())
        });
        // What it printed last may have come after the last look.
        self.running.wait_for_output();
        let printed = self.running.stdout.text();

        let client = line.split_inclusive(' ').take(2).collect::<String>();
        let connected = format!("{client}connected");
        let of_client = printed
            .lines()
            .filter(|printed| printed.starts_with(&client));
        let about_it: Vec<&str> = of_client.collect();
        let came = about_it.iter().position(|printed| *printed == connected);
        let went = about_it.iter().position(|printed| is_it(printed));
        let expected = match went {
            Some(went) if came.is_some_and(|came| came < went) => {
                self.scene.transcript.borrow_mut().note("server", line);
                self.scene.transcript.borrow_mut().wait();
                return Ok(self);
            }
            Some(_) => format!("the event \"{connected}\", and then \"{line}\""),
            None if may_be_lost && lost != line => format!("the event \"{line}\", or lost"),
            None => format!("the event \"{line}\""),
        };
        let received = match about_it.is_empty() {
            true => format!("no line about {}", client.trim_end()),
            false => format!("\"{}\"", about_it.join("\" · \"")),
        };
        Err(match self.running.exited() {
            Some(_) => self.scene.fails(Symptom::End, expected, received, None),
            None => self
                .scene
                .fails_because(Cause::NotRecorded, expected, received),
        })
    }
}
