//! Stage 04: "nobody is there" is an answer, not a failure; meanwhile there is other work to do.
//!
//! A tick is a line that the program prints, so ticks alone prove nothing. They count beside what the kernel shows:
//! that the program has one thread, that the listener never waits, and how long a nap it asks for.
//!
//! Not judged, since loopback on Linux does not show it: an `accept` that reports a connection that broke before it
//! was accepted (Linux hands it over, and the first call on it says so), and one that a signal interrupts (a call
//! that never sleeps is never interrupted).

use std::collections::VecDeque;

use crate::diagnose::failure::Outcome;
use crate::harness::program::Program;
use crate::platform::SystemError;

use super::listen::{
    self, ends_with_an_error_that_names_the_taken_address, expect_greeting,
    goes_on_after_a_client_that_is_already_gone, keeps_nothing_of_clients_that_left,
    lets_sixteen_clients_wait_while_it_is_stopped,
};

crate::checks! {
    step 1, 1: does_not_sleep_in_accept (so_far) needs SettledState;
    step 2, 2: goes_on_ticking_while_nobody_is_there;
    step 2, 1: has_one_thread_and_a_listener_that_never_waits needs SettledState Descriptors {
        never_waits_in_accept,
        listens_where_it_was_asked_to needs Ipv6,
    }
    step 2, 1: reports_a_real_error_and_exits_with_code_one {
        exits_when_its_listener_is_broken needs ForeignSockets KernelQueues Descriptors,
        exits_when_it_may_open_no_more_descriptors needs AnsweredCalls,
        names_a_taken_address,
    }
    step 3, 2: greets_three_clients_in_a_row_between_ticks {
        greets_three_clients_between_ticks,
        greets_one_that_has_ended_its_stream,
        goes_on_ticking_while_callers_come,
    }
    step 3, 1: gives_back_what_it_took needs Descriptors SettledState {
        keeps_nothing_of_clients_that_left needs SixteenWaiting,
        keeps_nothing_of_a_round_in_which_nobody_came,
    }
    step 3, 1: lets_sixteen_clients_wait_while_it_is_stopped needs StopAndContinue KernelQueues SixteenWaiting;
    step 3, 1: goes_on_after_a_client_that_is_already_gone needs StopAndContinue;
}

/// How many callers are there at the same time, since the next comes before the last has left.
const CALLERS: usize = 8;

/// The errors of stage 04 in a later stage.
pub(super) fn ends_for_an_error_of_its_own(program: &Program) -> Outcome {
    names_a_taken_address(program)?;
    exits_when_its_listener_is_broken(program)?;
    exits_when_it_may_open_no_more_descriptors(program)
}

/// A blocking `accept` returns when somebody comes. This one returns in any case.
fn does_not_sleep_in_accept(program: &Program) -> Outcome {
    program.start()?.expect_not_waiting()
}

/// "Nobody yet" is no reason to end, nor to stand still.
fn goes_on_ticking_while_nobody_is_there(program: &Program) -> Outcome {
    let server = program.start()?;
    for _ in 0..program.many(1, 15) {
        server.expect_ticks()?;
    }
    server.expect_short_rounds().map(drop)
}

/// The loop goes round a hundred thousand times a second. Eight bytes for each round would be a mebibyte a second.
fn keeps_nothing_of_a_round_in_which_nobody_came(program: &Program) -> Outcome {
    program.watch_rare_calls();
    program.start()?.expect_same_memory_each_round()
}

/// A second thread could do the waiting while the first one ticks. Here one thread does both, by asking.
fn never_waits_in_accept(program: &Program) -> Outcome {
    program.start()?.expect_never_waits()
}

/// Only "would block" means that somebody may come later. A listener that is broken stays broken.
fn exits_when_its_listener_is_broken(program: &Program) -> Outcome {
    let server = program.start_at(program.private_address()?)?;
    server.expect_ticks()?;
    server.break_listener()?;
    server
        .wait_for_exit()?
        .expect_error_exit(server.address())?;
    Ok(())
}

/// The kernel says so although nobody is there, and will say so again.
fn exits_when_it_may_open_no_more_descriptors(program: &Program) -> Outcome {
    let server = program.start_at(program.private_address()?)?;
    server.fail_next_accept(SystemError::TooManyOpenFiles)?;
    server
        .wait_for_exit()?
        .expect_error_exit(server.address())?;
    Ok(())
}

/// The address is given, and what `bind` says of it is an error like others.
fn names_a_taken_address(program: &Program) -> Outcome {
    ends_with_an_error_that_names_the_taken_address(program)
}

/// What the server says first does not hang on what the client has to say, which may be nothing.
fn greets_one_that_has_ended_its_stream(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    peer.half_close()?;
    expect_greeting(&mut peer, 1)
}

/// A round that has somebody to greet is a round like any other: the heartbeat has its turn in it.
fn goes_on_ticking_while_callers_come(program: &Program) -> Outcome {
    let server = program.start()?;
    server.stop()?;
    server.connect_peer()?.reset()?;
    server.resume();
    let mut callers = VecDeque::new();
    server.expect_ticks_while(|| {
        callers.push_back(server.connect_peer()?);
        if callers.len() > CALLERS {
            callers.pop_front();
        }
        Ok(())
    })?;
    server.expect_short_rounds().map(drop)
}

/// Who asks for one address gets that one, of whichever family, and no other. And at none of them does a call wait.
pub(super) fn listens_where_it_was_asked_to(program: &Program) -> Outcome {
    listen::listens_where_it_was_asked_to(program)?;
    program.start_with_ipv6()?.expect_ticks()?;
    Ok(())
}

/// Who comes is served between two ticks, and the ticks go on: it may be `accept` only once that does not wait. One thread does
/// all of it, in short rounds.
fn greets_three_clients_between_ticks(program: &Program) -> Outcome {
    let server = program.start()?;
    for number in 1..=3 {
        server.expect_ticks()?;
        expect_greeting(&mut server.connect_peer()?, number)?;
        server.expect_logged(&format!("client {number} left after 0 bytes"))?;
    }
    server.expect_ticks()?.expect_short_rounds()?;
    server.expect_no_new_threads()?.expect_no_waiting_close()?;
    server.expect_consistent_log()?;
    program.expect_transcript("three-clients-between-ticks")
}
