//! Stage 06: `send` takes what fits; what is left is the program's to keep, and to bound.
//!
//! How much a client can push says nothing about the program, since the kernel's own buffers may grow to many
//! megabytes. What is judged is what the program holds: all that was sent, without what lies in the kernel's queues.
//!
//! Not judged, since loopback on Linux does not show it: in which order a round receives and sends, and how large the
//! pieces are that it gives to `send`.

use crate::diagnose::failure::Outcome;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::harness::program::Program;
use crate::harness::server::Server;
use crate::platform::SystemError;

use super::echo_server::{
    answers_when_exactly_its_buffer_is_full, echoes_a_message_that_arrives_byte_by_byte,
    echoes_bytes_of_every_size, echoes_texts_unchanged, echoes_two_messages_that_arrive_as_one,
    keeps_nothing_of_clients_that_left, keeps_nothing_of_what_it_has_sent, logs_each_client_once,
    logs_when_a_client_comes_and_how_much_it_sent, serve_one_client,
    serves_the_next_after_a_reset_in_the_backlog, serves_the_next_after_some_that_end_and_reset,
};
use super::nonblocking_accept::{ends_for_an_error_of_its_own, listens_where_it_was_asked_to};
use super::nonblocking_recv::{
    answers_before_it_asks_for_more, gives_up_one_to_whom_it_cannot_send,
    goes_on_ticking_while_a_client_is_silent, goes_on_ticking_while_one_sends_without_end,
    keeps_nothing_of_a_round_in_which_nothing_came,
};

crate::checks! {
    step 1, 1: has_one_thread_and_sockets_that_never_wait needs SettledState Descriptors;
    step 2, 1: goes_on_ticking_while_a_client_is_silent;
    step 2, 1: echoes_messages_of_every_size {
        echoes_bytes_of_every_size,
        echoes_texts_unchanged,
        answers_when_exactly_its_buffer_is_full needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 2, 1: echoes_messages_in_pieces_and_joined {
        echoes_a_message_that_arrives_byte_by_byte,
        echoes_two_messages_that_arrive_as_one needs StopAndContinue,
        answers_before_it_asks_for_more needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 3, 1: goes_on_ticking_while_a_client_does_not_read {
        goes_on_ticking_while_one_does_not_read,
        goes_on_ticking_while_one_sends_without_end,
    }
    step 3, 1: keeps_little_for_a_client_that_does_not_read needs SettledState {
        keeps_little_each_time,
        keeps_little_of_small_pieces needs Descriptors,
    }
    step 3, 1: loses_nothing_when_a_client_reads_in_steps;
    step 4, 1: sends_what_waits_after_a_half_close {
        sends_all_that_waits_after_a_half_close,
        goes_on_ticking_while_little_waits_after_a_half_close needs AnsweredCalls,
    }
    step 4, 1: serves_the_next_client_however_one_leaves {
        serves_the_next_after_an_end_and_after_a_reset,
        drops_what_waits_for_a_client_that_resets,
        gives_up_one_to_whom_it_cannot_send needs AnsweredCalls,
        drops_what_waits_for_a_client_that_half_closes_and_resets,
        serves_the_next_after_a_reset_in_the_backlog,
        logs_when_a_client_comes_and_how_much_it_sent,
        serves_the_next_after_some_that_end_and_reset needs StopAndContinue,
        listens_where_it_was_asked_to needs KernelQueues Descriptors Ipv6,
        ends_for_an_error_of_its_own needs ForeignSockets Descriptors KernelQueues AnsweredCalls,
        logs_each_client_once,
    }
    step 4, 1: gives_back_what_it_took needs Descriptors SettledState {
        keeps_nothing_of_what_it_has_sent,
        keeps_nothing_of_clients_that_left,
        keeps_nothing_of_a_round_in_which_nothing_came,
        keeps_nothing_of_a_stream_that_is_always_behind needs AnsweredCalls,
        keeps_nothing_of_what_it_owed_to_those_who_reset,
    }
}

/// How much may wait for one client: 64 KiB, and one `recv` more, with a buffer of up to 64 KiB.
pub(super) const A_LITTLE: u64 = 128 * 1024;

/// Listener and client have a socket each, and no call on either waits.
fn has_one_thread_and_sockets_that_never_wait(program: &Program) -> Outcome {
    let server = program.start()?;
    let _silent = server.connect_peer()?;
    server.expect_never_waits()
}

/// When the kernel takes no more, `send` says so at once. Waiting for room would be waiting for one client.
fn goes_on_ticking_while_one_does_not_read(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    peer.fill(&program.more_than_fits("a long message"))?;
    server.expect_ticks()?.expect_short_rounds()?;
    server.expect_no_new_threads()?;
    Ok(())
}

/// A server that reads on keeps what it cannot send. Without a bound one client could take all of its memory, or with one
/// that grows each time.
fn keeps_little_each_time(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    peer.exchange(&program.payload("a long stream", program.many(1 << 18, 64 << 20)))?;
    for _ in 0..program.many(3, 12) {
        expect_little_kept(program, &mut peer, || Ok(()))?;
    }
    Ok(())
}

/// However small its pieces are, little is kept: a piece takes no more memory than its bytes.
pub(super) fn keeps_little_of_small_pieces(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    peer.send_until_something_is_buffered(&program.more_than_fits("a long message"))?;
    let before = server.count_resources()?;
    peer.send_byte_by_byte(&program.payload("small pieces", 120))?;
    server.expect_given_back(before)
}

/// A slow client fills the server, reads some of that, and fills it again: whatever comes `then`, at neither time much waits for
/// it.
pub(super) fn expect_little_kept(
    program: &Program,
    peer: &mut Peer,
    mut then: impl FnMut() -> Outcome,
) -> Outcome {
    let message = program.more_than_fits("a long message");
    let taken = peer.fill(&message)?;
    then()?;
    peer.expect_buffered_at_most(A_LITTLE, &taken)?;
    let (some, rest) = taken.split_at(taken.bytes().len() / 3);
    peer.expect(&some)?;
    let more = peer.fill(&message)?;
    then()?;
    let both = Payload::joined("what it has not read", &[rest, more]);
    peer.expect_buffered_at_most(A_LITTLE, &both)?;
    peer.expect(&both)?;
    Ok(())
}

/// Each time the client reads a little the kernel has room for some of what waits: for that, once, and in order. And
/// then for what the client has sent meanwhile.
fn loses_nothing_when_a_client_reads_in_steps(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    let taken = peer.fill(&program.more_than_fits("a long message"))?;
    let steps = [1, 70_000, 500_000].map(|size| program.number(size..=2 * size));
    peer.expect_in_steps(&taken, &steps)?;
    peer.send("and then?")?.expect("and then?")?;
    server.expect_short_rounds()?;
    Ok(())
}

/// A half-close ends one direction. What waits belongs into the other, before its end.
fn sends_all_that_waits_after_a_half_close(program: &Program) -> Outcome {
    let server = program.start()?;
    expect_tail_after_a_half_close(program, &server, |server| server.expect_ticks().map(drop))?;
    server.expect_short_rounds()?.expect_no_new_threads()?;
    server.expect_unlimited_delivery()?;
    Ok(())
}

/// However little waits, there may be no room for it, and the loop goes round.
fn goes_on_ticking_while_little_waits_after_a_half_close(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.fail_every_send_to(&peer, SystemError::WouldBlock)?;
    peer.send(program.payload("a message", 1_000))?
        .half_close()?;
    server.expect_ticks()?.expect_short_rounds().map(drop)
}

/// A client that leaves, in good order or not, is gone from the program too, and the next has its turn.
fn serves_the_next_after_an_end_and_after_a_reset(program: &Program) -> Outcome {
    let server = program.start()?;
    serve_one_client(&server)?;
    server.expect_logged("client 1 left after 5 bytes")?;
    let mut broken = server.connect_peer()?;
    broken.send("hello")?.expect("hello")?;
    broken.reset()?;
    server.expect_logged("client 2 lost after 5 bytes")?;
    serve_one_client(&server)?;
    server.expect_logged("client 3 left after 5 bytes")?;
    program.expect_transcript("however-one-leaves")
}

/// After a reset nobody is left to send to: what waits for that client is dropped, and goes to no other.
fn drops_what_waits_for_a_client_that_resets(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut full = server.connect_slow_peer()?;
    full.fill(&program.more_than_fits("a long message"))?;
    full.reset()?;
    server.expect_logged_reset_of(1)?;
    serve_one_client(&server)?;
    server.expect_logged("client 2 left after 5 bytes")?;
    Ok(())
}

/// A reset may also come after the end of a client's stream, while the program delivers what waits.
fn drops_what_waits_for_a_client_that_half_closes_and_resets(program: &Program) -> Outcome {
    reset_after_half_close(program, &program.start()?)
}

/// A client that has ended its stream resets while much waits for it. The next client gets none of that.
pub(super) fn reset_after_half_close(program: &Program, server: &Server) -> Outcome {
    let mut peer = server.connect_slow_peer()?;
    peer.send_until_something_is_buffered(&program.more_than_fits("a long message"))?;
    peer.half_close()?;
    server.wait_until_settled();
    let client = peer.number();
    peer.reset()?;
    server.expect_logged_reset_of(client)?;
    serve_one_client(server)
}

/// A server that owes a client the tail after its half-close, whatever it does `meanwhile`.
pub(super) fn owes_the_tail_after_a_half_close(
    program: &Program,
    meanwhile: impl FnOnce(&Server) -> Outcome,
) -> Outcome {
    expect_tail_after_a_half_close(program, &program.start()?, meanwhile)
}

/// A slow client half-closes while something waits for it. Whatever the server does `meanwhile`, the client gets all of
/// that, and the end behind it.
pub(super) fn expect_tail_after_a_half_close(
    program: &Program,
    server: &Server,
    meanwhile: impl FnOnce(&Server) -> Outcome,
) -> Outcome {
    let mut peer = server.connect_slow_peer()?;
    let message = program.more_than_fits("a long message");
    let sent = peer.send_until_something_is_buffered(&message)?;
    peer.half_close()?;
    meanwhile(server)?;
    peer.expect(&sent)?.expect_end()?;
    server.expect_logged(&format!("client 1 left after {} bytes", sent.bytes().len()))?;
    Ok(())
}

/// What was sent is gone, also where something else waits behind it at any moment.
pub(super) fn keeps_nothing_of_a_stream_that_is_always_behind(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    server.shorten_sends(4 << 10)?;
    let mut peer = server.connect_peer()?;
    peer.send("hello")?.expect("hello")?;
    // Much for a program that receives little at a time is less.
    let much = (peer.room_of_recv() << 10).min(13 << 18);
    let stream = program.payload("a long stream", much);
    let (start, rest) = stream.split_at(much / 13);
    peer.exchange_far_ahead(&start)?;
    let before = server.count_resources()?;
    peer.exchange_far_ahead(&rest)?;
    server.expect_given_back(before)
}

/// What waits for a client that resets is nobody's any more.
pub(super) fn keeps_nothing_of_what_it_owed_to_those_who_reset(program: &Program) -> Outcome {
    let server = program.start()?;
    let message = program.more_than_fits("a long message");
    let owe_and_reset = |times| {
        (1..=times).try_for_each(|_| {
            let mut slow = server.connect_slow_peer()?;
            slow.fill(&message)?;
            slow.reset()?;
            serve_one_client(&server)
        })
    };
    owe_and_reset(2)?;
    server.expect_given_back_after(|| owe_and_reset(6))
}
