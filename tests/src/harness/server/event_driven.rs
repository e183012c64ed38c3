//! What is expected of a server that sleeps in one wait for all of its sockets.

use std::time::Duration;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::settle::Activity;
use crate::evidence::wait::Waited;
use crate::harness::peer::Peer;
use crate::harness::server::Server;
use crate::platform::{self, CallKind, SleepingCall};
use crate::text::duration;

/// What [`Server::expect_sleeping_until_ready`] expects.
const EXPECTED: &str =
    "a server with one thread, which sleeps in one wait for all sockets, without a timeout";

impl Server {
    /// It has one thread, which sleeps until one of its sockets is ready, in `poll` or in a call like it, and never by
    /// the clock.
    pub fn expect_sleeping_until_ready(&self) -> Result<&Self> {
        let activity = self.settles_or_naps();
        let threads = self
            .context
            .sample()
            .map_or_else(Vec::new, |sample| sample.threads);
        let call = threads.iter().find_map(|thread| thread.call);
        let (symptom, received) = match activity {
            // That a later step ended it is no excuse: it was woken.
            Ok(Activity::Exited)
                if self.context.history().is_silent() && self.context.died_in_a_later_step() =>
            {
                // With room to send for a reason it would have been woken at once.
                let cause = match self.context.history().slept_beside_clients {
                    true => Cause::AnswersMixedUp,
                    false => Cause::WritableInterestAlwaysOn,
                };
                let received = "it was woken although no client has sent anything";
                return Err(self
                    .context
                    .fail_because(cause, EXPECTED, received)
                    .for_good());
            }
            Ok(Activity::Exited) => (Symptom::End, "the server is gone".into()),
            _ if threads.len() > 1 => (
                Symptom::Known(Cause::TooManyThreads),
                format!("{} threads", threads.len()),
            ),
            Err(SleepingCall { kind, nap, .. }) => {
                let (cause, what) = match kind {
                    CallKind::Sleep => (Cause::SleepsOnItsOwn, "it sleeps by the clock"),
                    _ => (
                        Cause::WakesOnATimer,
                        "it waits no longer than it has asked for",
                    ),
                };
                let nap = nap.map_or_else(String::new, |nap| format!(": {}", duration(nap)));
                (Symptom::Known(cause), format!("{what}{nap}"))
            }
            Ok(Activity::Blocked) => match call {
                Some(call) if call.kind != CallKind::Poll => (
                    Symptom::Known(Cause::SleepsAtOneSocket),
                    "it sleeps somewhere else".into(),
                ),
                _ => {
                    let has_clients = !self.context.connections().is_empty();
                    self.context.remember(|history| {
                        history.slept_until_ready = true;
                        history.slept_beside_clients |= has_clients;
                    });
                    return Ok(self);
                }
            },
            Ok(Activity::Running) => (
                Symptom::Known(Cause::TooLong),
                "it was still at work when the time was over".into(),
            ),
            Ok(Activity::Spinning) if self.context.history().was_reset => (
                Symptom::Known(Cause::BrokenConnectionKept),
                "it never came to rest".into(),
            ),
            Ok(Activity::Spinning) => (Symptom::NoRest, "it never came to rest".into()),
        };
        Err(self.context.fail(symptom, EXPECTED, received, None))
    }

    /// Waits until it has settled. As soon as it is seen to sleep by the clock, the call that it does so in.
    fn settles_or_naps(&self) -> Result<Activity, SleepingCall> {
        // What goes on after a signal does not show whether it has a timeout, and a timeout of zero is no nap.
        let naps = |call: &SleepingCall| {
            call.timed && call.kind != CallKind::Other && call.nap != Some(Duration::ZERO)
        };
        let nap = self.context.wait_until(|| {
            let sample = self.context.sample();
            let threads = sample.iter().flat_map(|sample| &sample.threads);
            threads.filter_map(|thread| thread.call).find(naps)
        });
        match nap {
            Waited::Reached(call) => Err(call),
            Waited::Settled(activity) => Ok(activity),
            Waited::TimedOut => Ok(Activity::Running),
        }
    }

    /// It has accepted all of `peers`, whatever it did with them then.
    pub fn expect_accepted(&self, peers: &[Peer]) -> Outcome {
        self.context.wait_until_settled();
        let waits = |peer: &&Peer| {
            let table = peer.context.rows_of(&peer.connection).unwrap_or_default();
            let row = peer.connection.their_row(&table);
            row.is_some_and(|row| row.inode == 0)
        };
        match peers.iter().find(waits) {
            _ if self.process.exited().is_some() => {
                let expected = "a server that runs";
                Err(self
                    .context
                    .fail(Symptom::End, expected, "the server is gone", None))
            }
            None => Ok(()),
            Some(peer) => Err(peer.fail(
                Symptom::Silence,
                "that everybody who connected is accepted",
                format!("{} waits in the backlog", peer.connection.label),
            )),
        }
    }

    /// While it serves the others, it leaves alone the first of `peers`, of whom there is no news: the kernel is asked not
    /// to tell of a single byte. When it may, that is answered.
    pub fn expect_no_scan(&self, peers: &mut [Peer]) -> Outcome {
        let [quiet, others @ ..] = peers else {
            return Ok(());
        };
        // A turn that is still due is no scan: it may find that nothing is left.
        self.context.wait_until_settled();
        let rows = quiet.context.rows_of(&quiet.connection).unwrap_or_default();
        let row = quiet.connection.their_row(&rows).copied();
        let Some(descriptor) = row.and_then(|row| self.descriptor_of(row)) else {
            let expected = "a server that holds the sockets of its clients";
            return Err(quiet.fail(
                Symptom::Silence,
                expected,
                "it has not accepted all of them",
            ));
        };
        let tell_when_there_are =
            |bytes| platform::tell_when_there_are(bytes, self.process.pid(), descriptor);
        tell_when_there_are(2)?;
        quiet.send("?")?;
        let deadline = self.context.deadline();
        deadline.until(|| quiet.is_unread().then_some(()));
        for other in others.iter_mut().take(5) {
            other.send("hello")?.expect("hello")?;
        }
        if !quiet.is_unread() {
            return Err(quiet.fail(
                Symptom::Known(Cause::ScansIdleClients),
                "a server that receives only from those of whom there is news",
                format!(
                    "it has called recv on the socket of {}, of whose byte the kernel had not told it",
                    quiet.connection.label
                ),
            ));
        }
        tell_when_there_are(1)?;
        quiet.expect("?").map(drop)
    }
}
