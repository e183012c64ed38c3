//! What is expected of a server's system calls, which the kernel reports to the lab, and answers of ours to some of them.

use std::net::SocketAddr;
use std::time::Duration;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::calls::LongRound;
use crate::evidence::last_words::LastWords;
use crate::harness::audit;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::harness::server::Server;
use crate::platform::{
    Answer, CallCounts, CallKind, Fault, SocketOption, SystemError, WatchedCall, descriptors,
};
use crate::text::{counted, duration, joined};

/// The longest nap that the contract of a polling server allows.
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// How many naps may lie in one round: some, for programs that are odd but right.
const MOST_NAPS_IN_A_ROUND: usize = 3;

/// How often a program may call `recv` between a byte and its answer: once, once more to hear that no more has come, and some
/// for programs that are odd but right.
const MOST_RECEIVES: usize = 5;

/// How often a program may try to send the same in one round. One that tries for a while makes hundreds of calls.
const MOST_TRIES: usize = 50;

impl Server {
    /// Since it announced its address it has waited only in calls that another side ends: no sleep, no timer, and no wait
    /// with a timeout of less than a minute.
    pub fn expect_no_waits_of_its_own(&self) -> Result<&Self> {
        let calls = self.context.calls_since_the_announcement();
        let expected = "a server that sleeps only until a client does something, and never for a time of its own";
        audit::no_waits_of_its_own(&self.context, calls, expected)?;
        Ok(self)
    }

    /// Since it announced its address it has never slept for more than 5 ms in one go.
    pub fn expect_short_naps_only(&self) -> Result<&Self> {
        let calls = self.context.calls_since_the_announcement();
        match calls.and_then(|calls| calls.sleep_of_more_than(LONGEST_NAP)) {
            None => Ok(self),
            Some(nap) => Err(self.context.fail_because(
                Cause::LongNap,
                "no nap of more than 5 ms",
                format!("a nap of {}", duration(nap)),
            )),
        }
    }

    /// Each round of its loop was short: no nap of more than 5 ms, and neither naps nor work for which ticks had to wait.
    pub fn expect_short_rounds(&self) -> Result<&Self> {
        self.expect_short_naps_only()?;
        let calls = self.context.calls_since_the_announcement();
        let received = match calls.and_then(|calls| calls.long_round()) {
            None => return Ok(self),
            Some(LongRound::Naps(naps)) => format!("naps of {} between two ticks", duration(naps)),
            Some(LongRound::Work(work)) => {
                format!(
                    "{} of work between two ticks, with no more than one or two calls on a socket",
                    duration(work)
                )
            }
        };
        let expected = "short rounds: between two ticks it comes round many times";
        Err(self
            .context
            .fail_because(Cause::OtherWorkStarved, expected, received))
    }

    /// It naps once in a round, however many clients it has.
    pub fn expect_one_nap_a_round(&self) -> Result<&Self> {
        let calls = self
            .context
            .calls_since_the_announcement()
            .unwrap_or_default();
        // Those of clients may stand in a row, if they are not asked any more. Before the first client there are none.
        let most = |clients| MOST_NAPS_IN_A_ROUND + clients;
        let alone = calls.most_naps_in_a_row_before_the_first_client();
        let in_a_row = calls.most_naps_in_a_row();
        if alone > most(0) || in_a_row > most(self.context.connections().len()) {
            return Err(self.context.fail_because(
                Cause::LongNap,
                "after each nap a look at the sockets",
                format!("{in_a_row} naps in a row, with no call on a socket between them"),
            ));
        }
        match calls.most_naps_in_a_round() {
            naps if naps > MOST_NAPS_IN_A_ROUND => Err(self.context.fail_because(
                Cause::NapPerClient,
                "one nap in a round",
                format!("{naps} naps, and no socket was asked a second time meanwhile"),
            )),
            _ => Ok(self),
        }
    }

    /// What comes from `peer` goes back before the server asks again and again whether more has come.
    pub fn expect_answer_before_more_is_asked(
        &self,
        peer: &mut Peer,
        question: &Payload,
    ) -> Outcome {
        self.descriptor_for(peer)?;
        let counts = || self.context.call_counts().unwrap_or_default();
        self.stop()?;
        // It may have copies of the descriptor, and receive on one of them.
        let numbers = self.descriptors_of(peer);
        let before = counts();
        peer.send(question)?.wait_until_delivered()?;
        self.resume();
        peer.expect(question)?;
        // Both are to show the same calls.
        self.stop()?;
        let now = counts();
        let count = numbers.iter().map(|one| now.on_since(&before, *one)).sum();
        let calls = self.context.calls().unwrap_or_default();
        self.resume();
        match calls.receives_before_a_send(count, peer.connection.ours) {
            times if times > MOST_RECEIVES => Err(peer.fail(
                Symptom::Known(Cause::RemainderNotSent),
                "what has come goes back before recv is called again",
                format!("{times} calls of recv on its socket before the first send"),
            )),
            _ => Ok(()),
        }
    }

    /// What the kernel had no room for it has not tried to send again and again, in a loop of its own; every call has to be
    /// watched.
    pub fn expect_few_tries_to_send(&self) -> Result<&Self> {
        let calls = self.context.calls_since_the_announcement();
        match calls.map_or(0, |calls| calls.most_tries_to_send()) {
            tries if tries > MOST_TRIES => Err(self.context.fail_because(
                Cause::OtherWorkStarved,
                "a loop that goes round when there is no room to send",
                format!("{tries} calls of send in a row with the same bytes"),
            )),
            _ => Ok(self),
        }
    }

    /// It has started no thread and no process, not even for a moment.
    pub fn expect_no_new_threads(&self) -> Result<&Self> {
        let calls = self.context.calls();
        match calls.map_or(0, |calls| calls.started_tasks()) {
            0 => Ok(self),
            started => {
                let received = match started {
                    1 => "it has started another thread".to_string(),
                    many => format!("it has started {many} other threads"),
                };
                let expected = "one thread, which does everything";
                Err(self
                    .context
                    .fail_because(Cause::TooManyThreads, expected, received))
            }
        }
    }

    /// It listens at the address that it announced, and at no other.
    pub fn expect_one_listener(&self) -> Result<&Self> {
        self.context.wait_until_settled();
        let places = self.context.listens_at();
        if places.iter().all(|place| *place == self.address()) {
            return Ok(self);
        }
        Err(self.context.fail_because(
            Cause::NotAtItsAddress,
            format!("a server that listens at {} alone", self.address()),
            format!("it listens at {}", joined(&places)),
        ))
    }

    /// It has set no limit of time on any socket: neither on `recv` or `send`, nor on the connection.
    pub fn expect_no_time_limits(&self) -> Result<&Self> {
        audit::no_time_limits(&self.context, |_| true)?;
        Ok(self)
    }

    /// It has not made the kernel keep small pieces back.
    pub fn expect_no_held_back_bytes(&self) -> Result<&Self> {
        audit::no_held_back_bytes(&self.context)?;
        Ok(self)
    }

    /// It has not made `close` wait for a client.
    pub fn expect_no_waiting_close(&self) -> Result<&Self> {
        let calls = self.context.calls();
        match calls.is_some_and(|calls| calls.options().any(|one| one == SocketOption::Linger)) {
            false => Ok(self),
            true => Err(self.context.fail_because(
                Cause::DelayedByAnOption,
                "a close that does not wait",
                "it has set SO_LINGER with a time, and close waits for so long",
            )),
        }
    }

    /// It has set no limit of time on a connection whose client does not read. On calls that never wait one is without effect.
    pub fn expect_unlimited_delivery(&self) -> Result<&Self> {
        let counts = |option| option == SocketOption::UserTimeout;
        audit::no_time_limits(&self.context, counts)?;
        Ok(self)
    }

    /// It has set no limit of time on a connection, nor on calls that send.
    pub fn expect_unlimited_sending(&self) -> Result<&Self> {
        let limits = [SocketOption::UserTimeout, SocketOption::SendTimeout];
        audit::no_time_limits(&self.context, |option| limits.contains(&option))?;
        Ok(self)
    }

    /// How often it has made which calls so far, once it has settled.
    pub fn count_calls(&self) -> Result<CallCounts> {
        self.context.wait_until_settled();
        match self.context.call_counts() {
            Some(counts) => Ok(counts),
            None => Err(anyhow::anyhow!("a check counts calls that are not reported").into()),
        }
    }

    /// Since it has accepted `silent`, it has not called `recv` on any of their sockets.
    pub fn expect_nothing_asked_of(&self, silent: &[Peer]) -> Outcome {
        self.context.wait_until_settled();
        for silent in silent {
            let ours = Some(silent.connection.ours);
            let asks = |call: &WatchedCall| matches!(call, WatchedCall::On { kind: CallKind::Recv, peer, .. } if *peer == ours);
            if self
                .context
                .calls()
                .is_some_and(|calls| calls.calls().any(asks))
            {
                return Err(silent.fail(
                    Symptom::Known(Cause::ScansIdleClients),
                    "no recv on a socket of which the kernel has not said that it can be read",
                    format!(
                        "recv was called on the socket of {}, which has sent nothing",
                        silent.connection.label
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Since `then` it has made no call on the sockets of `silent`, none of whom has said anything.
    pub fn expect_no_calls_on(&self, silent: &[Peer], then: &CallCounts) -> Outcome {
        let now = self.count_calls()?;
        for peer in silent {
            let calls = now.on_since(then, self.descriptor_for(peer)?);
            if calls > 0 {
                return Err(peer.fail(
                    Symptom::Known(Cause::ScansIdleClients),
                    "no call on the sockets of those who send nothing",
                    format!(
                        "{} on the socket of {}",
                        counted(calls as usize, "call"),
                        peer.connection.label
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Since `then` it has made no call on its listening socket: nobody has come.
    pub fn expect_no_calls_on_the_listener(&self, then: &CallCounts) -> Outcome {
        let row = self.context.listener_row();
        let listener = row.and_then(|row| self.descriptor_of(row));
        let now = self.count_calls()?;
        let calls = listener.map_or(0, |listener| now.on_since(then, listener));
        if calls == 0 {
            return Ok(());
        }
        Err(self.context.fail_because(
            Cause::ScansIdleClients,
            "no call on the listening socket while nobody comes",
            format!("{calls} calls of accept, or the like"),
        ))
    }

    /// In no round it has called `accept` more than so many times, and once more for the answer that nobody is left.
    pub fn expect_accepts_at_most(&self, batch: usize) -> Outcome {
        let calls = self.context.calls_since_the_announcement();
        match calls.map_or(0, |calls| calls.most_accepts_in_a_round()) {
            accepts if accepts > batch + 1 => Err(self.context.fail_because(
                Cause::Starved,
                format!("at most {batch} clients accepted in one round"),
                format!("{accepts} calls of accept, and no wait for the others between them"),
            )),
            _ => Ok(()),
        }
    }

    /// No thread of it has panicked.
    pub fn expect_no_panic(&self) -> Outcome {
        self.context.wait_until_settled();
        let errors = self.process.stderr.text();
        match LastWords::read(&errors).panic {
            None => Ok(()),
            Some(_) => Err(self.context.fail_because(
                Cause::Panicked,
                "a thread that ends by returning",
                "a panic",
            )),
        }
    }

    /// The next `accept` fails with `error`.
    pub fn fail_next_accept(&self, error: SystemError) -> Outcome {
        self.context
            .remember(|history| history.listener_broke = true);
        self.fail_next(CallKind::Accept, None, error)
    }

    /// Each further `accept` fails with `error`.
    pub fn fail_every_accept(&self, error: SystemError) -> Outcome {
        self.context
            .remember(|history| history.listener_broke = true);
        self.context.answer(Fault {
            kind: CallKind::Accept,
            peer: None,
            answer: Answer::Error(error),
            times: u64::MAX,
        })
    }

    /// The next `recv` on the socket of `peer` fails with `error`.
    pub fn fail_next_recv_from(&self, peer: &Peer, error: SystemError) -> Outcome {
        self.remember_broken(error);
        self.descriptor_for(peer)?;
        self.fail_next(CallKind::Recv, Some(peer.connection.ours), error)
    }

    /// The next `send` on the socket of `peer` fails with `error`.
    pub fn fail_next_send_to(&self, peer: &Peer, error: SystemError) -> Outcome {
        self.remember_broken(error);
        self.descriptor_for(peer)?;
        self.fail_next(CallKind::Send, Some(peer.connection.ours), error)
    }

    /// Each further `send` on the socket of `peer` fails with `error`.
    pub fn fail_every_send_to(&self, peer: &Peer, error: SystemError) -> Outcome {
        self.remember_broken(error);
        self.descriptor_for(peer)?;
        self.context.answer(Fault {
            kind: CallKind::Send,
            peer: Some(peer.connection.ours),
            answer: Answer::Error(error),
            times: u64::MAX,
        })
    }

    /// The next wait for readiness fails with `error`.
    pub fn fail_next_wait(&self, error: SystemError) -> Outcome {
        self.fail_next(CallKind::Poll, None, error)
    }

    /// Each `send` takes no more than so many bytes, as it may.
    pub fn shorten_sends(&self, bytes: usize) -> Outcome {
        self.context
            .remember(|history| history.send_was_interrupted = true);
        self.context.answer(Fault {
            kind: CallKind::Send,
            peer: None,
            answer: Answer::AtMost(bytes),
            times: u64::MAX,
        })
    }

    /// Whether the program is now told that a connection is broken.
    fn remember_broken(&self, error: SystemError) {
        if matches!(
            error,
            SystemError::ConnectionReset | SystemError::BrokenPipe
        ) {
            self.context
                .remember(|history| history.was_told_of_a_break = true);
        }
    }

    fn fail_next(&self, kind: CallKind, peer: Option<SocketAddr>, error: SystemError) -> Outcome {
        self.context.answer(Fault {
            kind,
            peer,
            answer: Answer::Error(error),
            times: 1,
        })
    }

    /// All of its descriptors of the connection to `peer`.
    pub(super) fn descriptors_of(&self, peer: &Peer) -> Vec<i32> {
        let rows = self.context.rows_of(&peer.connection).unwrap_or_default();
        let inode = peer.connection.their_row(&rows).map(|row| row.inode);
        let open = descriptors(self.process.pid()).unwrap_or_default();
        let copies = open.iter().filter(|one| one.socket == inode);
        copies
            .filter_map(|one| one.socket.map(|_| one.number))
            .collect()
    }

    /// The number by which the program knows the socket of `peer`, once it has accepted it.
    fn descriptor_for(&self, peer: &Peer) -> Result<i32> {
        let found = self.context.wait_until(|| {
            let rows = self.context.rows_of(&peer.connection)?;
            self.descriptor_of(*peer.connection.their_row(&rows)?)
        });
        found.reached().ok_or_else(|| {
            let expected = "a server that holds the socket of its client";
            let received = format!("it has not accepted {}", peer.connection.label);
            peer.fail(Symptom::Silence, expected, received)
        })
    }
}
