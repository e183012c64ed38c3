//! Stage 08: let the scheduler do the waiting: one blocking thread a client.
//!
//! A pool of threads passes as long as it has one for everybody who is there. That threads run out is brought about
//! without other programs on the machine noticing it: the lab refuses a thread in the kernel's place, or leaves no memory for
//! a stack.
//!
use crate::diagnose::failure::{Outcome, Result};
use crate::harness::peer::Peer;
use crate::harness::program::Program;
use crate::harness::server::Server;
use crate::platform::SystemError;

use super::echo_server::{
    answers_when_exactly_its_buffer_is_full, echoes_a_message_that_arrives_byte_by_byte,
    echoes_bytes_of_every_size, echoes_texts_unchanged, echoes_two_messages_that_arrive_as_one,
    keeps_nothing_of_what_it_has_sent, leave_in_four_ways, logs_each_client_once,
    logs_how_much_a_client_sent_that_resets, logs_when_a_client_comes_and_how_much_it_sent,
    serve_clients, serve_one_client, serves_the_next_after_some_that_end_and_reset,
    waits_without_a_timeout,
};
use super::listen::{ends_for_an_error_of_its_own, listens_where_it_was_asked_to};
use super::nonblocking_send::owes_the_tail_after_a_half_close;
use super::polling_clients::{
    connect_full_peers, greet_each, keeps_little_for_a_slow_client, talk_all_at_once,
};
use super::select::{asks_again_and_again, sends_what_one_send_did_not_take};

crate::checks! {
    step 1, 1: serves_the_next_client_while_one_is_silent;
    step 1, 1: echoes_messages_of_every_size {
        echoes_bytes_of_every_size,
        echoes_texts_unchanged,
        answers_when_exactly_its_buffer_is_full needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 1, 1: echoes_messages_in_pieces_and_joined {
        echoes_a_message_that_arrives_byte_by_byte,
        echoes_two_messages_that_arrive_as_one needs StopAndContinue,
        sends_what_one_send_did_not_take needs AnsweredCalls,
    }
    step 1, 1: makes_nobody_wait_for_a_slow_client {
        serves_fifty_clients_while_one_does_not_read needs ManyClients ManyThreads,
        keeps_little_for_a_slow_client needs SettledState,
        loses_nothing_that_waits_for_a_slow_client,
    }
    step 1, 1: sleeps_in_a_thread_for_each_client needs SettledState {
        has_a_sleeping_thread_for_each_client,
        goes_on_sleeping_after_it_was_stopped needs StopAndContinue,
        waits_without_a_timeout needs ForeignSockets,
        sleeps_nowhere_but_in_its_calls needs WatchedCalls,
    }
    step 2, 1: sends_what_waits_after_a_half_close;
    step 2, 1: leaves_the_others_alone_when_one_resets {
        logs_when_a_client_comes_and_how_much_it_sent,
        keeps_those_who_have_a_thread,
        loses_nobody_but_the_one_whose_send_fails needs AnsweredCalls,
        serves_the_next_after_a_reset_in_the_backlog needs StopAndContinue,
        logs_how_much_a_client_sent_that_resets,
        logs_each_client_once,
        serves_the_next_after_some_that_end_and_reset needs StopAndContinue,
        listens_where_it_was_asked_to needs KernelQueues Descriptors Ipv6,
        ends_for_an_error_of_its_own needs ForeignSockets Descriptors KernelQueues AnsweredCalls,
    }
    step 2, 1: gives_back_what_it_took needs Descriptors SettledState {
        keeps_nothing_of_four_hundred_clients_that_left,
        keeps_no_thread_of_fifty_who_came_at_once needs ManyClients ManyThreads,
        keeps_nothing_of_what_it_has_sent,
    }
    step 2, 1: gives_back_the_stack_of_every_thread needs LessMemory SettledState;
    step 3, 1: goes_on_when_no_thread_can_be_started needs LessMemory SettledState;
}

/// A `recv` that sleeps keeps one thread waiting, and no other.
fn serves_the_next_client_while_one_is_silent(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let (mut silent, mut other) = (server.connect_peer()?, server.connect_peer()?);
    let message = program.every_byte_value();
    for _ in 1..=5 {
        other.send(&message)?.expect(&message)?;
    }
    silent.send("and now I")?.expect("and now I")?;
    Ok(())
}

/// A `send` that sleeps keeps one thread waiting, and no other. Some do: a server may have threads for sixty-four clients.
fn serves_fifty_clients_while_one_does_not_read(program: &Program) -> Outcome {
    let server = program.start()?;
    let _slow = connect_full_peers(program, &server, 13)?;
    talk_all_at_once(program, &mut server.connect_peers(50)?)
}

/// A thread that sleeps in `send` holds what it could not send, and sends it when its client reads.
fn loses_nothing_that_waits_for_a_slow_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let (mut slow, mut other) = (server.connect_slow_peer()?, server.connect_peer()?);
    let taken = slow.fill(&program.more_than_fits("a long message"))?;
    other.send("hello")?.expect("hello")?;
    slow.expect(&taken)?;
    Ok(())
}

/// A thread with nothing to do sleeps in the kernel, and to sleep at so many sockets takes as many threads.
fn has_a_sleeping_thread_for_each_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = server.connect_peers(8)?;
    server.expect_sleeping_thread_per_client(&peers)?;
    greet_each(&mut peers, "hello")?;
    server.expect_sleeping_thread_per_client(&peers)
}

/// A `recv` without a timeout goes on after a stop as if nothing had been; one with a timeout gives up: signal(7).
fn goes_on_sleeping_after_it_was_stopped(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = server.connect_peers(8)?;
    server.expect_sleeping_thread_per_client(&peers)?;
    server.stop()?;
    server.resume();
    greet_each(&mut peers, "hello")?;
    server.expect_sleeping_thread_per_client(&peers)
}

/// While nothing fits, `send` sleeps as well as `recv`. A sleep of the program's own, or a limit of time on a socket, is in
/// nobody's interest.
fn sleeps_nowhere_but_in_its_calls(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let (mut slow, mut other) = (server.connect_slow_peer()?, server.connect_peer()?);
    slow.fill(&program.more_than_fits("a long message"))?;
    asks_again_and_again(program, &mut other)?;
    let long = (16 * other.room_of_recv()).min(200_000);
    other.exchange(&program.payload("a long question", long))?;
    other.half_close()?.expect_end()?;
    server.wait_until_settled();
    server
        .expect_no_waits_of_its_own()?
        .expect_unlimited_sending()?
        .expect_no_held_back_bytes()?
        .expect_sleeping()?;
    Ok(())
}

/// A half-close ends one direction, and what waits belongs into the other. Its thread ends after that, and no earlier.
fn sends_what_waits_after_a_half_close(program: &Program) -> Outcome {
    owes_the_tail_after_a_half_close(program, |server| {
        // Every thread has received the end then, also on a machine that is busy.
        server.wait_until_settled();
        serve_one_client(server)
    })
}

/// A reset is an error in one thread. The others, and the one that accepts, know nothing of it.
fn keeps_those_who_have_a_thread(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = connect_one_by_one(&server, 3)?;
    peers.remove(1).reset()?;
    server.expect_logged("client 2 lost after 5 bytes")?;
    peers[0].half_close()?.expect_end()?;
    server.expect_logged("client 1 left after 5 bytes")?;
    greet_each(&mut peers[1..], "still here")?;
    peers[1].half_close()?.expect_end()?;
    server.expect_logged("client 3 left after 15 bytes")?;
    serve_one_client(&server)?;
    server.expect_no_panic()?;
    program.expect_transcript("one-resets")
}

/// That a connection is broken may come as "Broken pipe" from `send`. Whoever receives in another thread hears of it there.
fn loses_nobody_but_the_one_whose_send_fails(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let (mut broken, mut other) = (server.connect_peer()?, server.connect_peer()?);
    broken.send("hello")?.expect("hello")?;
    server.fail_next_send_to(&broken, SystemError::BrokenPipe)?;
    broken.send("?")?;
    server.wait_until_settled();
    broken.reset()?;
    server.expect_logged("client 1 lost after 6 bytes")?;
    other.send("still here")?.expect("still here")?;
    serve_one_client(&server)
}

/// So many clients, each of which has its answer before the next connects: threads that accept side by side may number
/// those who come at the same time in any order.
fn connect_one_by_one(server: &Server, count: usize) -> Result<Vec<Peer>> {
    let mut peers = Vec::new();
    for _ in 0..count {
        let mut peer = server.connect_peer()?;
        peer.send("hello")?.expect("hello")?;
        peers.push(peer);
    }
    Ok(peers)
}

/// A client that resets in the backlog is accepted all the same, and even its address is gone.
fn serves_the_next_after_a_reset_in_the_backlog(program: &Program) -> Outcome {
    let server = program.start()?;
    server.stop()?;
    server.connect_peer()?.reset()?;
    server.resume();
    serve_one_client(&server)?;
    server.expect_logged("client 1 lost after 0 bytes")?;
    Ok(())
}

/// Whoever has left needs neither a thread nor a socket any more, nor memory. Stacks that are kept for the next threads are
/// there from the beginning, since twenty come at the same time.
fn keeps_nothing_of_four_hundred_clients_that_left(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut resident = server.connect_peers(1)?;
    greet_each(&mut resident, "hello")?;
    greet_each(&mut server.connect_peers(20)?, "hello")?;
    leave_in_four_ways(&server)?;
    let before = server.count_resources()?;
    for _ in 1..=4 {
        for _ in 1..=25 {
            leave_in_four_ways(&server)?;
        }
        server.expect_given_back(before)?;
    }
    greet_each(&mut resident, "still here")
}

/// A thread that has nobody left ends, however many of them were there at once.
fn keeps_no_thread_of_fifty_who_came_at_once(program: &Program) -> Outcome {
    let server = program.start()?;
    let before = server.count_resources()?;
    serve_clients(&server, 50)?;
    server.expect_threads_given_back(before)
}

/// A thread that has ended keeps its stack for as long as somebody might ask how it went.
fn gives_back_the_stack_of_every_thread(program: &Program) -> Outcome {
    let server = program.start()?;
    let _resident = server.connect_peer()?;
    serve_one_client(&server)?;
    server.allow_few_threads()?;
    for _ in 1..=10 {
        for _ in 1..=10 {
            serve_one_client(&server)?;
        }
        // The last of them may not be quite gone yet.
        server.expect_sleeping()?;
    }
    Ok(())
}

/// Whoever has a thread is served as before, and whoever gets none is not kept waiting. When one leaves, there is a
/// thread for another.
fn goes_on_when_no_thread_can_be_started(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut served = server.connect_peers(3)?;
    server.expect_sleeping_thread_per_client(&served)?;
    server.deny_threads()?;
    for _ in 1..=6 {
        are_served_or_turned_away(&server, 12)?;
    }
    server.expect_no_waits_of_its_own()?;
    talk_all_at_once(program, &mut served)?;
    server.allow_a_thread_for_a_stack()?;
    // A stack may lie ready for the first of them.
    let _others = are_served_or_turned_away(&server, 3)?;
    served.remove(0).half_close()?.expect_end()?;
    server.expect_sleeping()?;
    serve_one_client(&server)
}

/// So many come, and none of them is kept waiting.
fn are_served_or_turned_away(server: &Server, count: usize) -> Result<Vec<Peer>> {
    let mut peers = server.connect_peers(count)?;
    for peer in &mut peers {
        server.expect_served_or_turned_away(peer)?;
    }
    Ok(peers)
}
