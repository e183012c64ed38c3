//! Stage 02: `recv` waits; a stream has no messages; 0 bytes mean that the other side is done.
//!
//! Serving a second client early, say with a thread for each, is not a failure. A `send` that is ignored shows
//! only where the kernel takes part of what it was given. Where this machine cannot answer for the kernel, a buffer under
//! 1 KiB hides it, since the kernel always finds room for so little.

use crate::diagnose::failure::Outcome;
use crate::harness::payload::{Payload, first_words, line_without_an_end, texts};
use crate::harness::program::Program;
use crate::harness::server::Server;
use crate::platform::SystemError;

use super::listen::{end_and_reset, ends_for_an_error_of_its_own, listens_where_it_was_asked_to};

crate::checks! {
    step 1, 1: answers_the_first_message_with_exactly_its_bytes;
    step 2, 1: echoes_messages_of_every_size {
        echoes_bytes_of_every_size,
        echoes_texts_unchanged,
        answers_when_exactly_its_buffer_is_full needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 2, 1: echoes_a_message_that_arrives_byte_by_byte;
    step 2, 1: echoes_two_messages_that_arrive_as_one needs StopAndContinue;
    step 2, 1: sends_the_rest_and_the_end_after_a_half_close;
    step 2, 1: loses_nothing_when_send_takes_less_than_it_was_given {
        loses_nothing_when_it_is_stopped_in_send needs StopAndContinue SettledState,
        sends_the_rest_of_each_piece needs AnsweredCalls,
    }
    step 3, 1: serves_the_next_client_when_one_leaves {
        serves_the_second_as_soon_as_the_first_has_left,
        logs_when_a_client_comes_and_how_much_it_sent,
        logs_each_client_once,
    }
    step 3, 1: goes_on_after_a_client_resets_the_connection {
        serves_the_next_after_two_have_reset,
        serves_the_next_after_a_reset_in_the_backlog,
        serves_the_next_after_a_broken_pipe needs AnsweredCalls,
        logs_how_much_a_client_sent_that_resets,
        serves_the_next_after_some_that_end_and_reset needs StopAndContinue,
        listens_where_it_was_asked_to needs KernelQueues Descriptors Ipv6,
        ends_for_an_error_of_its_own needs ForeignSockets Descriptors KernelQueues AnsweredCalls,
    }
    step 3, 1: gives_back_what_it_took needs Descriptors SettledState {
        keeps_nothing_of_what_it_has_sent,
        keeps_nothing_of_clients_that_left,
    }
    step 3, 1: sleeps_while_a_client_is_silent needs SettledState {
        sleeps_until_the_client_sends,
        goes_on_sleeping_after_it_was_stopped needs StopAndContinue,
        waits_without_a_timeout needs ForeignSockets,
        sleeps_nowhere_but_in_its_calls needs WatchedCalls,
        gives_a_slow_client_its_time needs WatchedCalls,
    }
}

/// So much that who keeps the first piece of each client has something, in bytes.
const LONG_WORDS: usize = 20_000;

/// `recv` fills the first part of the buffer only, and it brings bytes, not text.
fn answers_the_first_message_with_exactly_its_bytes(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    let message = program.every_byte_value();
    peer.send(&message)?
        .expect(&message)?
        .expect_nothing_more()?;
    Ok(())
}

/// The size of a buffer is the program's own affair, and never the size of a message.
pub(super) fn echoes_bytes_of_every_size(program: &Program) -> Outcome {
    // A program may take them byte by byte.
    program.watch_rare_calls();
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    peer.send("hello")?.expect("hello")?;
    peer.expect_nothing_more()?;
    for size in program.sizes_around_every_buffer() {
        let message = program.payload("a message", size);
        peer.send(&message)?.expect(&message)?;
    }
    Ok(())
}

/// To an echo server a text is bytes. What a line or a word means to somebody is not its matter.
pub(super) fn echoes_texts_unchanged(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    for text in texts() {
        peer.send(&text)?.expect_text(&text)?;
    }
    peer.exchange(&line_without_an_end())?;
    for text in first_words() {
        let server = program.start()?;
        server.connect_peer()?.send(&text)?.expect_text(&text)?;
    }
    Ok(())
}

/// That a `recv` brought as much as there was room for does not say that more will come.
pub(super) fn answers_when_exactly_its_buffer_is_full(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    for _ in 1..=2 {
        peer.send("hello")?.expect("hello")?;
        let message = program.payload("as much as your recv has room for", peer.room_of_recv());
        server.stop()?;
        peer.send(&message)?;
        server.resume();
        peer.expect(&message)?;
    }
    server.expect_no_held_back_bytes().map(drop)
}

/// TCP carries bytes, not messages: one write may arrive in any pieces.
pub(super) fn echoes_a_message_that_arrives_byte_by_byte(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    let message = program.payload("a message", program.number(10..=30));
    peer.send_byte_by_byte(&message)?.expect(&message)?;
    Ok(())
}

/// TCP carries bytes, not messages: two writes may arrive as one.
pub(super) fn echoes_two_messages_that_arrive_as_one(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    let first = program.payload("one message", 700);
    let second = program.payload("another", 300);
    server.stop()?;
    peer.send(&first)?.send(&second)?;
    server.resume();
    peer.expect(&first)?.expect(&second)?;
    peer.expect_nothing_more()?;
    Ok(())
}

/// A client that has ended its stream still wants the answer, all of it, and then the end.
fn sends_the_rest_and_the_end_after_a_half_close(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    let message = program.payload("a message", program.number(60_000..=200_000));
    peer.send(&message)?
        .half_close()?
        .expect(&message)?
        .expect_end()?;
    Ok(())
}

/// `send` sleeps while the kernel has no room; when it is interrupted there, it has taken a part.
fn loses_nothing_when_it_is_stopped_in_send(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    let message = program.more_than_fits("a long message");
    let taken = peer.fill(&message)?;
    server.interrupt_in_send(&peer)?;
    peer.half_close()?.expect(&taken)?.expect_end()?;
    Ok(())
}

/// How much `send` takes is the kernel's affair, also of a small piece.
fn sends_the_rest_of_each_piece(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    server.shorten_sends(7)?;
    let mut peer = server.connect_peer()?;
    for size in [1, 100, 1_000] {
        let message = program.payload("a message", size);
        peer.send(&message)?.expect(&message)?;
    }
    server.expect_no_waits_of_its_own().map(drop)
}

/// One client at a time: B waits while A is connected, and not a moment longer.
pub(super) fn serves_the_second_as_soon_as_the_first_has_left(program: &Program) -> Outcome {
    let server = program.start()?;
    let (mut a, mut b) = (server.connect_peer()?, server.connect_peer()?);
    let _c = server.connect_peer()?;
    let from_a = program.payload("A's message", 5);
    let from_b = program.payload("B's message", 7);
    a.send(&from_a)?.expect(&from_a)?;
    b.send(&from_b)?;
    a.half_close()?.expect_end()?;
    b.expect(&from_b)?.half_close()?.expect_end()?;
    server.expect_logged("client 1 left after 5 bytes")?;
    server.expect_logged("client 2 left after 7 bytes")?;
    program.expect_transcript("b-waits-for-a")
}

/// `accept` hands over a client that has not said anything. From then on the log names it, and at the end it says how much
/// came, in however many pieces.
pub(super) fn logs_when_a_client_comes_and_how_much_it_sent(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.expect_logged("client 1 connected")?;
    let second = server.connect_peer()?;
    server.expect_logged_once_accepted(&second)?;
    let pieces = [300, 5].map(|length| program.payload("a piece", length));
    for piece in &pieces {
        peer.send(piece)?.expect(piece)?;
    }
    peer.half_close()?.expect_end()?;
    server.expect_logged("client 1 left after 305 bytes")?;
    Ok(())
}

/// Who has come is named when it goes, however it goes and however little it has said: once.
pub(super) fn logs_each_client_once(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    peer.send("hello")?.expect("hello")?;
    peer.reset()?;
    server.expect_logged("client 1 lost after 5 bytes")?;
    server.connect_peer()?.reset()?;
    server.expect_logged("client 2 lost after 0 bytes")?;
    serve_one_client(&server)?;
    server.expect_logged("client 3 left after 5 bytes")?;
    server.connect_peer()?.half_close()?.expect_end()?;
    server.expect_logged("client 4 left after 0 bytes")?;
    server.expect_consistent_log()
}

/// Where a reset follows an end, the kernel reports the end, and calls on the socket fail: it is not connected any more.
pub(super) fn serves_the_next_after_some_that_end_and_reset(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    peer.send("hello")?.expect("hello")?;
    server.stop()?;
    end_and_reset(peer)?;
    end_and_reset(server.connect_peer()?)?;
    server.resume();
    serve_one_client(&server)?;
    server.expect_logged_as_gone(1, 5)?;
    server.expect_logged_as_gone(2, 0)?;
    server.expect_no_panic()
}

/// A reset is an error on one client's socket. The listener, and the next client, know nothing of it.
pub(super) fn serves_the_next_after_two_have_reset(program: &Program) -> Outcome {
    let server = program.start()?;
    for _ in 1..=2 {
        let mut peer = server.connect_peer()?;
        peer.send("hello")?.expect("hello")?;
        peer.send("and again")?.expect("and again")?;
        peer.reset()?;
    }
    let mut next = server.connect_peer()?;
    next.send("still there")?.expect("still there")?;
    server.expect_logged("client 1 lost after 14 bytes")?;
    server.expect_logged("client 2 lost after 14 bytes")?;
    Ok(())
}

/// A client that resets before its turn is in the backlog all the same, and even its address is gone.
pub(super) fn serves_the_next_after_a_reset_in_the_backlog(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut first = server.connect_peer()?;
    first.send("hello")?.expect("hello")?;
    server.connect_peer()?.reset()?;
    first.reset()?;
    let mut next = server.connect_peer()?;
    next.send("still there")?.expect("still there")?;
    server.expect_logged("client 1 lost after 5 bytes")?;
    server.expect_logged("client 2 lost after 0 bytes")?;
    Ok(())
}

/// A reset may come while the server is about to send. "Broken pipe" says of the connection what "reset" does.
fn serves_the_next_after_a_broken_pipe(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    peer.send("hello")?.expect("hello")?;
    server.fail_next_send_to(&peer, SystemError::BrokenPipe)?;
    peer.send("?")?.wait_until_read()?;
    peer.reset()?;
    server.expect_logged("client 1 lost after 6 bytes")?;
    let mut next = server.connect_peer()?;
    next.send("still there")?.expect("still there")?;
    Ok(())
}

/// What was received from a client counts, and not what could be sent back before the connection broke.
pub(super) fn logs_how_much_a_client_sent_that_resets(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    peer.send_until_something_is_buffered(&program.more_than_fits("a long message"))?;
    peer.reset()?;
    server.expect_logged_reset_of(1)
}

/// Whatever a client takes goes with it, however it leaves: its socket, which is a descriptor, its thread, its memory. A program
/// that moves a byte at a time makes very many calls here, and none of them is looked at.
pub(super) fn keeps_nothing_of_clients_that_left(program: &Program) -> Outcome {
    program.watch_rare_calls();
    let server = program.start()?;
    serve_clients(&server, 10)?;
    leave_in_four_ways(&server)?;
    server.expect_given_back_after(|| {
        (1..=program.many(36, 150)).try_for_each(|_| leave_in_four_ways(&server))
    })?;
    server.expect_one_listener().map(drop)
}

/// What was sent back is gone. A stream may go on for as long as it likes, in the same memory.
pub(super) fn keeps_nothing_of_what_it_has_sent(program: &Program) -> Outcome {
    program.watch_rare_calls();
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    let stream = program.payload("a long stream", program.many(13 << 18, 40 << 20));
    let (start, rest) = stream.split_at(1 << 18);
    peer.exchange(&start)?;
    let before = server.count_resources()?;
    peer.exchange(&rest)?;
    let small = program.many(100, 30_000);
    for _ in 0..small {
        peer.send("?")?.expect("?")?;
    }
    server.expect_given_back(before)?;
    peer.half_close()?.expect_end()?;
    let all = stream.bytes().len() + small;
    server.expect_logged(&format!("client 1 left after {all} bytes"))?;
    Ok(())
}

/// A blocking `recv` sleeps in the kernel. Asking again and again instead would use a processor without need.
fn sleeps_until_the_client_sends(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.expect_sleeping()?;
    peer.send("hello")?.expect("hello")?;
    server.expect_sleeping()?;
    Ok(())
}

/// A `recv` without a timeout goes on after a stop as if nothing had been; one with a timeout gives up: signal(7).
fn goes_on_sleeping_after_it_was_stopped(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.expect_sleeping()?;
    server.stop()?;
    server.resume();
    peer.send("hello")?.expect("hello")?;
    server.expect_sleeping()?;
    Ok(())
}

/// A `recv` that gives up and is called again wakes without need. Its timeout shows at the socket.
pub(super) fn waits_without_a_timeout(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    peer.send("hello")?.expect("hello")?;
    server.expect_sleeping()?.expect_no_timeouts()
}

/// A sleep before an answer, between two of them, or before the next client makes everybody wait who could be served.
fn sleeps_nowhere_but_in_its_calls(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    // What it answers is judged elsewhere.
    let _ = talk_reset_and_serve_another(&server);
    server.expect_no_waits_of_its_own()?.expect_one_listener()?;
    server.expect_no_held_back_bytes().map(drop)
}

fn talk_reset_and_serve_another(server: &Server) -> Outcome {
    let mut peer = server.connect_peer()?;
    for message in ["hello", "and", "then?"] {
        peer.send(message)?.expect(message)?;
    }
    peer.reset()?;
    serve_one_client(server)
}

/// A client that reads slowly may take hours, and one that thinks too: no limit of time on its socket.
fn gives_a_slow_client_its_time(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut slow = server.connect_slow_peer()?;
    slow.fill(&program.more_than_fits("a long message"))?;
    server
        .expect_no_time_limits()?
        .expect_no_waits_of_its_own()?;
    Ok(())
}

/// One client resets behind its answer, and while it is served a second one comes and resets, and a third comes and
/// leaves. The fourth leaves in good order.
pub(super) fn leave_in_four_ways(server: &Server) -> Outcome {
    let words = Payload::noise(LONG_WORDS);
    let mut first = server.connect_peer()?;
    first.send(&words)?.expect(&words)?;
    server.connect_peer()?.reset()?;
    server.connect_peer()?.leave();
    first.reset()?;
    serve_one_client(server)
}

/// So many clients come at the same time. One after the other is served and leaves.
pub(super) fn serve_clients(server: &Server, count: usize) -> Outcome {
    let mut peers = server.connect_peers(count)?;
    for peer in &mut peers {
        peer.send("hello")?;
    }
    for peer in &mut peers {
        peer.expect("hello")?.half_close()?.expect_end()?;
    }
    Ok(())
}

/// One client that is served and leaves.
pub(super) fn serve_one_client(server: &Server) -> Outcome {
    let mut peer = server.connect_peer()?;
    peer.send("hello")?.expect("hello")?;
    peer.half_close()?.expect_end()?;
    Ok(())
}
