//! Stage 10: be told about changes only: edge-triggered readiness.
//!
//! What a server keeps in mind is its own affair: one read a turn, another table of clients, and an interest that changes
//! all pass, as long as it sleeps in one wait for all of its sockets and nothing is forgotten.
//!
//! Not judged, since Linux looks at both directions for each piece of news, and calls what ended or broke readable too:
//! whether one piece of news makes the program forget another.
//!
//! That ten thousand silent clients cost a busy one nothing is tried by `cargo verify` and `cargo lab bench --scale`,
//! and not at every check: it takes longer than a student likes to wait.

use crate::diagnose::failure::Outcome;
use crate::harness::program::Program;

use super::echo_server::echoes_messages_of_every_size;
use super::polling_clients::{
    makes_nobody_wait_for_clients_that_send_without_end, serve_forty_clients,
};
use super::select::{
    gives_fifty_clients_their_own_bytes, makes_nobody_wait_for_a_silent_or_a_slow_client,
    parts_from_neighbours_that_leave_without_a_word, reset_slow_clients,
    sends_what_waits_and_the_end_after_a_half_close,
};

crate::checks! {
    step 1, 1: accepts_all_who_connect_at_once needs StopAndContinue ProcessState KernelQueues HundredWaiting ManyClients;
    step 1, 1: sleeps_in_an_event_wait_also_after_an_interruption needs StopAndContinue ProcessState KernelQueues;
    step 2, 1: reads_all_that_one_edge_announced needs StopAndContinue ProcessState KernelQueues;
    step 3, 1: gives_fifty_clients_their_own_bytes needs ManyClients;
    step 4, 1: echoes_messages_of_every_size;
    step 4, 1: makes_nobody_wait_for_a_silent_or_a_slow_client needs StopAndContinue ProcessState KernelQueues;
    step 4, 1: makes_nobody_wait_for_clients_that_send_without_end needs StopAndContinue KernelQueues RoomToFlood;
    step 4, 1: sends_what_waits_and_the_end_after_a_half_close needs StopAndContinue ProcessState KernelQueues;
    step 4, 1: parts_from_neighbours_that_leave_without_a_word needs StopAndContinue ProcessState KernelQueues;
    step 4, 1: gives_back_every_descriptor_however_one_leaves needs StopAndContinue Descriptors ProcessState KernelQueues;
}

/// Many calls may wait behind one piece of news. Nobody tells of those that were left there. And a listener that breaks is
/// no empty backlog.
fn accepts_all_who_connect_at_once(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = Vec::new();
    for count in [1, 5, 100] {
        server.stop()?;
        peers.extend(server.connect_peers(count)?);
        server.resume();
        server.expect_accepted(&peers)?;
    }
    server.expect_exit_with_its_listener()
}

/// A program that is stopped and goes on is woken without any news: signal(7).
fn sleeps_in_an_event_wait_also_after_an_interruption(program: &Program) -> Outcome {
    let server = program.start()?;
    server.expect_sleeping_until_ready()?;
    let _silent = server.connect_peers(3)?;
    server.expect_sleeping_until_ready()?;
    server.stop()?;
    server.resume();
    server.expect_sleeping_until_ready()?;
    Ok(())
}

/// "Readable" is said once, however much there is. When all of it is read there is nothing left to do.
fn reads_all_that_one_edge_announced(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_peer()?;
    let message = program.payload("a message", 60_000);
    server.stop()?;
    peer.send(&message)?;
    server.resume();
    server.expect_answer(&mut peer, &message)?;
    server.expect_sleeping_until_ready()?;
    Ok(())
}

/// Some leave with thanks, and some break off while a lot waits for them, which is a change as well.
fn gives_back_every_descriptor_however_one_leaves(program: &Program) -> Outcome {
    let server = program.start()?;
    serve_forty_clients(&server)?;
    let before = server.count_descriptors()?;
    serve_forty_clients(&server)?;
    server.expect_descriptors(before)?;
    reset_slow_clients(program, &server)?;
    server.expect_descriptors(before)
}
