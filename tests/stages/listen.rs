//! Stage 01: a socket is made, named, and waits in `accept`.
//!
//! The kernel completes connections by itself, and even takes bytes for a server that never calls `accept`. So
//! no check here is content with a connection: each waits for the greeting.

use crate::diagnose::failure::Outcome;
use crate::harness::peer::Peer;
use crate::harness::program::Program;

crate::checks! {
    step 1, 2: names_a_taken_address_and_exits_with_code_one;
    step 2, 1: announces_the_address_it_really_listens_on;
    step 3, 2: greets_three_clients_in_a_row_and_ends_each_stream;
    step 3, 2: takes_its_address_again_right_after_it_was_killed;
    step 3, 1: lets_sixteen_clients_wait_while_it_is_stopped needs StopAndContinue KernelQueues SixteenWaiting;
    step 3, 1: goes_on_after_a_client_that_is_already_gone needs StopAndContinue;
    step 3, 1: waits_for_clients_without_using_the_cpu needs ProcessState KernelQueues;
}

/// Two servers cannot share an address: `bind` refuses the second one, and its user wants to know why.
fn names_a_taken_address_and_exits_with_code_one(program: &Program) -> Outcome {
    program.comes_up_at(program.private_address()?)?;
    program.comes_up_at(program.private_address()?)?;
    let taken = program.gets_a_server()?;
    let second = program.fails_to_start_at(taken.address())?;
    second
        .exits_with(1)?
        .says_in_one_line(&taken.address().to_string())?;
    Ok(())
}

/// Port 0 asks for any free port; an address that was asked for by name has to be that one.
fn announces_the_address_it_really_listens_on(program: &Program) -> Outcome {
    program.starts()?.can_be_called()?;
    program
        .starts_at(program.private_address()?)?
        .can_be_called()
}

/// One socket listens, and each client gets a socket of its own.
fn greets_three_clients_in_a_row_and_ends_each_stream(program: &Program) -> Outcome {
    let server = program.starts()?;
    for number in 1..=3 {
        is_greeted(&mut server.meets_a_peer()?, number)?;
        server.records(&format!("client {number} left after 0 bytes"))?;
    }
    program.plays_as_in("three-clients-in-a-row")
}

/// The connections of a server's former life linger in `TIME_WAIT`, under the server's address. A server that is
/// alive is another matter: its address stays taken.
fn takes_its_address_again_right_after_it_was_killed(program: &Program) -> Outcome {
    let address = program.private_address()?;
    let server = program.starts_at(address)?;
    is_greeted(&mut server.meets_a_peer()?, 1)?;
    let mut still_connected = server.meets_a_peer()?;
    is_greeted(&mut still_connected, 2)?;
    server.is_killed();
    let again = program.starts_again_at(address)?;
    is_greeted(&mut again.meets_a_peer()?, 1)?;
    program.fails_to_start_at(address)?;
    Ok(())
}

/// While the server is busy, the kernel lets clients in on its behalf: as many as the backlog has room for.
pub(super) fn lets_sixteen_clients_wait_while_it_is_stopped(program: &Program) -> Outcome {
    let server = program.starts()?;
    server.stops()?;
    let mut waiting = Vec::new();
    for _ in 1..=16 {
        waiting.push(server.meets_a_peer()?);
    }
    server.resumes();
    for (peer, number) in waiting.iter_mut().zip(1..) {
        is_greeted(peer, number)?;
    }
    Ok(())
}

/// Who knocked and left again is in the backlog all the same. Greeting them fails, and that is their affair.
pub(super) fn goes_on_after_a_client_that_is_already_gone(program: &Program) -> Outcome {
    let server = program.starts()?;
    is_greeted(&mut server.meets_a_peer()?, 1)?;
    server.stops()?;
    server.meets_a_peer()?.resets()?;
    let mut next = server.meets_a_peer()?;
    server.resumes();
    is_greeted(&mut next, 3)?;
    server.records("client 2 left after 0 bytes")?;
    Ok(())
}

/// A blocking `accept` sleeps in the kernel, before the first client and after it.
fn waits_for_clients_without_using_the_cpu(program: &Program) -> Outcome {
    let server = program.starts()?;
    server.sleeps()?;
    is_greeted(&mut server.meets_a_peer()?, 1)?;
    server.sleeps()?.needs_no_clock()
}

/// What a client of this stage gets: its greeting, and the end of the stream.
pub(super) fn is_greeted(peer: &mut Peer, number: u32) -> Outcome {
    peer.expects(format!("hello, client {number}\n"))?
        .expects_the_end()?;
    Ok(())
}
