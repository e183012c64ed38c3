//! What our peers expect to receive.
//!
//! Every wait ends in one of three ways: what was expected came; the program has settled and it did not come,
//! which is a failure at once; or the deadline passed while the program was still busy.

use std::io::{self, ErrorKind, Read};
use std::net::Shutdown;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Problem, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::settle::Activity;
use crate::evidence::wait::{Wait, Waited};
use crate::harness::compare::{comes_again, difference, is_filled_with_zeros, missing, repeated};
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::platform::acknowledge;
use crate::text::{quote, size};

/// A piece so small, in bytes, that more of it is let come together: taken one by one, each costs a packet and a change of
/// threads.
const TRICKLE: usize = 64;

/// How a program hung up on a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    End,
    /// Something that we sent lay unread in its kernel.
    Reset,
}

/// What `extra` bytes tell that nobody has asked for. What is left over in a buffer is longer than the end of a line.
fn surplus(extra: &[u8]) -> Symptom {
    match extra.len() <= 2 && !extra.contains(&0) {
        true => Symptom::OtherBytes,
        false => Symptom::MoreBytes,
    }
}

/// How a wait for bytes ended.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// As many as were wanted.
    All,
    /// The stream ended.
    End,
    /// The connection broke.
    Reset,
    /// The program has done all that it will do.
    Settled,
    /// The time was over, and the program was still at work.
    TimedOut,
}

impl Arrival {
    /// What to say where nothing came.
    fn nothing(&self) -> &'static str {
        match self {
            Self::TimedOut => "nothing for as long as the lab waited; the stream is still open",
            _ => "nothing; the stream is still open",
        }
    }
}

impl Peer {
    /// Receives exactly `payload`. Of a part, what comes again or is missing is found in the whole.
    pub fn expect(&mut self, payload: impl Into<Payload>) -> Result<&mut Self> {
        let payload = payload.into();
        let (whole, at) = payload.whole();
        let mut received = Vec::new();
        let arrival = self.receive(payload.bytes().len(), &mut received);
        if received == payload.bytes() {
            self.context
                .note_and_wait(&self.connection.label, format!("receives {payload}"));
            self.last = received;
            return Ok(self);
        }
        if let Some(repeated) = repeated(whole, at, &received) {
            return Err(self.misses(Symptom::RepeatedBytes, payload.to_string(), repeated));
        }
        // If as many came as were sent, those that are missing came later: the order is wrong.
        let is_short = received.len() < payload.bytes().len();
        let gap = missing(&whole[at..], &received);
        if let Some(missing) = gap.filter(|_| is_short || self.never_gets_the_rest()) {
            return Err(self.misses(Symptom::MissingBytes, payload.to_string(), missing));
        }
        if !payload.bytes().starts_with(&received) {
            let symptom = match is_filled_with_zeros(payload.bytes(), &received) {
                true => Symptom::MoreBytes,
                false => Symptom::OtherBytes,
            };
            let (expected, received) = difference(payload.bytes(), &received);
            return Err(self.misses(symptom, expected, received));
        }
        let so_far = match received.len() {
            length if length <= 40 => quote(&received),
            length => format!("the first {} of them", size(length)),
        };
        Err(match arrival {
            Arrival::End => self.misses(
                Symptom::End,
                payload.to_string(),
                format!("{so_far}, then the end of the stream"),
            ),
            Arrival::Reset => self.misses(
                Symptom::Reset,
                payload.to_string(),
                format!("{so_far}, then a reset"),
            ),
            Arrival::All | Arrival::Settled => {
                self.misses(Symptom::Silence, payload.to_string(), so_far)
            }
            Arrival::TimedOut => self.misses(
                Symptom::Silence,
                payload.to_string(),
                format!("{so_far}, and no more for as long as the lab waited"),
            ),
        })
    }

    /// Receives exactly `text`, which it has sent. If the program does something else with a text, and passes on other bytes
    /// of the same length, that is the cause.
    pub fn expect_text(&mut self, text: &Payload) -> Result<&mut Self> {
        let Err(mut problem) = self.expect(text).map(drop) else {
            return Ok(self);
        };
        // What another client gets back now comes too late to be a part of this failure, or to tell anything once the time is
        // over.
        if let Problem::Failed(failure) = &mut *problem
            && failure.cause != Cause::TooLong
            && self.noise_comes_back(text.bytes().len()).is_ok()
        {
            failure.cause = Cause::ObeysTheText;
        }
        Err(problem)
    }

    /// A new client gets back so many bytes that are no text, once we have left.
    fn noise_comes_back(&mut self, length: usize) -> Outcome {
        let noise = Payload::noise(length);
        self.stream.shutdown(Shutdown::Both).ok();
        let mut other = Self::connect(&self.context, self.connection.theirs, None)?;
        other.push(noise.bytes())?.expect(&noise)?;
        Ok(())
    }

    /// Whether less comes back than we have sent, however long we wait. A program that was stopped goes on for that.
    fn never_gets_the_rest(&mut self) -> bool {
        self.context.resume();
        let counts = &self.connection.counts;
        let rest = counts.sent().saturating_sub(counts.received());
        rest > 0 && !matches!(self.receive(rest as usize, &mut Vec::new()), Arrival::All)
    }

    /// Receives what `payload` begins with, as much as comes: no byte of it is left out in between.
    pub fn expect_no_gap_in(&mut self, payload: &Payload) -> Result<&mut Self> {
        let mut received = Vec::new();
        self.receive(payload.bytes().len(), &mut received);
        if payload.bytes().starts_with(&received) {
            return Ok(self);
        }
        let symptom = match missing(payload.bytes(), &received) {
            Some(_) => Symptom::MissingBytes,
            None => Symptom::OtherBytes,
        };
        let (expected, received) = difference(payload.bytes(), &received);
        Err(self.misses(symptom, expected, received))
    }

    /// Receives the end of the stream, and no byte before it.
    pub fn expect_end(&mut self) -> Result<&mut Self> {
        let expected = "the end of the stream";
        let mut extra = Vec::new();
        match self.receive(1, &mut extra) {
            Arrival::End => {
                self.context
                    .note_and_wait(&self.connection.label, "receives the end");
                Ok(self)
            }
            Arrival::All => {
                self.receive(64 * 1024, &mut extra);
                Err(self.misses(
                    surplus(&extra),
                    expected,
                    format!("{}, which is too much", quote(&extra)),
                ))
            }
            Arrival::Reset => Err(self.misses(Symptom::Reset, expected, "a reset")),
            arrival @ (Arrival::Settled | Arrival::TimedOut) => {
                Err(self.misses(Symptom::NoEnd, expected, arrival.nothing()))
            }
        }
    }

    /// Receives that the program hangs up on it, and no byte before: the end of the stream, or a reset where the program had not
    /// received all that we sent (RFC 1122, 4.2.2.13).
    pub fn expect_hang_up(&mut self) -> Result<HangUp> {
        let expected = "the end of the stream";
        let mut extra = Vec::new();
        match self.receive(1, &mut extra) {
            Arrival::End => Ok(HangUp::End),
            Arrival::Reset => Ok(HangUp::Reset),
            Arrival::All => Err(self.misses(Symptom::MoreBytes, expected, quote(&extra))),
            arrival @ (Arrival::Settled | Arrival::TimedOut) => {
                Err(self.misses(Symptom::NoEnd, expected, arrival.nothing()))
            }
        }
    }

    /// Receives nothing: the program settles, or ends the stream, without sending another byte. Where nobody
    /// can tell that it has settled, this expects nothing.
    pub fn expect_nothing_more(&mut self) -> Result<&mut Self> {
        if !self.context.can_see_it_settle() {
            return Ok(self);
        }
        let mut extra = Vec::new();
        match self.receive(1, &mut extra) {
            Arrival::All => {
                self.receive(64 * 1024, &mut extra);
                let symptom = match comes_again(&self.last, &extra) {
                    true => Symptom::RepeatedBytes,
                    false => surplus(&extra),
                };
                Err(self.misses(
                    symptom,
                    "not a byte more",
                    format!("{}, which is too much", quote(&extra)),
                ))
            }
            Arrival::End | Arrival::Reset | Arrival::Settled | Arrival::TimedOut => Ok(self),
        }
    }

    /// Receives nothing, and not the end either: the program settles, and the stream is open.
    pub fn expect_silence(&mut self) -> Outcome {
        let expected = "an open stream, and not a byte";
        let mut extra = Vec::new();
        match self.receive(1, &mut extra) {
            Arrival::Settled | Arrival::TimedOut => Ok(()),
            Arrival::All => Err(self.misses(Symptom::MoreBytes, expected, quote(&extra))),
            Arrival::End => Err(self.given_up(expected, "the end of the stream")),
            Arrival::Reset => Err(self.given_up(expected, "a reset")),
        }
    }

    /// It did not receive what was expected. Where there are others, it says whose that was.
    fn misses(
        &self,
        symptom: Symptom,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Box<Problem> {
        let expected = expected.into();
        let is_alone = self.context.connections().len() == 1;
        let whose = match is_alone || self.context.history().is_client {
            true => expected,
            false => format!("{}: {expected}", self.connection.label),
        };
        self.fail(symptom, whose, received)
    }

    /// The program gave us up although we only said nothing.
    fn given_up(&self, expected: &str, received: &str) -> Box<Problem> {
        self.misses(Symptom::Known(Cause::WouldBlockIsFatal), expected, received)
    }

    /// Receives until `received` holds `want` more bytes, the stream ends, the program has settled, or the time is over.
    pub(crate) fn receive(&mut self, want: usize, received: &mut Vec<u8>) -> Arrival {
        if self.is_broken {
            return Arrival::Reset;
        }
        let goal = received.len() + want;
        let mut wait = Wait::until(self.context.deadline());
        let mut buffer = vec![0; want.min(64 * 1024)];
        while received.len() < goal {
            let room = buffer.len().min(goal - received.len());
            match self.stream.read(&mut buffer[..room]) {
                Ok(0) => {
                    self.context.remember(|history| history.saw_the_end = true);
                    return Arrival::End;
                }
                Ok(count) => {
                    received.extend_from_slice(&buffer[..count]);
                    self.connection.counts.add_received(count);
                    match self.context.has_moved(count) {
                        true => wait.begin_again_until(self.context.deadline()),
                        false => wait.begin_again(),
                    }
                    if count < TRICKLE && received.len() < goal {
                        acknowledge(&self.stream);
                        wait.pause();
                    }
                }
                Err(error) if is_nothing_yet(&error) => {
                    acknowledge(&self.stream);
                    match self.goes_on(&mut wait) {
                        Err(Waited::TimedOut) => return Arrival::TimedOut,
                        Err(_settled) => return Arrival::Settled,
                        Ok(()) => {}
                    }
                }
                Err(_broken) => return Arrival::Reset,
            }
        }
        Arrival::All
    }

    /// Whether something may still come. After the program's exit its kernel owes us the end of the stream, unless another
    /// process inherited the socket.
    fn goes_on(&self, wait: &mut Wait) -> Result<(), Waited<()>> {
        let owes_the_end = || {
            let table = self.context.rows_of(&self.connection);
            table.is_none_or(|table| {
                let theirs = self.connection.their_row(&table);
                theirs.is_none_or(|row| row.inode == 0)
            })
        };
        wait.goes_on(|detector| match self.context.observe(detector) {
            Activity::Exited if owes_the_end() => Activity::Running,
            activity => activity,
        })
    }
}

/// `recv` with a timeout says so differently on different systems.
fn is_nothing_yet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
