//! Stage 09: ask the kernel which sockets are ready, and sleep until one is.
//!
//! Nothing here is judged by a clock. Whether the server is woken for nothing shows when it does not come to rest: while
//! nobody says anything, while one client does not read, and after a half-close.
//!
//! Linux does not interrupt `poll` when a program is stopped and goes on, and loopback keeps what `poll` has promised. So the
//! lab answers a call now and then in the kernel's place.

use crate::diagnose::failure::{Outcome, Result};
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::harness::program::Program;
use crate::harness::server::Server;
use crate::platform::SystemError;

use super::echo_server::{
    answers_when_exactly_its_buffer_is_full, echoes_bytes_of_every_size, echoes_texts_unchanged,
    keeps_nothing_of_clients_that_left, keeps_nothing_of_what_it_has_sent, logs_each_client_once,
    logs_when_a_client_comes_and_how_much_it_sent, serve_clients, serve_one_client,
    serves_the_next_after_some_that_end_and_reset,
};
use super::listen::{self, listens_where_it_was_asked_to};
use super::nonblocking_send::{
    expect_little_kept, keeps_little_of_small_pieces, owes_the_tail_after_a_half_close,
    reset_after_half_close,
};
use super::polling_clients::{
    connect_as_another_leaves, connect_full_peers, greet_each, keeps_nothing_of_forty,
    makes_nobody_wait_for_clients_that_send_without_end, speak_all_at_once, talk_all_at_once,
};

crate::checks! {
    step 1, 1: sleeps_in_poll_until_somebody_comes (so_far) needs SettledState;
    step 2, 1: sleeps_in_poll_while_clients_are_silent needs SettledState {
        sleeps_beside_each_silent_client,
        polls_again_after_an_interruption needs AnsweredCalls,
    }
    step 3, 1: closes_clients_that_leave_without_a_word needs StopAndContinue SettledState;
    step 4, 1: echoes_messages_of_every_size {
        echoes_bytes_of_every_size,
        echoes_texts_unchanged,
        answers_when_exactly_its_buffer_is_full needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 4, 1: serves_fifty_clients_and_leaves_the_idle_alone needs ManyClients {
        gives_fifty_clients_their_own_bytes,
        answers_all_of_many_clients needs StopAndContinue,
        receives_only_where_something_is_ready needs KernelQueues Descriptors ForeignSockets,
        makes_no_call_for_those_who_are_silent needs WatchedCalls KernelQueues Descriptors,
    }
    step 4, 1: makes_nobody_wait_for_a_silent_or_a_slow_client needs StopAndContinue SettledState {
        answers_another_client_and_sleeps_while_one_does_not_read,
        answers_a_newcomer_beside_those_who_do_not_read,
        sleeps_nowhere_but_in_its_wait needs WatchedCalls,
        sleeps_again_when_a_slow_client_has_read_some,
        sleeps_beside_an_urgent_byte,
        keeps_little_for_a_slow_client,
        keeps_little_of_small_pieces needs Descriptors,
        keeps_a_client_that_was_not_ready_after_all needs AnsweredCalls,
    }
    step 4, 1: makes_nobody_wait_for_clients_that_send_without_end needs StopAndContinue KernelQueues RoomToFlood;
    step 4, 1: sends_what_waits_and_the_end_after_a_half_close needs StopAndContinue SettledState {
        logs_when_a_client_comes_and_how_much_it_sent,
        receives_the_last_bytes_before_the_end,
        receives_what_came_before_a_pause_and_the_end,
        receives_what_came_before_a_reset,
        sends_what_waits_after_a_half_close,
        sends_what_one_send_did_not_take needs AnsweredCalls,
        logs_each_client_once,
    }
    step 4, 1: gives_back_what_it_took needs StopAndContinue Descriptors SettledState {
        keeps_nothing_of_what_it_has_sent,
        keeps_nothing_of_slow_clients_that_reset,
        keeps_nothing_of_clients_that_left,
        loses_nobody_but_the_one_whose_send_fails needs AnsweredCalls,
        drops_what_waits_for_a_client_that_half_closes_and_resets,
        serves_a_client_that_comes_as_another_leaves,
        listens_where_it_was_asked_to needs Ipv6,
        ends_for_an_error_of_its_own needs ForeignSockets AnsweredCalls,
        serves_the_next_after_some_that_end_and_reset,
    }
    step 4, 1: serves_clients_beyond_a_thousand_descriptors needs ManyDescriptors SettledState {
        serves_forty_clients_with_high_descriptors,
        gives_back_high_descriptors needs Descriptors,
    }
}

/// The listener is a socket to ask about, like any other: it is ready when somebody is there.
fn sleeps_in_poll_until_somebody_comes(program: &Program) -> Outcome {
    let server = program.start()?;
    server.expect_sleeping_until_ready()?;
    server.expect_accepted(&server.connect_peers(1)?)
}

/// There is nearly always room to send. Who asks for it all the time is told so all the time.
fn sleeps_beside_each_silent_client(program: &Program) -> Outcome {
    let server = program.start()?;
    server.expect_sleeping_until_ready()?;
    let mut silent = Vec::new();
    for _ in 1..=5 {
        silent.push(server.connect_peer()?);
        server.expect_sleeping_until_ready()?;
    }
    server.expect_accepted(&silent)
}

/// An urgent byte is no part of the stream, and nobody takes it: it would be there in the next call, and in the one after.
fn sleeps_beside_an_urgent_byte(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.expect_sleeping_until_ready()?;
    peer.send_urgent()?;
    server.expect_sleeping_until_ready()?;
    peer.send("hello")?.expect("hello")?;
    Ok(())
}

/// A signal may end a wait before anybody is ready. Here the lab says so, in the kernel's place.
fn polls_again_after_an_interruption(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    server.expect_sleeping_until_ready()?;
    server.fail_next_wait(SystemError::Interrupted)?;
    let peers = server.connect_peers(1)?;
    server.expect_sleeping_until_ready()?;
    server.expect_accepted(&peers)
}

/// An end and a reset make a socket ready as well. Those between them and behind them stay.
pub(super) fn closes_clients_that_leave_without_a_word(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let mut peers = connect_at_once(&server, 4)?;
    server.expect_sleeping_until_ready()?.stop()?;
    peers.remove(2).reset()?;
    peers[1].half_close()?;
    server.resume();
    peers[1].expect_end()?;
    server.expect_logged("client 2 left after 0 bytes")?;
    server.expect_logged("client 3 lost after 0 bytes")?;
    peers[0].expect_silence()?;
    peers[2].expect_silence()?;
    program.expect_transcript("neighbours-leave-without-a-word")
}

/// So many clients, all of whom wait in the backlog when the server looks. Their numbers say in which order they came.
fn connect_at_once(server: &Server, count: usize) -> Result<Vec<Peer>> {
    server.stop()?;
    let peers = server.connect_peers(count);
    server.resume();
    peers
}

/// Fifty conversations at once: none gets into another.
pub(super) fn gives_fifty_clients_their_own_bytes(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    talk_all_at_once(program, &mut server.connect_peers(50)?)
}

/// No table has a last place, and that many are there is no reason to wait otherwise than for their news.
pub(super) fn answers_all_of_many_clients(program: &Program) -> Outcome {
    let server = answers_in_a_crowd(program, 1_100)?;
    server.expect_no_waits_of_its_own().map(drop)
}

/// Many clients are there. The last of them speaks, and then each says more than one `recv` brings, before the server looks.
pub(super) fn answers_in_a_crowd(program: &Program, thorough: usize) -> Result<Server> {
    program.watch_every_call();
    let clients = program.many_clients(140, thorough);
    let server = program.start()?;
    let mut peers = Vec::new();
    while peers.len() < clients {
        // No more at a time than its backlog has room for.
        peers.extend(server.connect_peers(100.min(clients - peers.len()))?);
        server.wait_until_settled();
    }
    greet_each(&mut peers[clients - 2..], "hello")?;
    greet_each(&mut peers[..2], "hello")?;
    let room = peers[0].room_of_recv();
    let length = room + room / 4 + 10;
    speak_all_at_once(&server, &mut peers, &program.payload("its message", length))?;
    Ok(server)
}

/// The kernel says which sockets are ready. To try the others as well costs a call for each of them, every time.
pub(super) fn receives_only_where_something_is_ready(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = server.connect_peers(50)?;
    talk_all_at_once(program, &mut peers)?;
    server.expect_no_scan(&mut peers)
}

/// Whoever says nothing costs nothing, be it that others speak, or that somebody comes: not one call.
pub(super) fn makes_no_call_for_those_who_are_silent(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let (mut silent, mut other) = (server.connect_peers(2)?, server.connect_peer()?);
    silent.extend(server.connect_peers(3)?);
    greet_each(&mut silent, "hello")?;
    let before = server.count_calls()?;
    for _ in 1..=1_100 {
        other.send("?")?.expect("?")?;
    }
    server.expect_no_calls_on_the_listener(&before)?;
    other.half_close()?.expect_end()?;
    asks_again_and_again(program, &mut server.connect_peer()?)?;
    let newcomers = server.connect_peers(2)?;
    server.expect_no_calls_on(&silent, &before)?;
    server.expect_nothing_asked_of(&newcomers)
}

/// Each client has a bound of its own. That much waits for some is no reason not to serve the next.
pub(super) fn answers_a_newcomer_beside_those_who_do_not_read(program: &Program) -> Outcome {
    let server = program.start()?;
    let _full = connect_full_peers(program, &server, program.many(5, 70))?;
    asks_again_and_again(program, &mut server.connect_peer()?)
}

/// A nap before an answer, a thread that waits, a socket on which calls wait, a limit of time: each brings back what one wait
/// for all was to remove.
pub(super) fn sleeps_nowhere_but_in_its_wait(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let (mut slow, mut other) = (server.connect_slow_peer()?, server.connect_peer()?);
    slow.fill(&program.more_than_fits("a long message"))?;
    asks_again_and_again(program, &mut other)?;
    server.expect_non_blocking_sockets()?;
    asks_again_and_again(program, &mut server.connect_peer()?)?;
    server
        .expect_no_waits_of_its_own()?
        .expect_no_new_threads()?
        .expect_no_time_limits()?
        .expect_no_waiting_close()?
        .expect_no_held_back_bytes()?;
    Ok(())
}

/// What the kernel has said may not be true any more when `recv` is called. Here the lab says "would block" in its place.
fn keeps_a_client_that_was_not_ready_after_all(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.fail_next_recv_from(&peer, SystemError::WouldBlock)?;
    peer.send("I was, ")?;
    server.wait_until_settled();
    peer.send("and am")?.expect("I was, and am")?;
    Ok(())
}

/// One says nothing, one reads nothing, and one is served. While there is no room for the slow one, the server sleeps.
pub(super) fn answers_another_client_and_sleeps_while_one_does_not_read(
    program: &Program,
) -> Outcome {
    let server = program.start()?;
    let (_silent, mut other) = (server.connect_peer()?, server.connect_peer()?);
    let mut slow = server.connect_slow_peer()?;
    slow.fill(&program.more_than_fits("a long message"))?;
    server.expect_sleeping_until_ready()?;
    asks_again_and_again(program, &mut other)
}

/// A server that reads on keeps what it cannot send, and each of its clients could take all of its memory, or with a bound
/// that grows each time.
pub(super) fn keeps_little_for_a_slow_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let (_silent, mut other) = (server.connect_peer()?, server.connect_peer()?);
    let mut slow = server.connect_slow_peer()?;
    for _ in 0..program.many(3, 12) {
        expect_little_kept(program, &mut slow, || {
            asks_again_and_again(program, &mut other)
        })?;
    }
    Ok(())
}

/// When a slow client reads, there is room for what waits and then none again: each time the server is woken, loses
/// nothing, and sleeps.
pub(super) fn sleeps_again_when_a_slow_client_has_read_some(program: &Program) -> Outcome {
    let server = program.start()?;
    let _silent = server.connect_peers(2)?;
    let mut slow = server.connect_slow_peer()?;
    let taken = slow.fill(&program.more_than_fits("a long message"))?;
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
pub(super) fn asks_again_and_again(program: &Program, peer: &mut Peer) -> Outcome {
    let question = program.every_byte_value();
    for _ in 1..=10 {
        peer.send(&question)?.expect(&question)?;
    }
    Ok(())
}

/// The end may come together with the bytes before it, and so does the news of both. There may be more of these bytes
/// than one turn receives.
pub(super) fn receives_the_last_bytes_before_the_end(program: &Program) -> Outcome {
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
pub(super) fn receives_what_came_before_a_pause_and_the_end(program: &Program) -> Outcome {
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

/// A reset may come behind a byte, and its news with that. The kernel still has the byte, and hands it out first.
pub(super) fn receives_what_came_before_a_reset(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    peer.send("hello")?.expect("hello")?;
    server.expect_sleeping_until_ready()?.stop()?;
    peer.send("!")?;
    server.expect_reset_received(peer, "client 1 lost after 6 bytes")?;
    serve_one_client(&server)
}

/// A half-close ends one direction, and what waits belongs into the other. Until there is room for it, the server
/// sleeps: the end of the stream has been received, and is no event any more.
pub(super) fn sends_what_waits_after_a_half_close(program: &Program) -> Outcome {
    owes_the_tail_after_a_half_close(program, |server| {
        server.expect_sleeping_until_ready()?;
        serve_one_client(server)
    })
}

/// `send` may take less than it was given, and there may be room for the rest at once.
pub(super) fn sends_what_one_send_did_not_take(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    server.shorten_sends(100)?;
    let message = program.payload("a message", 1_000);
    for _ in 1..=3 {
        peer.send(&message)?.expect(&message)?;
    }
    Ok(())
}

/// That a connection is broken may come as "Broken pipe" from `send`, and then that client alone is lost.
pub(super) fn loses_nobody_but_the_one_whose_send_fails(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let (mut broken, mut other) = (server.connect_peer()?, server.connect_peer()?);
    broken.send("hello")?.expect("hello")?;
    server.fail_next_send_to(&broken, SystemError::BrokenPipe)?;
    broken.send("?")?.expect_end()?;
    server.expect_logged("client 1 lost after 6 bytes")?;
    other.send("still here")?.expect("still here")?;
    serve_one_client(&server)
}

/// A broken connection is an event even where nothing is asked, and it stays one until the socket is closed.
pub(super) fn keeps_nothing_of_slow_clients_that_reset(program: &Program) -> Outcome {
    let server = program.start()?;
    fill_and_reset(program, &server)?;
    server.expect_given_back_after(|| (1..=8).try_for_each(|_| fill_and_reset(program, &server)))
}

/// A client for which something waits resets the connection.
fn fill_and_reset(program: &Program, server: &Server) -> Outcome {
    let mut slow = server.connect_slow_peer()?;
    slow.fill(&program.more_than_fits("a long message"))?;
    slow.reset()?;
    server.expect_sleeping_until_ready()?;
    Ok(())
}

/// A reset may also come after the end of a client's stream, while the server asks for nothing but room.
pub(super) fn drops_what_waits_for_a_client_that_half_closes_and_resets(
    program: &Program,
) -> Outcome {
    let server = program.start()?;
    server.expect_sleeping_until_ready()?;
    reset_after_half_close(program, &server)?;
    server.expect_sleeping_until_ready()?;
    Ok(())
}

/// The place and the descriptor of a client that has left may be the next one's at once.
pub(super) fn serves_a_client_that_comes_as_another_leaves(program: &Program) -> Outcome {
    let server = program.start()?;
    let _others = server.connect_peers(2)?;
    connect_as_another_leaves(&server)?;
    server.expect_sleeping_until_ready()?;
    Ok(())
}

/// `select` ends at descriptor 1023, and so does a table of that length.
fn serves_forty_clients_with_high_descriptors(program: &Program) -> Outcome {
    let server = program.start_beyond_2048_descriptors()?;
    server.expect_sleeping_until_ready()?;
    serve_clients(&server, 40)
}

/// The descriptor of a client that has left is free for another, high as it is.
fn gives_back_high_descriptors(program: &Program) -> Outcome {
    keeps_nothing_of_forty(&program.start_beyond_2048_descriptors()?)
}

/// The errors of stage 01, also while somebody is there: one that thinks keeps a server that cannot go on from nothing.
pub(super) fn ends_for_an_error_of_its_own(program: &Program) -> Outcome {
    listen::ends_for_an_error_of_its_own(program)?;
    ends_beside_a_client(program)
}

/// A client is connected when the listening socket breaks, and when there are no more descriptors.
pub(super) fn ends_beside_a_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut thinks = server.connect_peer()?;
    thinks.send("hello")?.expect("hello")?;
    server.wait_until_settled();
    server.break_listener()?;
    server.wait_for_exit()?.expect_code(1)?;
    program.watch_every_call();
    let server = program.start()?;
    let mut thinks = server.connect_peer()?;
    thinks.send("hello")?.expect("hello")?;
    server.wait_until_settled();
    server.fail_every_accept(SystemError::TooManyOpenFiles)?;
    server.wait_for_exit_while_clients_come()?.expect_code(1)?;
    Ok(())
}
