//! Stage 06: `send` takes what fits; what is left is the program's to keep, and to bound.
//!
//! How much a client can push says nothing about the program, since the kernel's own buffers may grow to many
//! megabytes. What is judged is what the program holds: all that was sent, without what lies in the kernel's queues.
//!
//! Not judged, since loopback on Linux does not show it: in which order a round receives and sends, and how large the
//! pieces are that it gives to `send`.

use crate::diagnose::failure::Outcome;
use crate::harness::program::Program;
use crate::harness::server::Server;

use super::echo_server::{
    echoes_messages_of_every_size, gives_back_every_descriptor, reset_before_its_turn,
    serve_one_client,
};
use super::nonblocking_recv::{
    echoes_messages_in_pieces_and_joined, goes_on_ticking_while_a_client_is_silent,
    has_one_thread_and_sockets_that_never_wait,
};

crate::checks! {
    step 1, 1: has_one_thread_and_sockets_that_never_wait needs ProcessState KernelQueues Descriptors;
    step 2, 1: goes_on_ticking_while_a_client_is_silent;
    step 2, 1: echoes_messages_of_every_size;
    step 2, 1: echoes_messages_in_pieces_and_joined needs StopAndContinue;
    step 3, 1: goes_on_ticking_while_a_client_does_not_read;
    step 3, 1: keeps_little_for_a_client_that_does_not_read needs ProcessState KernelQueues;
    step 3, 1: loses_nothing_when_a_client_reads_in_steps;
    step 4, 1: sends_what_waits_after_a_half_close;
    step 4, 1: serves_the_next_client_however_one_leaves;
    step 4, 1: gives_back_every_descriptor needs Descriptors ProcessState KernelQueues;
}

/// How much may wait for one client: 64 KiB, and one `recv` more, with a buffer of up to 64 KiB.
pub(super) const A_LITTLE: u64 = 128 * 1024;

/// When the kernel takes no more, `send` says so at once. Waiting for room would be waiting for one client.
fn goes_on_ticking_while_a_client_does_not_read(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    peer.fill(&program.more_than_fits("a long message"))?;
    server.expect_ticks()?;
    Ok(())
}

/// A server that reads on keeps what it cannot send. Without a bound one client could take all of its memory.
fn keeps_little_for_a_client_that_does_not_read(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    let taken = peer.fill(&program.more_than_fits("a long message"))?;
    peer.expect_buffered_at_most(A_LITTLE, &taken)?;
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
    Ok(())
}

/// A half-close ends one direction. What waits belongs into the other, before its end.
fn sends_what_waits_after_a_half_close(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peer = server.connect_slow_peer()?;
    let message = program.more_than_fits("a long message");
    let sent = peer.send_until_something_is_buffered(&message)?;
    peer.half_close()?;
    server.expect_ticks()?;
    peer.expect(&sent)?.expect_end()?;
    server.expect_logged(&format!("client 1 left after {} bytes", sent.bytes().len()))?;
    Ok(())
}

/// Some leave with thanks, some break off, and some break off while a lot waits for them.
fn serves_the_next_client_however_one_leaves(program: &Program) -> Outcome {
    let server = program.start()?;
    serve_one_client(&server)?;
    server.expect_logged("client 1 left after 5 bytes")?;
    let mut broken = server.connect_peer()?;
    broken.send("hello")?.expect("hello")?;
    broken.reset()?;
    server.expect_logged("client 2 left after 5 bytes")?;
    let mut full = server.connect_slow_peer()?;
    full.fill(&program.more_than_fits("a long message"))?;
    full.reset()?;
    serve_one_client(&server)?;
    server.expect_logged("client 4 left after 5 bytes")?;
    program.expect_transcript("however-one-leaves")?;
    reset_after_half_close(program, &server)?;
    reset_before_its_turn(&server)?;
    serve_one_client(&server)
}

/// A client that has ended its stream, and breaks off while a lot waits for it. Whoever comes next gets none of that.
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
