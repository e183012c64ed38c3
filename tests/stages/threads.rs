//! Stage 08: let the scheduler do the waiting: one blocking thread a client.
//!
//! A pool of threads passes as long as it has one for everybody who is there. That threads run out is brought about
//! with memory: without room for a stack the system refuses a thread just as it does at its limit of threads, and it
//! concerns nobody else on the machine.
//!
//! Not judged: a `send` that took less than it was given, which stage 02 looks at; and a `recv` that gives up after
//! minutes.

use crate::diagnose::failure::Outcome;
use crate::harness::program::Program;
use crate::harness::server::Server;

use super::echo_server::{echoes_messages_of_every_size, serve_one_client};
use super::nonblocking_recv::echoes_messages_in_pieces_and_joined;
use super::nonblocking_send::A_LITTLE;
use super::polling_clients::talk_all_at_once;

crate::checks! {
    step 1, 1: serves_the_next_client_while_one_is_silent;
    step 1, 1: echoes_messages_of_every_size;
    step 1, 1: echoes_messages_in_pieces_and_joined needs StopAndContinue;
    step 1, 1: serves_fifty_clients_while_one_does_not_read needs ManyClients ManyThreads;
    step 1, 1: sleeps_in_a_thread_for_each_client needs ProcessState KernelQueues StopAndContinue;
    step 2, 1: sends_what_waits_after_a_half_close;
    step 2, 1: leaves_the_others_alone_when_one_resets;
    step 2, 1: keeps_no_thread_and_no_descriptor_of_those_who_left needs Descriptors ProcessState KernelQueues;
    step 2, 1: gives_back_the_stack_of_every_thread needs LessMemory ProcessState KernelQueues;
    step 3, 1: goes_on_when_no_thread_can_be_started needs LessMemory ProcessState KernelQueues;
}

/// A `recv` that sleeps keeps one thread waiting, and no other.
fn serves_the_next_client_while_one_is_silent(program: &Program) -> Outcome {
    let server = program.start()?;
    let (mut silent, mut other) = (server.connect_peer()?, server.connect_peer()?);
    let message = program.every_byte_value();
    for _ in 1..=5 {
        other.send(&message)?.expect(&message)?;
    }
    silent.send("and now I")?.expect("and now I")?;
    Ok(())
}

/// A `send` that sleeps keeps one thread waiting, and no other. What it waits to send is little, and not lost.
fn serves_fifty_clients_while_one_does_not_read(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut slow = server.connect_slow_peer()?;
    let taken = slow.fill(&program.more_than_fits("a long message"))?;
    talk_all_at_once(program, &mut server.connect_peers(50)?)?;
    slow.expect_buffered_at_most(A_LITTLE, &taken)?;
    slow.expect(&taken)?;
    Ok(())
}

/// Whoever has nothing to do sleeps in the kernel, and to sleep at so many sockets takes as many threads.
fn sleeps_in_a_thread_for_each_client(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = server.connect_peers(8)?;
    server.expect_sleeping_thread_per_client(&peers)?;
    // A `recv` with a timeout gives up here; one without goes on as if nothing had been: signal(7).
    server.stop()?;
    server.resume();
    for peer in &mut peers {
        peer.send("hello")?.expect("hello")?;
    }
    server.expect_sleeping_thread_per_client(&peers)?;
    server.expect_no_timeouts()
}

/// A half-close ends one direction, and what waits belongs into the other. Its thread ends after that, and no earlier.
fn sends_what_waits_after_a_half_close(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    let message = program.more_than_fits("a long message");
    let sent = peer.send_until_something_is_buffered(&message)?;
    peer.half_close()?;
    // Every thread has heard of the end then, also on a machine that is busy.
    server.wait_until_settled();
    serve_one_client(&server)?;
    peer.expect(&sent)?.expect_end()?;
    Ok(())
}

/// A reset is an error in one thread. The others, and the one that accepts, know nothing of it.
fn leaves_the_others_alone_when_one_resets(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = server.connect_peers(3)?;
    for peer in &mut peers {
        peer.send("hello")?.expect("hello")?;
    }
    peers.remove(1).reset()?;
    server.expect_logged("client 2 left after 5 bytes")?;
    peers[0].half_close()?.expect_end()?;
    server.expect_logged("client 1 left after 5 bytes")?;
    peers[1].send("still here")?.expect("still here")?;
    peers[1].half_close()?.expect_end()?;
    server.expect_logged("client 3 left after 15 bytes")?;
    serve_one_client(&server)?;
    program.expect_transcript("one-resets")?;
    reset_before_accept(&server)
}

/// Whoever breaks off in the backlog is accepted all the same, and even its address is gone. Where a server cannot be
/// stopped it may be accepted before.
fn reset_before_accept(server: &Server) -> Outcome {
    if server.can_be_stopped() {
        server.stop()?;
    }
    server.connect_peer()?.reset()?;
    server.resume();
    serve_one_client(server)
}

/// Whoever has left needs neither a thread nor a socket any more.
fn keeps_no_thread_and_no_descriptor_of_those_who_left(program: &Program) -> Outcome {
    let server = program.start()?;
    for _ in 1..=30 {
        serve_one_client(&server)?;
    }
    let (threads, descriptors) = (server.count_threads()?, server.count_descriptors()?);
    for _ in 1..=70 {
        serve_one_client(&server)?;
    }
    server.expect_threads(threads)?;
    server.expect_descriptors(descriptors)
}

/// A thread that has ended keeps its stack for as long as somebody might ask how it went.
fn gives_back_the_stack_of_every_thread(program: &Program) -> Outcome {
    let server = program.start()?;
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
    for peer in &mut server.connect_peers(5)? {
        server.expect_served_or_turned_away(peer)?;
    }
    talk_all_at_once(program, &mut served)?;
    served.remove(0).half_close()?.expect_end()?;
    server.expect_sleeping()?;
    serve_one_client(&server)
}
