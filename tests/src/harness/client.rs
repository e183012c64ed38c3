//! The program as a running client.

use std::rc::Rc;

use crate::course::cause::Cause;
use crate::diagnose::Symptom;
use crate::diagnose::failure::{Outcome, Problem};
use crate::evidence::settle::{Calm, Look};
use crate::harness::compare::{difference, missing};
use crate::harness::context::Scene;
use crate::harness::exit::Ended;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::process::child::Running;
use crate::text::{quote, size};

/// What a client gets on its standard input.
#[derive(Debug)]
pub enum Input {
    /// These bytes, then the end.
    Bytes(Payload),
    /// Neither bytes nor the end.
    Open,
}

#[derive(Debug)]
pub struct Client {
    running: Rc<Running>,
    scene: Rc<Scene>,
}

impl Client {
    pub(crate) fn new(running: Rc<Running>, scene: &Rc<Scene>) -> Self {
        Self {
            running,
            scene: Rc::clone(scene),
        }
    }

    /// Waits until it has printed `payload`, and then nothing else.
    pub fn prints(&self, payload: impl Into<Payload>) -> Result<&Self, Box<Problem>> {
        let payload = payload.into();
        let length = payload.bytes().len() as u64;
        let mut calm = Calm::default();
        self.scene.deadline().until(|| {
            let enough = self.running.stdout.length() >= length;
            (enough || self.scene.look(&mut calm) != Look::Moving).then_some(())
        });
        self.running.wait_for_output();
        if self.running.stdout.is(payload.bytes()) {
            self.scene
                .transcript
                .borrow_mut()
                .note("client", format!("prints {payload}"));
            self.scene.transcript.borrow_mut().wait();
            return Ok(self);
        }
        let printed = self.running.stdout.bytes();
        if let Some(missing) = missing(payload.bytes(), &printed) {
            let expected = format!("printed: {payload}");
            return Err(self
                .scene
                .fails(Symptom::MissingBytes, expected, missing, None));
        }
        if !payload.bytes().starts_with(&printed) {
            let symptom = if printed.starts_with(payload.bytes()) {
                Symptom::MoreBytes
            } else {
                Symptom::OtherBytes
            };
            let (expected, printed) = difference(payload.bytes(), &printed);
            return Err(self
                .scene
                .fails(symptom, format!("printed: {expected}"), printed, None));
        }
        let cause = match (
            self.running.exited().is_some(),
            self.scene.facts().saw_the_end,
        ) {
            (false, _) if self.scene.has_unread() => Cause::WaitsForItsInput,
            (false, _) => Cause::NotPrinted,
            (true, true) => Cause::ClosedBeforeTheAnswer,
            (true, false) => Cause::ClosedTooEarly,
        };
        let received = match printed.len() {
            few if few <= 40 => quote(&printed),
            many => format!("the first {} of them", size(many)),
        };
        Err(self
            .scene
            .fails_because(cause, format!("printed: {payload}"), received))
    }

    /// What it has printed so far, for a report.
    #[must_use]
    pub fn printed(&self) -> String {
        quote(&self.running.stdout.bytes())
    }

    /// Waits for its exit.
    pub fn ends(&self) -> Result<Ended, Box<Problem>> {
        let ended = Ended::wait_for(&self.running, &self.scene)?;
        self.scene.transcript.borrow_mut().note("client", "exits");
        Ok(ended)
    }

    /// Waits until it sleeps in `send`, because `peer` does not read.
    pub fn is_stuck_in_send(&self, peer: &Peer) -> Outcome {
        peer.until_program_is_stuck_in_send()
    }

    /// Fills its connection with `peer`, who does not read, until it sleeps in `send`; then stops it and lets it
    /// go on. That makes `send` return early, with a count smaller than it was given: signal(7).
    pub fn is_interrupted_in_send(&self, peer: &Peer) -> Outcome {
        interrupt_in_send(&self.running, &self.scene, peer)
    }
}

/// See [`Client::is_interrupted_in_send`]; a server's `send` is interrupted in the same way.
pub(crate) fn interrupt_in_send(running: &Running, scene: &Scene, peer: &Peer) -> Outcome {
    peer.until_program_is_stuck_in_send()?;
    if !running.stop() {
        return Err(peer.fails(
            Symptom::Silence,
            "a program that runs",
            "it could not be stopped",
        ));
    }
    scene.remember(|facts| facts.send_was_interrupted = true);
    running.resume();
    Ok(())
}
