//! Why did that happen? From what a check saw and what the program was doing, the cause.

mod describe;
mod event_driven;
pub mod failure;
mod last_calls;
mod limits;
mod polling;
pub mod symptom;
mod threaded;
mod unserved;

pub use describe::describe;
pub use last_calls::last_calls;

use crate::course::cause::Cause;
use crate::diagnose::symptom::Symptom;
use crate::evidence::Evidence;
use crate::evidence::connection::Connection;
use crate::evidence::history::History;
use crate::evidence::settle::Activity;
use crate::platform::{CallKind, TcpState};

/// The cause that explains `symptom` where this was seen.
#[must_use]
pub fn cause(seen: &Evidence, symptom: Symptom) -> Cause {
    let History {
        is_client,
        was_reset,
        was_told_of_a_break,
        ..
    } = seen.history;
    let was_reset = was_reset || was_told_of_a_break;
    let is_ended = seen.exited.is_some();
    let has_ended_well = seen.exited.is_some_and(|status| status.success());
    let shortage = threaded::thread_shortage_cause(seen, symptom);
    if let Some(cause) = shortage.or_else(|| limits::limit_cause(seen)) {
        return cause;
    }
    let errors = &seen.last_words.errors;
    match symptom {
        // Without a limit of time, a blocking call goes on after a signal by itself: signal(7).
        _ if is_ended && errors.is_interrupted() && seen.has_time_limits => {
            Cause::GivesUpAfterATime
        }
        Symptom::End | Symptom::Reset if seen.has_time_limits => Cause::GivesUpAfterATime,
        _ if is_ended && errors.is_interrupted() => Cause::InterruptedIsFatal,
        _ if is_ended && errors.is_would_block() => Cause::WouldBlockIsFatal,
        // A panic in one of many threads ends that thread alone.
        _ if seen.panicked() && errors.is_any() && was_reset && is_ended && !is_client => {
            Cause::EndedByAClient
        }
        _ if seen.panicked() => Cause::Panicked,
        // What is missing in the event log is a client that broke off, and is reported again and again.
        symptom
            if event_driven::is_left_by_its_news(symptom) && event_driven::shares_tokens(seen) =>
        {
            Cause::SharedToken
        }
        symptom
            // A loop that polls asks everybody, and nobody answers for another.
            if !seen.ticks()
                && event_driven::is_left_by_its_news(symptom)
                && event_driven::mixes_up_answers(seen) =>
        {
            Cause::AnswersMixedUp
        }
        Symptom::Known(Cause::NotRecorded) if event_driven::was_told_again(seen) => {
            Cause::BrokenConnectionKept
        }
        Symptom::Known(Cause::NotRecorded) if polling::keeps_a_broken_connection(seen) => {
            Cause::ErrorIgnored
        }
        Symptom::Known(cause) => cause,
        symptom if seen.is_out_of_time && !is_ended && symptom.is_an_absence() => Cause::TooLong,
        // Who ends well has not ended for an error.
        _ if is_ended && was_reset && !has_ended_well && !is_client => Cause::EndedByAClient,
        _ if was_told_of_a_break && seen.log.lost().next().is_none() => Cause::ErrorIgnored,
        Symptom::Refused if is_ended && errors.is_not_listening() => Cause::NeverListened,
        Symptom::OtherBytes => Cause::WrongBytes,
        Symptom::MissingBytes if seen.was_replaced() => Cause::WaitingBytesReplaced,
        Symptom::MissingBytes => Cause::TailLost,
        Symptom::RepeatedBytes => Cause::SentTwice,
        Symptom::MoreBytes => if_unasked(seen, Cause::WrongBytes, Cause::StaleBytes),
        Symptom::End => why_ended(seen),
        Symptom::Reset => why_reset(seen),
        Symptom::Refused if is_ended => Cause::ExitedEarly,
        Symptom::Refused => Cause::WrongAddress,
        Symptom::Silence => why_silent(seen),
        Symptom::NoEnd => why_open(seen),
        Symptom::NoTicks => polling::why_no_ticks(seen),
        // That it never came to rest was seen already, for longer than this last look.
        Symptom::NoRest if polling::lost_by_would_block(seen) => Cause::WouldBlockIsFatal,
        Symptom::NoRest => why_busy(seen),
        Symptom::NoExit if seen.history.listener_broke && never_accepts(seen) => {
            Cause::NeverAccepted
        }
        Symptom::NoExit if seen.history.listener_broke => Cause::ErrorIgnored,
        Symptom::NoExit if seen.activity == Activity::Spinning => why_busy(seen),
        Symptom::NoExit => why_running(seen),
    }
}

fn why_ended(seen: &Evidence) -> Cause {
    if seen.ended_by_itself() {
        Cause::ExitedEarly
    } else if seen.history.is_client {
        Cause::HalfClosedTooEarly
    } else if seen.history.send_was_interrupted {
        Cause::TailLost
    } else if has_never_received(seen) {
        Cause::NeverReceived
    } else {
        let otherwise = if_unasked(seen, Cause::WrongBytes, Cause::ClosedTooEarly);
        polling::why_given_up(seen).unwrap_or(otherwise)
    }
}

fn why_reset(seen: &Evidence) -> Cause {
    if seen.ended_by_itself() {
        Cause::ExitedEarly
    } else if has_never_received(seen) {
        Cause::NeverReceived
    } else if seen.history.peer_sent && !seen.history.peer_ended {
        // A program that closes a socket with bytes unread makes the kernel send a reset.
        polling::why_given_up(seen).unwrap_or(Cause::ClosedTooEarly)
    } else {
        Cause::ResetInsteadOfEnd
    }
}

/// True if a server has hung up on somebody who has sent something, and never called `recv` for anybody, or for that one.
/// Where its calls are not reported, nobody can tell.
fn has_never_received(seen: &Evidence) -> bool {
    let serves = !seen.history.is_client && seen.history.peer_sent;
    let calls = seen.calls.since_the_announcement();
    let nobody = || calls.received_from().next().is_none();
    // Whoever has got something back was received from, however long ago.
    let not_this_one =
        |at: &Connection| at.counts.received() == 0 && calls.never_received_from(at.ours);
    serves && !calls.is_empty() && (nobody() || seen.at.is_some_and(not_this_one))
}

fn why_silent(seen: &Evidence) -> Cause {
    if seen.history.is_client {
        return match seen.at {
            None => Cause::NeverConnected,
            Some(_) if seen.ended_by_itself() => Cause::ExitedEarly,
            Some(_) if sends_no_more(seen) => Cause::SenderThreadGone,
            Some(_) if threaded::waits_for_the_output(seen) => Cause::LockKept,
            Some(_) => if_settled(seen, Cause::WaitsForMore),
        };
    }
    let is_spinning = seen.activity == Activity::Spinning;
    match unserved::why_unserved(seen) {
        _ if seen.ended_by_itself() => Cause::ExitedEarly,
        _ if seen.has_a_long_nap() => Cause::LongNap,
        _ if unserved::waits_for_a_word(seen) => Cause::WaitsForMore,
        _ if polling::waits_in_spite_of_ticks(seen) => Cause::StillBlocking,
        _ if threaded::sleeps_at_a_lock(seen) => Cause::LockKept,
        Some(cause) => cause,
        None if seen.sleeps_until_ready() => event_driven::why_not_woken(seen),
        None if is_spinning && seen.ticks() => polling::why_passed_over(seen),
        None if event_driven::has_room_for_the_rest(seen) => Cause::RemainderNotSent,
        None if is_spinning => why_busy(seen),
        None if seen.history.send_was_interrupted => if_settled(seen, Cause::TailLost),
        None => if_settled(seen, Cause::WaitsForMore),
    }
}

fn why_open(seen: &Evidence) -> Cause {
    if unserved::waits_for_a_word(seen) {
        return Cause::WaitsForMore;
    }
    if let Some(cause) = polling::why_not_closed(seen) {
        return cause;
    }
    let unserved = || unserved::why_unserved(seen);
    match seen.activity {
        _ if seen.history.is_client => Cause::HalfCloseForgotten,
        _ if seen.sleeps_until_ready() => event_driven::why_not_woken_by_the_end(seen),
        _ if polling::says_that_it_left(seen) => Cause::NotClosed,
        _ if seen.has_a_long_nap() => Cause::LongNap,
        Activity::Spinning if event_driven::leaves_what_it_asks_for(seen) => {
            Cause::ReadinessNotConsumed
        }
        Activity::Spinning if asks_no_more(seen) => Cause::NotClosed,
        Activity::Spinning => unserved().unwrap_or(Cause::EndIgnored),
        _ => unserved().unwrap_or_else(|| if_settled(seen, Cause::NotClosed)),
    }
}

/// True if a server has never called `accept`. Where its calls are not reported, nobody can tell.
fn never_accepts(seen: &Evidence) -> bool {
    !seen.calls.is_empty() && !seen.calls.accepts()
}

/// True if a server goes round and calls on others, and not on the socket where this was seen: it has received the end there.
fn asks_no_more(seen: &Evidence) -> bool {
    // As many calls as some rounds take.
    let some = 3 * (seen.connections.len() + 2);
    let asked = |at: &Connection| seen.calls.last_received_from(some, at.ours);
    seen.history.peer_ended && seen.at.is_some_and(|at| asked(at) == Some(false))
}

fn why_busy(seen: &Evidence) -> Cause {
    if seen.has_a_long_nap() {
        Cause::LongNap
    } else if event_driven::leaves_what_it_asks_for(seen) {
        Cause::ReadinessNotConsumed
    } else if event_driven::asks_for_room(seen) {
        Cause::WritableInterestAlwaysOn
    } else if seen.history.peer_ended && keeps_what_has_ended(seen) {
        Cause::EndIgnored
    } else {
        Cause::Busy
    }
}

/// True if a stream that one of our peers has ended is still open at its end, as far as the kernel shows.
fn keeps_what_has_ended(seen: &Evidence) -> bool {
    let is_open = |connection: &Connection| {
        let row = connection.their_row(&seen.table);
        row.is_some_and(|row| row.state == TcpState::CloseWait)
    };
    seen.table.is_empty() || seen.connections.iter().any(is_open)
}

fn why_running(seen: &Evidence) -> Cause {
    let waits_in = |kind| seen.parked_calls().any(|call| call.kind == kind);
    match seen.history.is_client {
        false => if_settled(seen, Cause::NotAtItsAddress),
        true if waits_in(CallKind::Recv) => Cause::WaitsForMore,
        true => if_settled(seen, Cause::WrongExit),
    }
}

/// `unasked` for what a server does before a client has asked for anything.
fn if_unasked(seen: &Evidence, unasked: Cause, otherwise: Cause) -> Cause {
    if seen.history.peer_sent || seen.history.is_client {
        otherwise
    } else {
        unasked
    }
}

/// `cause`, unless the program was still at work when the time was over.
fn if_settled(seen: &Evidence, cause: Cause) -> Cause {
    if seen.activity == Activity::Running {
        Cause::TooLong
    } else {
        cause
    }
}

/// True if all that is left of a client is the thread that receives.
fn sends_no_more(seen: &Evidence) -> bool {
    let mut calls = seen.parked_calls();
    let receives = |call| seen.connection_of(call).is_some() && call.kind == CallKind::Recv;
    seen.threads() == 1 && calls.any(receives)
}
