//! Why did that happen? From what a check saw and what the program was doing, the cause.

mod event_driven;
pub mod failure;
mod limits;
pub mod polling;
pub mod threaded;

use std::time::Duration;

use crate::course::cause::Cause;
use crate::evidence::Evidence;
use crate::evidence::connection::Connection;
use crate::evidence::history::History;
use crate::evidence::settle::Activity;
use crate::platform::{CallKind, Sample, TcpState};

/// What a check saw that it should not have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symptom {
    /// Nothing, or too little, came; the stream is open.
    Silence,
    /// The stream ended too early.
    End,
    /// The connection was reset.
    Reset,
    /// Other bytes came.
    OtherBytes,
    /// Some of the right bytes came, and a part in their midst did not.
    MissingBytes,
    /// Bytes came again that had come before.
    RepeatedBytes,
    /// The right bytes came, and more behind them.
    MoreBytes,
    /// The stream did not end.
    NoEnd,
    /// The program's address cannot be connected to.
    Refused,
    /// The program does not sleep.
    NoRest,
    /// Its other work does not go on.
    NoTicks,
    /// The program does not exit.
    NoExit,
    /// The check knows the cause.
    Known(Cause),
}

/// A nap for which a server has no reason.
const LONG_NAP: Duration = Duration::from_secs(1);

impl Evidence<'_> {
    /// The cause that explains `symptom` here.
    #[must_use]
    pub fn cause(&self, symptom: Symptom) -> Cause {
        let History {
            is_client,
            was_reset,
            ..
        } = self.history;
        let is_ended = self.exited.is_some();
        if let Some(cause) = self
            .want_of_threads(symptom)
            .or_else(|| self.out_of_bounds())
        {
            return cause;
        }
        match symptom {
            _ if self.ended_by_an_interruption() => Cause::InterruptedIsFatal,
            _ if self.ended_by_would_block() => Cause::WouldBlockIsFatal,
            // A panic in one of many threads ends that thread alone.
            _ if self.panicked_at_an_error() && was_reset && is_ended && !is_client => {
                Cause::EndedByAClient
            }
            _ if self.panicked() => Cause::Panicked,
            // What is missing on record is somebody who broke off, and is told of again and again.
            Symptom::Known(Cause::NotRecorded) if self.was_told_again() => {
                Cause::BrokenConnectionKept
            }
            Symptom::Known(Cause::NotRecorded) if self.keeps_a_broken_connection() => {
                Cause::ErrorIgnored
            }
            Symptom::Known(cause) => cause,
            _ if is_ended && was_reset && !is_client => Cause::EndedByAClient,
            Symptom::Refused if self.never_listened() => Cause::NeverListened,
            Symptom::OtherBytes => Cause::WrongBytes,
            Symptom::MissingBytes => Cause::TailLost,
            Symptom::RepeatedBytes => Cause::SentTwice,
            Symptom::MoreBytes => self.if_unasked(Cause::WrongBytes, Cause::StaleBytes),
            Symptom::End => self.why_ended(),
            Symptom::Reset => self.why_reset(),
            Symptom::Refused if self.exited.is_some() => Cause::ExitedEarly,
            Symptom::Refused => Cause::WrongAddress,
            Symptom::Silence => self.why_silent(),
            Symptom::NoEnd => self.why_open(),
            Symptom::NoTicks => self.why_no_ticks(),
            // That it never came to rest was seen already, for longer than this last look.
            Symptom::NoRest if self.lost_by_would_block() => Cause::WouldBlockIsFatal,
            Symptom::NoRest => self.why_busy(),
            Symptom::NoExit if self.history.listener_broke => Cause::ErrorIgnored,
            Symptom::NoExit if self.look == Activity::Spinning => self.why_busy(),
            Symptom::NoExit => self.why_running(),
        }
    }

    /// Whether it panicked because a call had failed: "Os { code: 104, …" or "(os error 104)".
    fn panicked_at_an_error(&self) -> bool {
        self.panicked() && (self.stderr.contains("Os {") || self.stderr.contains("(os error "))
    }

    /// Whether it panicked, and not in a step that is not written yet.
    fn panicked(&self) -> bool {
        self.stderr.contains("panicked at ") && self.unwritten.is_none()
    }

    fn why_ended(&self) -> Cause {
        match self.history {
            _ if self.ended_by_itself() => Cause::ExitedEarly,
            History {
                is_client: true, ..
            } => Cause::HalfClosedTooEarly,
            History {
                send_was_interrupted: true,
                ..
            } => Cause::TailLost,
            _ => self
                .why_given_up()
                .unwrap_or_else(|| self.if_unasked(Cause::WrongBytes, Cause::ClosedTooEarly)),
        }
    }

    fn why_reset(&self) -> Cause {
        match self.history {
            _ if self.ended_by_itself() => Cause::ExitedEarly,
            // Whoever hangs up with bytes unread makes the kernel send a reset.
            History {
                peer_sent: true,
                peer_ended: false,
                ..
            } => self.why_given_up().unwrap_or(Cause::ClosedTooEarly),
            _ => Cause::ResetInsteadOfEnd,
        }
    }

    fn why_silent(&self) -> Cause {
        if self.history.is_client {
            return match self.at {
                None => Cause::NeverConnected,
                Some(_) if self.ended_by_itself() => Cause::ExitedEarly,
                Some(_) if self.sends_no_more() => Cause::SenderThreadGone,
                Some(_) => self.if_moving(Cause::WaitsForMore),
            };
        }
        match self.why_unserved() {
            _ if self.ended_by_itself() => Cause::ExitedEarly,
            _ if self.has_a_long_nap() => Cause::LongNap,
            _ if self.waits_in_spite_of_ticks() => Cause::StillBlocking,
            _ if self.sleeps_at_a_lock() => Cause::LockKept,
            Some(cause) => cause,
            None if self.sleeps_until_ready() => self.why_not_woken(),
            None if self.look == Activity::Spinning && self.ticks() => self.why_passed_over(),
            None if self.has_room_for_the_rest() => Cause::RemainderNotSent,
            None if self.look == Activity::Spinning => self.why_busy(),
            None if self.history.send_was_interrupted => self.if_moving(Cause::TailLost),
            None => self.if_moving(Cause::WaitsForMore),
        }
    }

    fn why_open(&self) -> Cause {
        if let Some(cause) = self.why_not_closed() {
            return cause;
        }
        match self.look {
            _ if self.history.is_client => Cause::HalfCloseForgotten,
            _ if self.sleeps_until_ready() => self.why_not_woken_by_the_end(),
            _ if self.says_that_it_left() => Cause::NotClosed,
            _ if self.has_a_long_nap() => Cause::LongNap,
            Activity::Spinning if self.leaves_what_it_asks_for() => Cause::ReadinessNotConsumed,
            Activity::Spinning => self.why_unserved().unwrap_or(Cause::EndIgnored),
            _ => self
                .why_unserved()
                .unwrap_or_else(|| self.if_moving(Cause::NotClosed)),
        }
    }

    pub(crate) fn has_a_long_nap(&self) -> bool {
        let nap = self.sample.as_ref().and_then(Sample::longest_nap);
        nap.is_some_and(|nap| nap >= LONG_NAP)
    }

    fn why_busy(&self) -> Cause {
        if self.has_a_long_nap() {
            return Cause::LongNap;
        }
        if self.leaves_what_it_asks_for() {
            return Cause::ReadinessNotConsumed;
        }
        if self.asks_for_room() {
            return Cause::WritableInterestAlwaysOn;
        }
        if self.history.peer_ended && self.keeps_what_has_ended() {
            Cause::EndIgnored
        } else {
            Cause::Busy
        }
    }

    /// Whether a stream that one of our peers has ended is still open at its end, as far as anybody can tell.
    fn keeps_what_has_ended(&self) -> bool {
        let is_open = |connection: &Connection| {
            let row = connection.their_row(&self.table);
            row.is_some_and(|row| row.state == TcpState::CloseWait)
        };
        self.table.is_empty() || self.connections.iter().any(is_open)
    }

    fn why_running(&self) -> Cause {
        let waits_in = |kind| self.parked_calls().any(|call| call.kind == kind);
        match self.history.is_client {
            false => Cause::NotAtItsAddress,
            true if waits_in(CallKind::Recv) => Cause::WaitsForMore,
            true => self.if_moving(Cause::WrongExit),
        }
    }

    /// What a server does before anybody has asked for anything is told by `unasked`.
    fn if_unasked(&self, unasked: Cause, otherwise: Cause) -> Cause {
        if self.history.peer_sent || self.history.is_client {
            otherwise
        } else {
            unasked
        }
    }

    fn if_moving(&self, otherwise: Cause) -> Cause {
        if self.look == Activity::Running {
            Cause::TooLong
        } else {
            otherwise
        }
    }

    /// Whether the program is gone for another reason than a step that is not written yet.
    pub(crate) fn ended_by_itself(&self) -> bool {
        self.exited.is_some() && self.unwritten.is_none()
    }

    fn never_listened(&self) -> bool {
        // accept(2): EINVAL, on Windows WSAEINVAL.
        let refused =
            self.stderr.contains("(os error 22)") || self.stderr.contains("(os error 10022)");
        self.exited.is_some() && refused
    }

    /// Whether all that is left of a client is the thread that receives.
    fn sends_no_more(&self) -> bool {
        let mut calls = self.parked_calls();
        self.threads() == 1
            && calls.any(|call| call.kind == CallKind::Recv && self.wire_of(call).is_some())
    }

    /// Why a connection got nothing, if the reason is that the program is not reading from it.
    pub(crate) fn why_unserved(&self) -> Option<Cause> {
        let row = self.at?.their_row(&self.table)?;
        let waits_for_another = self.parked_calls().any(|call| {
            matches!(call.kind, CallKind::Recv | CallKind::Send)
                && self
                    .wire_of(call)
                    .is_some_and(|connection| Some(connection) != self.at)
        });
        if row.inode == 0 {
            // Still in the backlog.
            if self.history.was_reset && self.ticks() && self.keeps_somebody() {
                return Some(Cause::ErrorIgnored);
            }
            return Some(match (waits_for_another, self.accepted_before()) {
                (true, _) => Cause::WaitsForAnother,
                (false, true) if self.sleeps_until_told() => Cause::EdgeNotDrained,
                (false, _) if self.sleeps_until_ready() && !self.sleeps_until_told() => {
                    Cause::InterestMissing
                }
                (false, true) => Cause::AcceptsOnce,
                (false, false) => Cause::NeverAccepted,
            });
        }
        (row.unread > 0 && waits_for_another).then_some(Cause::WaitsForAnother)
    }

    /// Whether the program has accepted any connection yet, as far as our peers can tell.
    fn accepted_before(&self) -> bool {
        let Some(at) = self.at else { return false };
        let earlier = self
            .connections
            .iter()
            .take_while(|connection| *connection != at);
        let said_so = self.said.contains(" connected");
        said_so
            || earlier
                .into_iter()
                .any(|connection| self.was_accepted(connection))
    }
}
