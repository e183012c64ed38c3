//! Stage 05: one call, four answers: data, not yet, the end, an error.
//!
//! One client at a time, as in stage 02; serving B early is not a failure. `send` is still trusted here: but for the
//! one whose client does not read, no check leaves more than 64 KiB unread. The kernel has room for that, or they say so.
//!
//! Not judged, since loopback on Linux does not show it: that an accepted socket inherits non-blocking mode elsewhere. A
//! reset that is taken for "nothing yet" shows in the log: it is reported once, and then Linux says "the end".

use crate::diagnose::failure::Outcome;
use crate::harness::peer::expect::HangUp;
use crate::harness::program::Program;

use super::echo_server::{
    answers_when_exactly_its_buffer_is_full, echoes_a_message_that_arrives_byte_by_byte,
    echoes_bytes_of_every_size, echoes_texts_unchanged, echoes_two_messages_that_arrive_as_one,
    keeps_nothing_of_clients_that_left, keeps_nothing_of_what_it_has_sent, logs_each_client_once,
    logs_when_a_client_comes_and_how_much_it_sent, serve_one_client,
    serves_the_next_after_a_reset_in_the_backlog, serves_the_next_after_some_that_end_and_reset,
    serves_the_next_after_two_have_reset, serves_the_second_as_soon_as_the_first_has_left,
};
use super::nonblocking_accept::{ends_for_an_error_of_its_own, listens_where_it_was_asked_to};
use crate::platform::SystemError;

crate::checks! {
    step 1, 1: does_not_sleep_in_recv (so_far) needs SettledState;
    step 2, 1: does_not_hang_up_on_a_silent_client (so_far) needs SettledState;
    step 3, 1: echoes_messages_of_every_size needs RoomToSend {
        echoes_bytes_of_every_size,
        echoes_texts_unchanged,
        answers_when_exactly_its_buffer_is_full needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 3, 1: echoes_messages_in_pieces_and_joined {
        echoes_a_message_that_arrives_byte_by_byte,
        echoes_two_messages_that_arrive_as_one needs StopAndContinue,
        sends_on_where_send_takes_a_part needs AnsweredCalls,
        answers_before_it_asks_for_more needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 3, 1: sends_the_rest_and_the_end_after_a_half_close needs RoomToSend;
    step 3, 1: serves_the_next_client_when_one_leaves {
        serves_the_second_as_soon_as_the_first_has_left,
        logs_when_a_client_comes_and_how_much_it_sent,
        logs_each_client_once,
    }
    step 3, 1: goes_on_ticking_while_a_client_is_silent {
        goes_on_ticking_while_one_is_silent,
        goes_on_ticking_while_one_sends_without_end,
    }
    step 3, 1: has_one_thread_and_sockets_that_never_wait needs SettledState {
        never_waits_for_the_second_client_either needs Descriptors,
        never_waits_for_one_that_does_not_read,
    }
    step 3, 1: goes_on_after_a_client_resets_the_connection {
        serves_the_next_after_two_have_reset,
        serves_the_next_after_a_reset_in_the_backlog,
        gives_up_one_to_whom_it_cannot_send needs AnsweredCalls,
        serves_the_next_after_some_that_end_and_reset needs StopAndContinue,
        listens_where_it_was_asked_to needs KernelQueues Descriptors Ipv6,
        ends_for_an_error_of_its_own needs ForeignSockets Descriptors KernelQueues AnsweredCalls,
    }
    step 3, 1: gives_back_what_it_took needs Descriptors SettledState {
        keeps_nothing_of_what_it_has_sent needs RoomToSend,
        keeps_nothing_of_clients_that_left,
        keeps_nothing_of_a_round_in_which_nothing_came,
    }
}

/// A blocking `recv` returns when something comes. This one returns in any case.
fn does_not_sleep_in_recv(program: &Program) -> Outcome {
    let server = program.start()?;
    let _silent = server.connect_peer()?;
    server.expect_not_waiting()
}

/// "Nothing yet" is neither an error nor the end: the client is thinking.
fn does_not_hang_up_on_a_silent_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    peer.expect_silence()
}

/// While one client thinks, the other work goes on; and when it has thought, it is served.
pub(super) fn goes_on_ticking_while_a_client_is_silent(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.expect_ticks()?;
    let message = program.every_byte_value();
    peer.send(&message)?.expect(&message)?;
    for _ in 0..program.many(1, 15) {
        server.expect_ticks()?;
    }
    peer.expect_nothing_more()?.half_close()?.expect_end()?;
    server
        .expect_short_rounds()?
        .expect_no_waiting_close()?
        .expect_no_held_back_bytes()?;
    Ok(())
}

/// One that thinks keeps the loop from nothing.
fn goes_on_ticking_while_one_is_silent(program: &Program) -> Outcome {
    goes_on_ticking_while_a_client_is_silent(program)
}

/// A round in which something came is a round like any other.
pub(super) fn goes_on_ticking_while_one_sends_without_end(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut busy = server.connect_peer()?;
    let flood = program.payload("as much as fits", 8 << 20);
    server.expect_ticks_while(|| busy.keep_busy(&flood))?;
    server.expect_short_rounds().map(drop)
}

/// Listener and client have a socket each, and each of them has to be told, of each client anew.
fn never_waits_for_the_second_client_either(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut first = server.connect_peer()?;
    first.half_close()?;
    let _silent = server.connect_peer()?;
    server.expect_never_waits()
}

/// A `send` for which there is no room waits as well, unless it was told not to. What a client that was given up gets is
/// the beginning of what it is owed.
fn never_waits_for_one_that_does_not_read(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    let taken = peer.fill(&program.more_than_fits("a long message"))?;
    server.expect_ticks()?.expect_short_rounds()?;
    server.expect_no_new_threads()?.expect_few_tries_to_send()?;
    peer.expect_no_gap_in(&taken)?;
    server.expect_not_logged_as_left(1)
}

/// A byte is an answer, however few there are: it goes back before anybody asks whether more has come.
pub(super) fn answers_before_it_asks_for_more(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    for _ in 1..=3 {
        server.expect_answer_before_more_is_asked(&mut peer, &program.payload("a byte", 1))?;
    }
    let full = program.payload("as much as your recv has room for", peer.room_of_recv());
    server.expect_answer_before_more_is_asked(&mut peer, &full)
}

/// `send` may take less than it was given, and says how much that was.
fn sends_on_where_send_takes_a_part(program: &Program) -> Outcome {
    let server = program.start()?;
    server.shorten_sends(100)?;
    let mut peer = server.connect_peer()?;
    let message = program.payload("a message", program.number(1_000..=2_000));
    peer.send(&message)?.expect(&message)?;
    Ok(())
}

/// That a connection is broken is said by `send`, too, and is over with that client, and with no other.
pub(super) fn gives_up_one_to_whom_it_cannot_send(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.fail_next_send_to(&peer, SystemError::BrokenPipe)?;
    // One that only looks (`MSG_PEEK`) until it has sent has not received what it could not send.
    let received = match peer.send("?")?.expect_hang_up()? {
        HangUp::End => 1,
        HangUp::Reset => 0,
    };
    server.expect_logged(&format!("client 1 lost after {received} bytes"))?;
    serve_one_client(&server)
}

/// The loop goes round a hundred thousand times a second, and most rounds find nothing: neither a client nor a byte.
pub(super) fn keeps_nothing_of_a_round_in_which_nothing_came(program: &Program) -> Outcome {
    program.watch_rare_calls();
    let server = program.start()?;
    server.expect_same_memory_each_round()?;
    let mut silent = server.connect_peer()?;
    silent.send("hello")?.expect("hello")?;
    server.expect_same_memory_each_round()
}

/// A client that has ended its stream still wants the answer, all of it, and then the end. What came in many pieces is
/// one number on record.
fn sends_the_rest_and_the_end_after_a_half_close(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    let lengths = [program.number(30_000..=60_000), 60_000];
    let [first, last] = lengths.map(|length| program.payload("a message", length));
    peer.send(&first)?.expect(&first)?;
    peer.send(&last)?.half_close()?;
    peer.expect(&last)?.expect_end()?;
    let all = lengths.iter().sum::<usize>();
    server.expect_logged(&format!("client 1 left after {all} bytes"))?;
    Ok(())
}
