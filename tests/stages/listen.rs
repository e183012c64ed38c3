//! Stage 01: a socket is made, named, and waits in `accept`.
//!
//! The kernel completes connections by itself, and even takes bytes for a server that never calls `accept`. So
//! no check here is content with a connection: each waits for the greeting.

use crate::diagnose::failure::Outcome;
use crate::harness::peer::Peer;
use crate::harness::program::Program;
use crate::harness::server::Server;
use crate::platform::SystemError;

crate::checks! {
    step 1, 2: names_a_taken_address_and_exits_with_code_one {
        stays_at_an_address_that_is_free (so_far),
        ends_with_an_error_that_names_the_taken_address,
        ends_with_an_error_at_an_address_of_another_machine needs ForeignAddress,
        refuses_addresses_of_ip_version_six_as_well needs ForeignAddress Ipv6,
    }
    step 2, 1: announces_the_address_it_really_listens_on {
        announces_the_port_that_the_kernel_chose (so_far),
        announces_the_address_that_was_asked_for (so_far),
        announces_that_it_listens_everywhere (so_far) needs PrivateLoopback,
        listens_there_and_nowhere_else (so_far) needs KernelQueues Descriptors,
        announces_an_address_of_ip_version_six (so_far) needs Ipv6,
    }
    step 3, 1: greets_three_clients_in_a_row_and_ends_each_stream;
    step 3, 1: takes_its_address_again_after_a_kill_and_not_before {
        takes_its_address_again_right_after_it_was_killed,
        leaves_its_address_to_a_server_that_runs,
    }
    step 3, 1: lets_sixteen_clients_wait_while_it_is_stopped needs StopAndContinue KernelQueues SixteenWaiting;
    step 3, 1: goes_on_after_a_client_that_is_already_gone needs StopAndContinue;
    step 3, 1: ends_with_an_error_when_accept_fails {
        ends_with_its_listener needs ForeignSockets Descriptors KernelQueues,
        ends_when_it_may_not_open_one_more_descriptor needs AnsweredCalls,
    }
    step 3, 1: keeps_nothing_of_clients_that_left needs Descriptors SettledState;
    step 3, 1: waits_for_clients_without_using_the_cpu needs SettledState {
        sleeps_before_the_first_client_and_after_it,
        waits_without_a_timeout needs ForeignSockets,
        sleeps_nowhere_but_in_accept needs WatchedCalls,
    }
}

/// `bind` succeeds at a free address, so the error of a taken one is not the answer to every start.
fn stays_at_an_address_that_is_free(program: &Program) -> Outcome {
    program.expect_start_at(program.private_address()?)?;
    program.expect_start_at(program.private_address()?)
}

/// Two servers cannot share an address: `bind` refuses the second one, and its user wants to know why.
pub(super) fn ends_with_an_error_that_names_the_taken_address(program: &Program) -> Outcome {
    let taken = program.open_server()?;
    let second = program.expect_failed_start_at(taken.address())?;
    second.expect_error_exit(taken.address())?;
    second.expect_one_bind()?;
    Ok(())
}

/// An address that is not this machine's is an error too, and no other address is what was asked for.
fn ends_with_an_error_at_an_address_of_another_machine(program: &Program) -> Outcome {
    let address = program.foreign_address();
    program
        .expect_failed_start_at(address)?
        .expect_error_exit(address)?;
    Ok(())
}

/// A taken address and another machine's are errors in either family, and neither is a reason to try the other one.
fn refuses_addresses_of_ip_version_six_as_well(program: &Program) -> Outcome {
    let taken = program.open_ipv6_server()?;
    for address in [taken.address(), program.foreign_ipv6_address()] {
        program
            .expect_failed_start_at(address)?
            .expect_error_exit(address)?;
    }
    Ok(())
}

/// Port 0 asks for any free port: which one it is, only the socket knows.
fn announces_the_port_that_the_kernel_chose(program: &Program) -> Outcome {
    program.start()?.expect_listening()
}

/// An address that was asked for by name has to be that one.
fn announces_the_address_that_was_asked_for(program: &Program) -> Outcome {
    let server = program.start_at(program.private_address()?)?;
    server.expect_listening()
}

/// The unspecified address means all addresses of this machine. It is the one that the socket has, and that is announced.
fn announces_that_it_listens_everywhere(program: &Program) -> Outcome {
    program.start_everywhere()?.expect_listening()
}

/// `Domain::for_address` makes a socket of the address's own family.
fn announces_an_address_of_ip_version_six(program: &Program) -> Outcome {
    let server = program.start_with_ipv6()?;
    server.expect_listening()?;
    server.expect_one_listener().map(drop)
}

/// Who asks for one address wants no caller at another.
fn listens_there_and_nowhere_else(program: &Program) -> Outcome {
    program.start()?.expect_one_listener()?;
    Ok(())
}

/// One socket listens, and each client gets a socket of its own.
fn greets_three_clients_in_a_row_and_ends_each_stream(program: &Program) -> Outcome {
    let server = program.start()?;
    for number in 1..=3 {
        expect_greeting(&mut server.connect_peer()?, number)?;
        server.expect_logged(&format!("client {number} left after 0 bytes"))?;
    }
    server.expect_one_listener()?.expect_consistent_log()?;
    program.expect_transcript("three-clients-in-a-row")
}

/// The connections of a server that was killed linger in `TIME_WAIT`, under the server's address.
fn takes_its_address_again_right_after_it_was_killed(program: &Program) -> Outcome {
    let address = program.private_address()?;
    let server = program.start_at(address)?;
    expect_greeting(&mut server.connect_peer()?, 1)?;
    let mut still_connected = server.connect_peer()?;
    expect_greeting(&mut still_connected, 2)?;
    server.kill();
    let again = program.restart_at(address)?;
    expect_greeting(&mut again.connect_peer()?, 1)
}

/// `SO_REUSEADDR` gives up what lingers, and no more: while another server listens at an address, it stays taken.
fn leaves_its_address_to_a_server_that_runs(program: &Program) -> Outcome {
    let address = program.private_address()?;
    let first = program.start_at(address)?;
    expect_greeting(&mut first.connect_peer()?, 1)?;
    program.expect_failed_start_at(address)?;
    Ok(())
}

/// While the server is busy, the kernel lets clients in on its behalf: as many as the backlog has room for, at any time.
pub(super) fn lets_sixteen_clients_wait_while_it_is_stopped(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut numbers = 1..;
    for _ in 1..=2 {
        server.stop()?;
        let mut waiting = Vec::new();
        for _ in 1..=16 {
            waiting.push(server.connect_peer()?);
        }
        server.resume();
        for (peer, number) in waiting.iter_mut().zip(&mut numbers) {
            expect_greeting(peer, number)?;
        }
    }
    Ok(())
}

/// Who knocked and left again is in the backlog all the same, also one that has ended its stream first, and however many there
/// are in a row. Greeting them fails, and that is their affair.
pub(super) fn goes_on_after_a_client_that_is_already_gone(program: &Program) -> Outcome {
    let server = program.start()?;
    expect_greeting(&mut server.connect_peer()?, 1)?;
    for number in (2..=12).step_by(2) {
        server.stop()?;
        server.connect_peer()?.reset()?;
        end_and_reset(server.connect_peer()?)?;
        // Behind the last two stands one who is still there.
        let next = (number == 12).then(|| server.connect_peer()).transpose()?;
        server.resume();
        if let Some(mut next) = next {
            expect_greeting(&mut next, 14)?;
        }
        server.expect_logged(&format!("client {number} lost after 0 bytes"))?;
        server.expect_logged(&format!("client {} lost after 0 bytes", number + 1))?;
    }
    Ok(())
}

/// A listener that is broken stays broken: to ask it again and again serves nobody.
fn ends_with_its_listener(program: &Program) -> Outcome {
    let server = program.start()?;
    server.wait_until_settled();
    server.break_listener()?;
    server.wait_for_exit()?.expect_code(1)?;
    Ok(())
}

/// The same goes for the last descriptor. Whoever comes waits in the backlog, and nobody comes for it.
fn ends_when_it_may_not_open_one_more_descriptor(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    server.wait_until_settled();
    server.fail_every_accept(SystemError::TooManyOpenFiles)?;
    server.wait_for_exit_while_clients_come()?.expect_code(1)?;
    Ok(())
}

/// A blocking `accept` sleeps in the kernel, before the first client and after it.
fn sleeps_before_the_first_client_and_after_it(program: &Program) -> Outcome {
    let server = program.start()?;
    server.expect_sleeping()?;
    expect_greeting(&mut server.connect_peer()?, 1)?;
    server.expect_sleeping()?;
    Ok(())
}

/// The kernel wakes a waiting `accept` when a client is there. A timeout wakes it without one, and shows at the socket.
fn waits_without_a_timeout(program: &Program) -> Outcome {
    let server = program.start()?;
    expect_greeting(&mut server.connect_peer()?, 1)?;
    server.expect_sleeping()?.expect_no_timeouts()
}

/// A sleep of the program's own makes whoever comes during it wait, and nobody else is any better off.
fn sleeps_nowhere_but_in_accept(program: &Program) -> Outcome {
    let server = program.start()?;
    // What it says to them is judged elsewhere.
    let _ = expect_greeting(&mut server.connect_peer()?, 1);
    server.connect_peer()?.reset()?;
    let _ = expect_greeting(&mut server.connect_peer()?, 3);
    server
        .expect_no_waits_of_its_own()?
        .expect_no_time_limits()?;
    Ok(())
}

/// Whatever a client takes goes with it, however it leaves: its socket, which is a descriptor, and its memory.
pub(super) fn keeps_nothing_of_clients_that_left(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut numbers = (1..).step_by(5);
    let mut rounds = |rounds| {
        let mut numbers = numbers.by_ref().take(rounds);
        numbers.try_for_each(|number| leave_in_five_ways(&server, number))
    };
    rounds(2)?;
    server.expect_given_back_after(|| rounds(program.many(20, 100)))?;
    server.expect_one_listener().map(drop)
}

/// Client `number` is greeted and leaves. Four come at the same time behind it: of these the first two reset and leave
/// before they have been greeted.
fn leave_in_five_ways(server: &Server, number: u32) -> Outcome {
    expect_greeting(&mut server.connect_peer()?, number)?;
    let mut two = server.connect_peers(2)?;
    server.connect_peer()?.reset()?;
    server.connect_peer()?.leave();
    expect_greeting(&mut two[1], number + 2)?;
    expect_greeting(&mut two[0], number + 1)
}

/// A client that has ended its stream resets the connection.
pub(super) fn end_and_reset(mut peer: Peer) -> Outcome {
    peer.half_close()?;
    peer.reset()
}

/// Who asks for one address gets that one, of whichever family, and no other.
pub(super) fn listens_where_it_was_asked_to(program: &Program) -> Outcome {
    program.start()?.expect_one_listener()?;
    let server = program.start_at(program.private_address()?)?;
    server.expect_one_listener()?;
    // That a second one gets the same address would be an option of both of them.
    program.expect_failed_start_at(server.address())?;
    program.start_with_ipv6()?.expect_one_listener().map(drop)
}

/// An error of one client is that client's. One of the server's own ends it: a taken address, a broken listener, no more
/// descriptors.
pub(super) fn ends_for_an_error_of_its_own(program: &Program) -> Outcome {
    ends_with_an_error_that_names_the_taken_address(program)?;
    ends_with_its_listener(program)?;
    ends_when_it_may_not_open_one_more_descriptor(program)
}

/// What a client of this stage gets: its greeting, and the end of the stream.
pub(super) fn expect_greeting(peer: &mut Peer, number: u32) -> Outcome {
    peer.expect(format!("hello, client {number}\n"))?
        .expect_end()?;
    Ok(())
}
