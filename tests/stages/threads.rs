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

use super::echo_server::{comes_and_goes, echoes_messages_of_every_size};
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
    let server = program.starts()?;
    let (mut silent, mut other) = (server.meets_a_peer()?, server.meets_a_peer()?);
    let message = program.every_byte_value();
    for _ in 1..=5 {
        other.sends(&message)?.expects(&message)?;
    }
    silent.sends("and now I")?.expects("and now I")?;
    Ok(())
}

/// A `send` that sleeps keeps one thread waiting, and no other. What it waits to send is little, and not lost.
fn serves_fifty_clients_while_one_does_not_read(program: &Program) -> Outcome {
    let server = program.starts()?;
    let mut slow = server.meets_a_slow_peer()?;
    let taken = slow.fills(&program.more_than_fits("a long message"))?;
    talk_all_at_once(program, &mut server.meets_peers(50)?)?;
    slow.is_owed_at_most(A_LITTLE, &taken)?;
    slow.expects(&taken)?;
    Ok(())
}

/// Whoever has nothing to do sleeps in the kernel, and to sleep at so many sockets takes as many threads.
fn sleeps_in_a_thread_for_each_client(program: &Program) -> Outcome {
    let server = program.starts()?;
    let mut peers = server.meets_peers(8)?;
    server.sleeps_in_a_thread_for_each(&peers)?;
    // A `recv` with a timeout gives up here; one without goes on as if nothing had been: signal(7).
    server.stops()?;
    server.resumes();
    for peer in &mut peers {
        peer.sends("hello")?.expects("hello")?;
    }
    server.sleeps_in_a_thread_for_each(&peers)?;
    server.needs_no_clock()
}

/// A half-close ends one direction, and what waits belongs into the other. Its thread ends after that, and no earlier.
fn sends_what_waits_after_a_half_close(program: &Program) -> Outcome {
    let server = program.starts()?;
    let mut peer = server.meets_a_slow_peer()?;
    let message = program.more_than_fits("a long message");
    let sent = peer.sends_until_something_is_kept(&message)?;
    peer.half_closes()?;
    // Every thread has heard of the end then, also on a machine that is busy.
    server.takes_note();
    comes_and_goes(&server)?;
    peer.expects(&sent)?.expects_the_end()?;
    Ok(())
}

/// A reset is an error in one thread. The others, and the one that accepts, know nothing of it.
fn leaves_the_others_alone_when_one_resets(program: &Program) -> Outcome {
    let server = program.starts()?;
    let mut peers = server.meets_peers(3)?;
    for peer in &mut peers {
        peer.sends("hello")?.expects("hello")?;
    }
    peers.remove(1).resets()?;
    server.records("client 2 left after 5 bytes")?;
    peers[0].half_closes()?.expects_the_end()?;
    server.records("client 1 left after 5 bytes")?;
    peers[1].sends("still here")?.expects("still here")?;
    peers[1].half_closes()?.expects_the_end()?;
    server.records("client 3 left after 15 bytes")?;
    comes_and_goes(&server)?;
    program.plays_as_in("one-resets")?;
    is_gone_before_it_was_accepted(&server)
}

/// Whoever breaks off in the backlog is accepted all the same, and even its address is gone. Where a server cannot be
/// stopped it may be accepted before.
fn is_gone_before_it_was_accepted(server: &Server) -> Outcome {
    if server.can_be_stopped() {
        server.stops()?;
    }
    server.meets_a_peer()?.resets()?;
    server.resumes();
    comes_and_goes(server)
}

/// Whoever has left needs neither a thread nor a socket any more.
fn keeps_no_thread_and_no_descriptor_of_those_who_left(program: &Program) -> Outcome {
    let server = program.starts()?;
    for _ in 1..=30 {
        comes_and_goes(&server)?;
    }
    let (threads, descriptors) = (server.counts_threads()?, server.counts_descriptors()?);
    for _ in 1..=70 {
        comes_and_goes(&server)?;
    }
    server.still_has_threads(threads)?;
    server.still_has_descriptors(descriptors)
}

/// A thread that has ended keeps its stack for as long as somebody might ask how it went.
fn gives_back_the_stack_of_every_thread(program: &Program) -> Outcome {
    let server = program.starts()?;
    comes_and_goes(&server)?;
    server.can_start_few_threads()?;
    for _ in 1..=10 {
        for _ in 1..=10 {
            comes_and_goes(&server)?;
        }
        // The last of them may not be quite gone yet.
        server.sleeps()?;
    }
    Ok(())
}

/// Whoever has a thread is served as before, and whoever gets none is not kept waiting. When one leaves, there is a
/// thread for another.
fn goes_on_when_no_thread_can_be_started(program: &Program) -> Outcome {
    let server = program.starts()?;
    let mut served = server.meets_peers(3)?;
    server.sleeps_in_a_thread_for_each(&served)?;
    server.can_start_no_thread()?;
    for peer in &mut server.meets_peers(5)? {
        server.serves_or_turns_away(peer)?;
    }
    talk_all_at_once(program, &mut served)?;
    served.remove(0).half_closes()?.expects_the_end()?;
    server.sleeps()?;
    comes_and_goes(&server)
}
