//! Stage 07: many clients in one loop; no client can make another wait.
//!
//! Nothing here is judged by a clock. Whether a client starves shows in how many bytes of others the server takes
//! before it is its turn; whether the loop naps, in processor time for each time it goes to sleep; how often it naps in
//! a round, in how often it goes to sleep before a question is answered.
//!
//! Not judged, since loopback on Linux does not show it: a client that is passed over in one round because another one
//! was removed (the next round comes in a millisecond), and whether a round accepts one client or all that wait.

use crate::diagnose::failure::{Outcome, Result};
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::harness::program::Program;
use crate::harness::server::Server;

use super::echo_server::{
    answers_when_exactly_its_buffer_is_full, echoes_bytes_of_every_size, echoes_texts_unchanged,
    keeps_nothing_of_clients_that_left, keeps_nothing_of_what_it_has_sent, logs_each_client_once,
    logs_when_a_client_comes_and_how_much_it_sent, serve_clients, serve_one_client,
    serves_the_next_after_some_that_end_and_reset,
};
use super::nonblocking_accept::{self, listens_where_it_was_asked_to};
use super::nonblocking_recv::{
    answers_before_it_asks_for_more, gives_up_one_to_whom_it_cannot_send,
    goes_on_ticking_while_one_sends_without_end,
};
use super::nonblocking_send::{
    expect_little_kept, expect_tail_after_a_half_close, keeps_little_of_small_pieces,
    keeps_nothing_of_a_stream_that_is_always_behind, reset_after_half_close,
};
use super::select::{answers_in_a_crowd, ends_beside_a_client};

crate::checks! {
    step 1, 1: naps_while_there_is_nothing_to_do needs SettledState;
    step 2, 1: has_one_thread_and_sockets_that_never_wait (so_far) needs SettledState Descriptors;
    step 3, 1: echoes_messages_of_every_size {
        echoes_bytes_of_every_size,
        echoes_texts_unchanged,
        answers_when_exactly_its_buffer_is_full needs WatchedCalls StopAndContinue KernelQueues Descriptors,
        answers_before_it_asks_for_more needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 3, 1: gives_fifty_clients_their_own_bytes needs ManyClients {
        gives_each_of_fifty_clients_its_own_bytes,
        answers_all_of_many_clients needs StopAndContinue,
        asks_everybody_in_each_round needs WatchedCalls Descriptors SettledState,
    }
    step 3, 1: makes_nobody_wait_for_a_silent_or_a_slow_client needs SettledState {
        answers_a_newcomer_beside_silent_and_slow_clients,
        keeps_little_for_a_slow_client,
        keeps_little_of_small_pieces needs Descriptors,
        loses_nothing_that_waits_for_a_slow_client,
    }
    step 3, 1: makes_nobody_wait_for_clients_that_send_without_end {
        gives_each_its_turn_beside_clients_that_send_without_end needs StopAndContinue KernelQueues RoomToFlood,
        goes_on_ticking_while_one_sends_without_end,
    }
    step 3, 1: naps_once_a_round_and_not_once_a_client needs SettledState StopAndContinue ManyClients;
    step 4, 1: sends_what_waits_after_a_half_close needs SettledState;
    step 4, 1: closes_clients_that_leave_at_once needs StopAndContinue {
        logs_when_a_client_comes_and_how_much_it_sent,
        keeps_the_clients_between_them,
        gives_up_one_to_whom_it_cannot_send needs AnsweredCalls,
        drops_what_waits_for_a_client_that_half_closes_and_resets,
        serves_a_client_that_comes_as_another_leaves,
        logs_each_client_once,
        serves_the_next_after_some_that_end_and_reset,
        listens_where_it_was_asked_to needs KernelQueues Descriptors Ipv6,
        ends_for_an_error_of_its_own needs ForeignSockets Descriptors KernelQueues AnsweredCalls,
    }
    step 4, 1: gives_back_what_it_took needs Descriptors SettledState {
        keeps_nothing_of_what_it_has_sent,
        keeps_nothing_of_clients_that_left,
        keeps_nothing_of_forty_at_a_time,
        keeps_nothing_of_a_stream_that_is_always_behind needs AnsweredCalls,
    }
}

/// A round that found nothing to do finds nothing in the next microsecond either.
fn naps_while_there_is_nothing_to_do(program: &Program) -> Outcome {
    program.start()?.expect_ticks()?.expect_naps()?;
    Ok(())
}

/// Each client has a socket of its own, and each of them has to be told.
fn has_one_thread_and_sockets_that_never_wait(program: &Program) -> Outcome {
    let server = program.start()?;
    let _silent = (server.connect_peer()?, server.connect_peer()?);
    server.expect_never_waits()
}

/// Fifty conversations at once, in pieces, and in another order each time: none gets into another.
fn gives_each_of_fifty_clients_its_own_bytes(program: &Program) -> Outcome {
    let server = program.start()?;
    talk_all_at_once(program, &mut server.connect_peers(50)?)
}

/// No list has a last place, and no round a last turn. A nap for each hundred would be one too many.
fn answers_all_of_many_clients(program: &Program) -> Outcome {
    let server = answers_in_a_crowd(program, 640)?;
    server.expect_one_nap_a_round().map(drop)
}

/// One client says nothing, and several read nothing: a bound for each of them. Who comes then is served, the other work goes
/// on, and that nothing fits is no reason to stay awake, nor for a nap of its own.
fn answers_a_newcomer_beside_silent_and_slow_clients(program: &Program) -> Outcome {
    let server = program.start()?;
    let _silent = server.connect_peer()?;
    let _slow = connect_full_peers(program, &server, program.many(5, 70))?;
    let mut newcomer = server.connect_peer()?;
    for _ in 1..=20 {
        newcomer.send("and I?")?.expect("and I?")?;
    }
    server.expect_ticks()?.expect_naps()?;
    server.expect_short_rounds()?.expect_one_nap_a_round()?;
    server
        .expect_no_new_threads()?
        .expect_no_waiting_close()?
        .expect_no_held_back_bytes()?;
    Ok(())
}

/// So many clients that read nothing, and for each of whom as much waits as the server keeps.
pub(super) fn connect_full_peers(
    program: &Program,
    server: &Server,
    count: usize,
) -> Result<Vec<Peer>> {
    let message = program.more_than_fits("a long message");
    let mut peers = Vec::new();
    for _ in 1..=count {
        peers.push(server.connect_slow_peer()?);
    }
    for peer in &mut peers {
        peer.fill(&message)?;
    }
    // Until then the server may get rid of some of it, and is full no more.
    for peer in &mut peers {
        peer.wait_until_no_room_is_left();
        peer.fill(&message)?;
    }
    Ok(peers)
}

/// A server that reads on keeps what it cannot send, and each of its clients could take all of its memory, or with a bound
/// that grows each time.
pub(super) fn keeps_little_for_a_slow_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let (mut slow, mut other) = (server.connect_slow_peer()?, server.connect_peer()?);
    for _ in 0..program.many(3, 12) {
        expect_little_kept(program, &mut slow, || {
            other.send("hello")?.expect("hello").map(drop)
        })?;
    }
    Ok(())
}

/// When a slow client reads, the kernel has room again: for what waits, once, in order, and for what follows.
pub(super) fn loses_nothing_that_waits_for_a_slow_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let (mut slow, mut other) = (server.connect_slow_peer()?, server.connect_peer()?);
    let taken = slow.fill(&program.more_than_fits("a long message"))?;
    other.send("hello")?.expect("hello")?;
    slow.expect_in_steps(&taken, &[program.number(1..=100_000)])?;
    Ok(())
}

/// That somebody has said nothing for long says nothing of the next round: a turn that is left out is a nap more to wait for.
fn asks_everybody_in_each_round(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let peers = server.connect_peers(program.many(70, 150))?;
    server
        .expect_each_asked_in_each_round(&peers)?
        .expect_short_rounds()?;
    Ok(())
}

/// Neither those who are quiet, nor those who come or go.
fn gives_each_its_turn_beside_clients_that_send_without_end(program: &Program) -> Outcome {
    makes_nobody_wait_for_clients_that_send_without_end(program)
}

/// How much those who send without end may send, all together, in bytes.
const ALL_FLOODS: usize = 64 << 20;

/// A turn ends by itself. Who is served until nothing comes any more keeps everybody else from theirs, and newcomers as well.
pub(super) fn makes_nobody_wait_for_clients_that_send_without_end(program: &Program) -> Outcome {
    // A server that the lab answers at each call takes less between two looks.
    program.watch_every_call();
    let server = program.start()?;
    let mut flood = program.payload("as much as fits", 8 << 20);
    let (mut others, mut gone_by) = (Vec::new(), Vec::new());
    for before in [3, 3, program.many(33, 70)] {
        others.extend(server.connect_peers(before)?);
        let mut quiet = server.connect_peer()?;
        others.extend(server.connect_peers(2)?);
        quiet.send("hello")?.expect("hello")?;
        // A program that receives little at a time has enough to do with less, and the kernel with less of each of many.
        let most = (quiet.room_of_recv() << 9).min(ALL_FLOODS / others.len());
        flood = flood.start(most.min(flood.bytes().len()));
        server.expect_answer_in_turn(&mut quiet, &mut others, &flood)?;
        gone_by.push(quiet);
    }
    let mut leaver = server.connect_peer()?;
    let _newcomer = server.expect_newcomer_in_turn(&mut others, &flood)?;
    server.expect_end_in_turn(&mut leaver, &mut others, &flood)
}

/// A nap in the turn of each client adds up: with fifty silent clients the fifty-first waits for fifty naps. So does one for
/// each who asks.
fn naps_once_a_round_and_not_once_a_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = server.connect_peers(51)?;
    speak_all_at_once(&server, &mut peers, &"and I?".into())?;
    server.expect_naps()?;
    let question = program.payload("a question", 5);
    for at in program.shuffled(51).into_iter().take(5) {
        server.expect_answer_before_many_naps(&mut peers[at], &question)?;
    }
    server.expect_one_nap_a_round()?;
    Ok(())
}

/// A half-close ends one direction, and what waits belongs into the other. A client that leaves meanwhile takes no other
/// along.
fn sends_what_waits_after_a_half_close(program: &Program) -> Outcome {
    let server = program.start()?;
    expect_tail_after_a_half_close(program, &server, |server| {
        server.expect_ticks()?.expect_naps()?;
        serve_one_client(server)
    })?;
    server.expect_short_rounds()?.expect_no_new_threads()?;
    server.expect_unlimited_delivery()?;
    Ok(())
}

/// When neighbours leave in the same round, those between them and behind them stay, and are served.
fn keeps_the_clients_between_them(program: &Program) -> Outcome {
    neighbours_leave_at_once(&program.start()?)?;
    program.expect_transcript("neighbours-leave-at-once")?;
    // A stop in the midst of a round would part them.
    (1..=4).try_for_each(|_| neighbours_leave_at_once(&program.start()?))
}

/// Of four clients the second and the third leave while the server is stopped.
fn neighbours_leave_at_once(server: &Server) -> Outcome {
    let mut peers = server.connect_peers(4)?;
    greet_each(&mut peers, "hello")?;
    server.stop()?;
    peers.remove(2).reset()?;
    peers[1].half_close()?;
    server.resume();
    peers.remove(1).expect_end()?;
    server.expect_logged("client 2 left after 5 bytes")?;
    server.expect_logged("client 3 lost after 5 bytes")?;
    greet_each(&mut peers, "still here")
}

/// A reset may also come after the end of a client's stream, while something waits for it. It ends that client alone.
fn drops_what_waits_for_a_client_that_half_closes_and_resets(program: &Program) -> Outcome {
    let server = program.start()?;
    let _others = server.connect_peers(2)?;
    reset_after_half_close(program, &server)
}

/// The place and the descriptor of a client that has left may be the next one's at once.
fn serves_a_client_that_comes_as_another_leaves(program: &Program) -> Outcome {
    let server = program.start()?;
    let _others = server.connect_peers(2)?;
    connect_as_another_leaves(&server)
}

/// Before the server looks again, one has left, the next has come, and a third has come and is gone. The place and the
/// descriptor of the first may be the next one's at once.
pub(super) fn connect_as_another_leaves(server: &Server) -> Outcome {
    let mut first = server.connect_peer()?;
    first.send("hello")?.expect("hello")?;
    server.stop()?;
    first.half_close()?;
    let mut next = server.connect_peer()?;
    next.send("and I?")?;
    server.connect_peer()?.reset()?;
    server.resume();
    first.expect_end()?;
    next.expect("and I?")?;
    next.send("still here")?.expect("still here")?;
    serve_one_client(server)
}

/// Whoever left is no longer in the list, and its socket is closed.
fn keeps_nothing_of_forty_at_a_time(program: &Program) -> Outcome {
    keeps_nothing_of_forty(&program.start()?)
}

/// Two hundred clients come and leave, forty at a time. One who was there before them stays.
pub(super) fn keeps_nothing_of_forty(server: &Server) -> Outcome {
    let mut resident = server.connect_peer()?;
    resident.send("hello")?.expect("hello")?;
    serve_clients(server, 40)?;
    server.expect_given_back_after(|| {
        (1..=5).try_for_each(|_| serve_clients(server, 40))?;
        resident.send("still here")?.expect("still here")?;
        Ok(())
    })
}

/// Each of `peers` sends a message of its own, three times, before any of them receives its answer.
pub(super) fn talk_all_at_once(program: &Program, peers: &mut [Peer]) -> Outcome {
    for _ in 1..=3 {
        let messages: Vec<_> = (0..peers.len())
            .map(|_| program.payload("its message", program.number(1..=5_000)))
            .collect();
        for at in program.shuffled(peers.len()) {
            peers[at].send(&messages[at])?;
        }
        for at in program.shuffled(peers.len()) {
            peers[at].expect(&messages[at])?;
        }
    }
    Ok(())
}

/// Each of `peers` sends `message` before the server looks again, and gets it back.
pub(super) fn speak_all_at_once(server: &Server, peers: &mut [Peer], message: &Payload) -> Outcome {
    server.stop()?;
    for peer in peers.iter_mut() {
        peer.send(message)?;
    }
    server.resume();
    for peer in peers {
        peer.expect(message)?;
    }
    Ok(())
}

/// Each of `peers` sends `greeting`, and gets it back.
pub(super) fn greet_each(peers: &mut [Peer], greeting: &str) -> Outcome {
    for peer in peers {
        peer.send(greeting)?.expect(greeting)?;
    }
    Ok(())
}

/// The errors of stage 04, also while somebody is there.
fn ends_for_an_error_of_its_own(program: &Program) -> Outcome {
    nonblocking_accept::ends_for_an_error_of_its_own(program)?;
    ends_beside_a_client(program)
}
