//! Why did that happen? From what a check saw and what the program was doing, the cause.

use crate::calm::Look;
use crate::cause::Cause;
use crate::platform::CallKind;
use crate::scene::Facts;
use crate::situation::Situation;

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
    /// The right bytes came, and more behind them.
    MoreBytes,
    /// The stream did not end.
    NoEnd,
    /// The program's address cannot be connected to.
    Refused,
    /// The program does not sleep.
    NoRest,
    /// The program does not exit.
    NoExit,
    /// The check knows the cause.
    Known(Cause),
}

impl Situation<'_> {
    /// The cause that explains `symptom` here.
    #[must_use]
    pub fn cause(&self, symptom: Symptom) -> Cause {
        let Facts {
            is_client,
            was_reset,
            ..
        } = self.facts;
        match symptom {
            _ if self.panicked() && was_reset && !is_client => Cause::EndedByAClient,
            _ if self.panicked() => Cause::Panicked,
            Symptom::Known(cause) => cause,
            _ if self.exited.is_some() && was_reset && !is_client => Cause::EndedByAClient,
            Symptom::Refused if self.never_listened() => Cause::NeverListened,
            Symptom::OtherBytes => Cause::WrongBytes,
            Symptom::MissingBytes => Cause::TailLost,
            Symptom::MoreBytes => self.if_unasked(Cause::WrongBytes, Cause::StaleBytes),
            Symptom::End => self.why_ended(),
            Symptom::Reset => self.why_reset(),
            Symptom::Refused if self.ended_by_itself() => Cause::ExitedEarly,
            Symptom::Refused => Cause::WrongAddress,
            Symptom::Silence => self.why_silent(),
            Symptom::NoEnd => self.why_open(),
            // That it never came to rest was seen already, for longer than this last look.
            Symptom::NoRest => self.why_busy(),
            Symptom::NoExit if self.look == Look::Busy => self.why_busy(),
            Symptom::NoExit => self.why_running(),
        }
    }

    /// Whether it panicked, and not in a step that is not written yet.
    fn panicked(&self) -> bool {
        self.stderr.contains("panicked at ") && self.unwritten.is_none()
    }

    fn why_ended(&self) -> Cause {
        match self.facts {
            _ if self.ended_by_itself() => Cause::ExitedEarly,
            Facts {
                is_client: true, ..
            } => Cause::HalfClosedTooEarly,
            Facts {
                send_was_interrupted: true,
                ..
            } => Cause::TailLost,
            _ => self.if_unasked(Cause::WrongBytes, Cause::ClosedTooEarly),
        }
    }

    fn why_reset(&self) -> Cause {
        match self.facts {
            _ if self.ended_by_itself() => Cause::ExitedEarly,
            // Whoever hangs up with bytes unread makes the kernel send a reset.
            Facts {
                peer_sent: true,
                peer_ended: false,
                ..
            } => Cause::ClosedTooEarly,
            _ => Cause::ResetInsteadOfEnd,
        }
    }

    fn why_silent(&self) -> Cause {
        if self.facts.is_client {
            return match self.at {
                None => Cause::NeverConnected,
                Some(_) if self.ended_by_itself() => Cause::ExitedEarly,
                Some(_) if self.sends_no_more() => Cause::NobodySends,
                Some(_) => self.if_moving(Cause::WaitsForMore),
            };
        }
        match self.why_unserved() {
            _ if self.ended_by_itself() => Cause::ExitedEarly,
            Some(cause) => cause,
            None if self.look == Look::Busy => self.why_busy(),
            None if self.facts.send_was_interrupted => self.if_moving(Cause::TailLost),
            None => self.if_moving(Cause::WaitsForMore),
        }
    }

    fn why_open(&self) -> Cause {
        match self.look {
            _ if self.facts.is_client => Cause::HalfCloseForgotten,
            Look::Busy => Cause::EndIgnored,
            _ => self
                .why_unserved()
                .unwrap_or_else(|| self.if_moving(Cause::NotClosed)),
        }
    }

    fn why_busy(&self) -> Cause {
        if self.facts.peer_ended {
            Cause::EndIgnored
        } else {
            Cause::Busy
        }
    }

    fn why_running(&self) -> Cause {
        let waits_in = |kind| self.parked_calls().any(|call| call.kind == kind);
        match self.facts.is_client {
            false => Cause::NotAtItsAddress,
            true if waits_in(CallKind::Recv) => Cause::WaitsForMore,
            true => self.if_moving(Cause::WrongExit),
        }
    }

    /// What a server does before anybody has asked for anything is told by `unasked`.
    fn if_unasked(&self, unasked: Cause, otherwise: Cause) -> Cause {
        if self.facts.peer_sent || self.facts.is_client {
            otherwise
        } else {
            unasked
        }
    }

    fn if_moving(&self, otherwise: Cause) -> Cause {
        if self.look == Look::Moving {
            Cause::TooLong
        } else {
            otherwise
        }
    }

    /// Whether the program is gone for another reason than a step that is not written yet.
    fn ended_by_itself(&self) -> bool {
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
        let only = self
            .sample
            .as_ref()
            .is_some_and(|sample| sample.threads.len() == 1);
        let mut calls = self.parked_calls();
        only && calls.any(|call| call.kind == CallKind::Recv && self.wire_of(call).is_some())
    }

    /// Why a connection got nothing, if the reason is that the program is not reading from it.
    fn why_unserved(&self) -> Option<Cause> {
        let row = self.at?.their_row(&self.table)?;
        let waits_for_another = self.parked_calls().any(|call| {
            call.kind == CallKind::Recv
                && self.wire_of(call).is_some_and(|wire| Some(wire) != self.at)
        });
        if row.inode == 0 {
            // Still in the backlog.
            return Some(match (waits_for_another, self.accepted_before()) {
                (true, _) => Cause::WaitsForAnother,
                (false, true) => Cause::AcceptsOnce,
                (false, false) => Cause::NeverAccepted,
            });
        }
        (row.unread > 0 && waits_for_another).then_some(Cause::WaitsForAnother)
    }

    /// Whether the program has accepted any connection yet, as far as our peers can tell.
    fn accepted_before(&self) -> bool {
        let Some(at) = self.at else { return false };
        let earlier = self.wires.iter().take_while(|wire| *wire != at);
        earlier.into_iter().any(|wire| self.was_accepted(wire))
    }
}
