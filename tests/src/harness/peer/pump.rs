//! A scripted echo server's side of a conversation, for a client that has to send and receive at once.

use std::io::{ErrorKind, Read, Write};

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Problem};
use crate::diagnose::symptom::Symptom;
use crate::evidence::settle::Activity;
use crate::evidence::wait::{Wait, Waited};
use crate::harness::compare::missing;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::text::size;

impl Peer {
    /// Sends back what the program sends, with no more than one buffer of memory, until it half-closes; then
    /// ends the stream too. All in all `payload` must have come.
    pub fn echo_all_of(mut self, payload: &Payload) -> Outcome {
        let mut pump = Pump {
            buffer: vec![0; 64 * 1024],
            start: 0,
            end: 0,
            received: 0,
        };
        let moved = pump.run(&mut self, payload);
        self.note_sent(
            &format!("the echo of {}", size(pump.received)),
            "echoes all that comes",
        );
        match moved {
            Moved::AllAndTheEnd => Ok(()),
            Moved::OtherBytes => {
                // Enough of what came to tell a gap from other bytes.
                let came = &pump.buffer[..pump.end];
                let symptom = match missing(&payload.bytes()[pump.received..], came) {
                    Some(_) => Symptom::MissingBytes,
                    None => Symptom::OtherBytes,
                };
                let place = format!("other bytes after about {}", size(pump.received));
                Err(self.fail(symptom, payload.to_string(), place))
            }
            Moved::Stuck(activity) => Err(self.stuck(activity, &pump, payload)),
            Moved::End => {
                let received = format!("the end of the stream after {}", size(pump.received));
                Err(self.fail(Symptom::End, payload.to_string(), received))
            }
            Moved::Broken => {
                let received = format!("a reset after {}", size(pump.received));
                Err(self.fail(Symptom::Reset, payload.to_string(), received))
            }
        }
    }

    fn stuck(&self, activity: Activity, pump: &Pump, payload: &Payload) -> Box<Problem> {
        let received = format!("{}, and then nothing", size(pump.received));
        let all_came = pump.received == payload.bytes().len();
        let symptom = match activity {
            Activity::Running => Symptom::Known(Cause::TooLong),
            _ if all_came => Symptom::Known(Cause::HalfCloseForgotten),
            Activity::Blocked if pump.start < pump.end => Symptom::Known(Cause::Deadlock),
            _ => Symptom::Silence,
        };
        let expected = if all_came {
            "the end of the stream after".to_string()
        } else {
            String::new()
        };
        self.fail(
            symptom,
            format!("{expected} {payload}").trim().to_string(),
            received,
        )
    }
}

/// One buffer between what came in and what went back.
struct Pump {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    received: usize,
}

enum Moved {
    AllAndTheEnd,
    OtherBytes,
    /// Neither side moves any more.
    Stuck(Activity),
    End,
    Broken,
}

impl Pump {
    fn run(&mut self, peer: &mut Peer, payload: &Payload) -> Moved {
        if peer.stream().set_nonblocking(true).is_err() {
            return Moved::Broken;
        }
        let mut wait = Wait::until(peer.context().deadline());
        loop {
            let received = self.received;
            match self.step(peer, payload) {
                Ok(true) if !wait.has_time() => return Moved::Stuck(Activity::Running),
                Ok(true) if peer.context().has_moved(self.received - received) => {
                    wait.begin_again_until(peer.context().deadline());
                }
                Ok(true) => wait.begin_again(),
                Ok(false) => match peer.context().goes_on(&mut wait) {
                    Ok(()) => wait.pause(),
                    Err(Waited::Settled(activity)) => return Moved::Stuck(activity),
                    Err(_) => return Moved::Stuck(Activity::Running),
                },
                Err(moved) => return moved,
            }
        }
    }

    /// Moves some bytes in one direction. `false` when none can be moved now.
    fn step(&mut self, peer: &Peer, payload: &Payload) -> Result<bool, Moved> {
        if self.start < self.end {
            return match peer.stream().write(&self.buffer[self.start..self.end]) {
                Ok(count) => {
                    self.start += count;
                    Ok(true)
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
                Err(_) => Err(Moved::Broken),
            };
        }
        match peer.stream().read(&mut self.buffer) {
            Ok(0) if self.received == payload.bytes().len() => Err(Moved::AllAndTheEnd),
            Ok(0) => Err(Moved::End),
            Ok(count) => {
                let expected = payload.bytes().get(self.received..self.received + count);
                if expected != Some(&self.buffer[..count]) {
                    self.end = count;
                    return Err(Moved::OtherBytes);
                }
                self.received += count;
                (self.start, self.end) = (0, count);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(_) => Err(Moved::Broken),
        }
    }
}
