//! Stage 09: ask the kernel which sockets are ready, and sleep until one is.
//!
//! Nothing here is judged by a clock. Whether the server is woken for nothing shows when it does not come to rest: while
//! nobody says anything, while one client does not read, and after a half-close.
//!
//! Not judged, since Linux does not interrupt `poll` when a program is stopped and goes on: whether an interrupted wait
//! is tried again. Stage 10 judges it. And since loopback keeps what `poll` has promised: whether "would block" is taken
//! for an error by a `recv` after that.

use crate::diagnose::failure::Outcome;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::harness::program::Program;
use crate::harness::server::Server;

use super::echo_server::{echoes_messages_of_every_size, serve_one_client};
use super::nonblocking_send::{A_LITTLE, reset_after_half_close};
use super::polling_clients::{
    connect_as_another_leaves, makes_nobody_wait_for_clients_that_send_without_end,
    serve_forty_clients, talk_all_at_once,
};

crate::checks! {
    step 1, 1: sleeps_in_poll_until_somebody_comes needs ProcessState KernelQueues;
    step 2, 1: sleeps_in_poll_while_clients_are_silent needs ProcessState KernelQueues;
    step 3, 1: parts_from_neighbours_that_leave_without_a_word needs StopAndContinue ProcessState KernelQueues;
    step 4, 1: echoes_messages_of_every_size;
    step 4, 1: gives_fifty_clients_their_own_bytes needs ManyClients;
    step 4, 1: makes_nobody_wait_for_a_silent_or_a_slow_client needs StopAndContinue ProcessState KernelQueues;
    step 4, 1: makes_nobody_wait_for_clients_that_send_without_end needs StopAndContinue KernelQueues RoomToFlood;
    step 4, 1: sends_what_waits_and_the_end_after_a_half_close needs StopAndContinue ProcessState KernelQueues;
    step 4, 1: parts_from_slow_clients_that_reset needs StopAndContinue Descriptors ProcessState KernelQueues;
    step 4, 1: serves_clients_beyond_a_thousand_descriptors needs ManyDescriptors Descriptors ProcessState KernelQueues;
}

/// The listener is a socket to ask about, like any other: it is ready when somebody is there.
fn sleeps_in_poll_until_somebody_comes(program: &Program) -> Outcome {
    let server = program.start()?;
    server.expect_sleeping_until_ready()?;
    server.expect_accepted(&server.connect_peers(1)?)
}

/// There is nearly always room to send. Who asks for it all the time is told so all the time.
fn sleeps_in_poll_while_clients_are_silent(program: &Program) -> Outcome {
    let server = program.start()?;
    server.expect_sleeping_until_ready()?;
    let mut silent = Vec::new();
    for _ in 1..=5 {
        silent.push(server.connect_peer()?);
        server.expect_sleeping_until_ready()?;
    }
    server.expect_accepted(&silent)
}

/// An end and a reset make a socket ready as well. Those between them and behind them stay.
pub(super) fn parts_from_neighbours_that_leave_without_a_word(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = server.connect_peers(4)?;
    server.expect_sleeping_until_ready()?;
    server.stop()?;
    peers.remove(2).reset()?;
    peers[1].half_close()?;
    server.resume();
    peers[1].expect_end()?;
    server.expect_logged("client 2 left after 0 bytes")?;
    server.expect_logged("client 3 left after 0 bytes")?;
    server.expect_kept(&mut peers[0])?;
    server.expect_kept(&mut peers[2])?;
    program.expect_transcript("neighbours-leave-without-a-word")
}

/// Fifty conversations at once: none gets into another, and nobody is looked at who has nothing new to say.
pub(super) fn gives_fifty_clients_their_own_bytes(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = server.connect_peers(50)?;
    talk_all_at_once(program, &mut peers)?;
    server.expect_no_scan(&mut peers)
}

/// One says nothing, one reads nothing, and one is served. What waits for the slow one is bounded, and not lost; and
/// whenever there is no room for it, the server sleeps: at first, and also when there was some for a while.
pub(super) fn makes_nobody_wait_for_a_silent_or_a_slow_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let (_silent, mut other) = (server.connect_peer()?, server.connect_peer()?);
    let mut slow = server.connect_slow_peer()?;
    let taken = slow.fill(&program.more_than_fits("a long message"))?;
    server.expect_sleeping_until_ready()?;
    asks_again_and_again(program, &mut other)?;
    slow.expect_buffered_at_most(A_LITTLE, &taken)?;
    reads_on_and_stops_again(program, &server, &mut slow, &taken)?;
    slow.send("and then?")?.expect("and then?")?;
    server.expect_sleeping_until_ready()?;
    Ok(())
}

/// First it reads a little, and then a lot while the server is stopped: when that goes on there is room, and when it has
/// filled that, there is none and will be none.
fn reads_on_and_stops_again(
    program: &Program,
    server: &Server,
    slow: &mut Peer,
    taken: &Payload,
) -> Outcome {
    let few = program.number(1..=100_000);
    slow.expect(taken.part(0, few))?;
    server.expect_sleeping_until_ready()?;
    server.stop()?;
    let many = few + slow.readable_later() / 2;
    slow.expect(taken.part(few, many))?;
    server.resume();
    server.expect_sleeping_until_ready()?;
    slow.expect(taken.part(many, taken.bytes().len()))?;
    Ok(())
}

/// Each question wakes the server, and each time only one client has asked.
fn asks_again_and_again(program: &Program, peer: &mut Peer) -> Outcome {
    let question = program.every_byte_value();
    for _ in 1..=10 {
        peer.send(&question)?.expect(&question)?;
    }
    Ok(())
}

/// The end is news like any other: it may come together with the last bytes, or while much waits to be sent.
pub(super) fn sends_what_waits_and_the_end_after_a_half_close(program: &Program) -> Outcome {
    receives_the_last_bytes_before_the_end(program)?;
    receives_what_came_before_a_pause_and_the_end(program)?;
    sends_what_waits_after_a_half_close(program)
}

/// The end may come together with the bytes before it, and so does the news of both. There may be more of these bytes
/// than one turn receives.
fn receives_the_last_bytes_before_the_end(program: &Program) -> Outcome {
    let server = program.start()?;
    for (number, length) in [(1, 60_000), (2, 200_000)] {
        let mut peer = server.connect_peer()?;
        let message = program.payload("its last words", length);
        server.stop()?;
        peer.send(&message)?.half_close()?;
        server.resume();
        peer.expect(&message)?.expect_end()?;
        server.expect_logged(&format!("client {number} left after {length} bytes"))?;
    }
    serve_one_client(&server)
}

/// The end may also be there while the server does not receive, because much waits to be sent. What is unread then comes
/// before it.
fn receives_what_came_before_a_pause_and_the_end(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    let sent = peer.send_until_something_is_buffered(&program.more_than_fits("a long message"))?;
    let rest = program.payload("its last words", 100_000);
    peer.send(&rest)?.half_close()?;
    server.expect_sleeping_until_ready()?;
    peer.expect(&sent)?.expect(&rest)?.expect_end()?;
    let count = sent.bytes().len() + rest.bytes().len();
    server.expect_logged(&format!("client 1 left after {count} bytes"))?;
    Ok(())
}

/// A half-close ends one direction, and what waits belongs into the other. Until there is room for it, the server
/// sleeps: that the client is done is no news any more.
fn sends_what_waits_after_a_half_close(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    let message = program.more_than_fits("a long message");
    let sent = peer.send_until_something_is_buffered(&message)?;
    peer.half_close()?;
    server.expect_sleeping_until_ready()?;
    serve_one_client(&server)?;
    peer.expect(&sent)?.expect_end()?;
    Ok(())
}

/// A broken connection is news even where nothing is asked, and it stays so until the socket is closed.
fn parts_from_slow_clients_that_reset(program: &Program) -> Outcome {
    let server = program.start()?;
    serve_one_client(&server)?;
    let before = server.count_descriptors()?;
    reset_slow_clients(program, &server)?;
    server.expect_descriptors(before)
}

/// Eight clients, one after the other, that read nothing and break off while much waits for them, and one that has ended
/// its stream before. Whoever comes after them, or meanwhile, gets what is its own.
pub(super) fn reset_slow_clients(program: &Program, server: &Server) -> Outcome {
    for _ in 1..=8 {
        let mut slow = server.connect_slow_peer()?;
        slow.fill(&program.more_than_fits("a long message"))?;
        slow.reset()?;
        server.expect_sleeping_until_ready()?;
    }
    reset_after_half_close(program, server)?;
    connect_as_another_leaves(server)?;
    server.expect_sleeping_until_ready()?;
    Ok(())
}

/// `select` ends at descriptor 1023, and so does a table of that length. And whoever left gives back its own.
fn serves_clients_beyond_a_thousand_descriptors(program: &Program) -> Outcome {
    let server = program.start_beyond_1024_descriptors()?;
    server.expect_sleeping_until_ready()?;
    serve_forty_clients(&server)?;
    let before = server.count_descriptors()?;
    for _ in 1..=5 {
        serve_forty_clients(&server)?;
    }
    server.expect_descriptors(before)
}
