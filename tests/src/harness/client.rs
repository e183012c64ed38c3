//! The program as a running client.

use std::rc::Rc;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::settle::{Activity, holds_its_output};
use crate::harness::audit;
use crate::harness::compare::{difference, missing};
use crate::harness::context::CheckContext;
use crate::harness::exit::ExitedProgram;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::process::child::Process;
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
    process: Rc<Process>,
    context: Rc<CheckContext>,
}

impl Client {
    pub(crate) fn new(process: Rc<Process>, context: &Rc<CheckContext>) -> Self {
        Self {
            process,
            context: Rc::clone(context),
        }
    }

    /// Waits until it has printed `payload`, and then nothing else.
    pub fn expect_output(&self, payload: impl Into<Payload>) -> Result<&Self> {
        let payload = payload.into();
        let length = payload.bytes().len() as u64;
        self.context
            .wait_until(|| (self.process.stdout.length() >= length).then_some(()));
        self.process.wait_for_output();
        if self.process.stdout.is(payload.bytes()) {
            self.context
                .note_and_wait("client", format!("prints {payload}"));
            return Ok(self);
        }
        let printed = self.process.stdout.bytes();
        if let Some(missing) = missing(payload.bytes(), &printed) {
            let expected = format!("printed: {payload}");
            return Err(self
                .context
                .fail(Symptom::MissingBytes, expected, missing, None));
        }
        if !payload.bytes().starts_with(&printed) {
            let symptom = if printed.starts_with(payload.bytes()) {
                Symptom::MoreBytes
            } else {
                Symptom::OtherBytes
            };
            let (expected, printed) = difference(payload.bytes(), &printed);
            return Err(self
                .context
                .fail(symptom, format!("printed: {expected}"), printed, None));
        }
        let cause = match (
            self.process.exited().is_some(),
            self.context.history().saw_the_end,
        ) {
            (false, _) if self.context.has_unread() => Cause::WaitsForItsInput,
            (false, _) => Cause::NotPrinted,
            (true, true) => Cause::ClosedBeforeTheAnswer,
            (true, false) => Cause::ClosedTooEarly,
        };
        let received = match printed.len() {
            few if few <= 40 => quote(&printed),
            many => format!("the first {} of them", size(many)),
        };
        Err(self
            .context
            .fail_because(cause, format!("printed: {payload}"), received))
    }

    /// Gives it more input, which does not end with that.
    pub fn give_input(&self, input: impl Into<Payload>) -> Result<&Self> {
        let input = input.into();
        self.context.note_sent("input", input.to_string());
        self.context.note("input", format!("brings {input}"));
        self.process.feed(input.bytes().to_vec())?;
        Ok(self)
    }

    /// Stops all its threads, until [`resume`](Self::resume).
    pub fn stop(&self) -> Outcome {
        match self.process.stop() {
            true => {
                self.context.note_act_of_the_lab("stops your client");
                Ok(())
            }
            false => {
                Err(self
                    .context
                    .fail(Symptom::End, "a program that runs", "it has exited", None))
            }
        }
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.context.note_act_of_the_lab("lets it go on");
        self.process.resume();
    }

    /// Ends its input.
    pub fn end_input(&self) {
        self.context.note_sent("input", "its end");
        self.context.note("input", "ends");
        self.process.end_stdin();
    }

    /// Leaves what it prints unread from now on.
    pub fn stop_reading_output(&self) {
        self.process.stdout.pause();
    }

    /// Reads what it prints again.
    pub fn read_output_again(&self) {
        self.process.stdout.read_on();
    }

    /// What it has printed so far, for a report.
    #[must_use]
    pub fn output(&self) -> String {
        quote(&self.process.stdout.bytes())
    }

    /// It sleeps in the kernel: each thread waits for its input or for the server, and for nothing else.
    pub fn expect_sleeping(&self) -> Result<&Self> {
        let expected = "a client that sleeps until its input or its server has something";
        let settled = self.context.wait_until_settled();
        audit::no_waits_of_its_own(&self.context, self.context.calls(), expected)?;
        match settled {
            Activity::Blocked if self.context.sample().as_ref().is_some_and(holds_its_output) => {
                Err(self.context.fail_because(
                    Cause::NotPrinted,
                    "an output that can be read while the client waits",
                    "it waits in a call that holds its output meanwhile",
                ))
            }
            Activity::Blocked => Ok(self),
            Activity::Exited => {
                Err(self
                    .context
                    .fail(Symptom::End, expected, "the client is gone", None))
            }
            Activity::Spinning | Activity::Running => {
                Err(self
                    .context
                    .fail(Symptom::NoRest, expected, "it never came to rest", None))
            }
        }
    }

    /// It has set no limit of time on its socket: neither on `recv` or `send`, nor on the connection.
    pub fn expect_no_time_limits(&self) -> Result<&Self> {
        audit::no_time_limits(&self.context, |_| true)?;
        Ok(self)
    }

    /// It has not made the kernel keep small pieces back.
    pub fn expect_no_held_back_bytes(&self) -> Result<&Self> {
        audit::no_held_back_bytes(&self.context)?;
        Ok(self)
    }

    /// Of what `peer` has sent, it keeps at most `most` bytes that it has not printed, since its output is not read.
    pub fn expect_buffered_at_most(&self, most: u64, peer: &Peer) -> Result<&Self> {
        self.context.wait_until_settled();
        let table = self.context.rows_of(&peer.connection);
        let held = table.and_then(|table| peer.connection.buffered_by_program(&table));
        match held {
            Some(held) if held > most => Err(self.context.fail_because(
                Cause::UnboundedQueue,
                format!(
                    "at most {} taken of an answer that nobody reads",
                    size(most as usize)
                ),
                format!("{} taken", size(held as usize)),
            )),
            _ => Ok(self),
        }
    }

    /// Waits for its exit.
    pub fn wait_for_exit(&self) -> Result<ExitedProgram> {
        let ended = ExitedProgram::wait_for(&self.process, &self.context)?;
        self.context.note("client", "exits");
        Ok(ended)
    }

    /// Gives it the time to do all that it will do with what it has.
    pub fn wait_until_settled(&self) {
        self.context.wait_until_settled();
    }

    /// Waits until it sleeps in `send`, because `peer` does not read.
    pub fn wait_until_stuck_in_send(&self, peer: &Peer) -> Outcome {
        peer.wait_until_stuck_in_send()
    }

    /// Fills its connection with `peer`, who does not read, until it sleeps in `send`; then stops it and lets it
    /// go on. That makes `send` return early, with a count smaller than it was given: signal(7).
    pub fn interrupt_in_send(&self, peer: &Peer) -> Outcome {
        interrupt_in_send(&self.process, &self.context, peer)
    }
}

/// See [`Client::interrupt_in_send`]; a server's `send` is interrupted in the same way.
pub(crate) fn interrupt_in_send(process: &Process, context: &CheckContext, peer: &Peer) -> Outcome {
    peer.wait_until_stuck_in_send()?;
    if !process.stop() {
        return Err(peer.fail(Symptom::Silence, "a program that runs", "it has exited"));
    }
    context.remember(|history| history.send_was_interrupted = true);
    context.note_act_of_the_lab(
        "stops your program inside send and lets it go on: send returns what it has sent so far",
    );
    process.resume();
    Ok(())
}
