//! Stage 03: both directions at once; a half-close says "I am done, go on".
//!
//! The server is the lab's own here, and scripted: it answers late, in single bytes, or not at all.

use crate::diagnose::failure::Outcome;
use crate::harness::client::{Client, Input};
use crate::harness::payload::{Payload, texts};
use crate::harness::peer::Peer;
use crate::harness::program::Program;

crate::checks! {
    step 1, 2: names_the_address_that_refused_and_exits_with_code_one {
        ends_with_an_error_that_names_the_address,
        connects_to_an_address_of_ip_version_six needs Ipv6,
        calls_at_no_other_address needs Ipv6,
    }
    step 2, 2: prints_every_byte_until_the_server_ends {
        prints_single_bytes_as_they_arrive,
        prints_texts_unchanged,
        ends_with_a_server_that_says_nothing,
    }
    step 3, 1: sends_all_of_its_input_and_half_closes {
        sends_many_bytes_and_half_closes,
        sends_all_before_it_has_an_answer,
        sends_texts_unchanged,
    }
    step 3, 1: ends_well_when_its_input_is_empty;
    step 3, 1: waits_asleep_for_its_input_and_its_server needs SettledState {
        goes_on_after_a_pause_on_either_side,
        prints_when_exactly_its_buffer_is_full needs WatchedCalls StopAndContinue KernelQueues Descriptors,
        keeps_little_of_an_answer_that_is_not_read,
        sends_on_while_its_output_is_not_read,
    }
    step 3, 1: moves_sixty_four_mebibytes_both_ways_at_once needs StopAndContinue SettledState;
    step 3, 1: reports_a_reset_in_one_line_and_exits_with_code_one needs SettledState;
    step 3, 1: does_not_take_a_reset_for_the_end;
}

/// More than a client keeps of an answer that it prints piece by piece, with a pipe full of it, in bytes.
const LITTLE: u64 = 1 << 20;

/// Where nobody listens, the kernel of the other side refuses at once. That is an answer, not an accident.
fn ends_with_an_error_that_names_the_address(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Open)?;
    server.accept(&client)?;
    let nobody = program.open_server()?.close();
    let client = program.expect_failed_connect_to(nobody)?;
    client
        .expect_error_exit(nobody)?
        .expect_failure_of_connect()?
        .expect_no_waits_of_its_own()?;
    Ok(())
}

/// `Domain::for_address` makes a socket of the address's own family.
fn connects_to_an_address_of_ip_version_six(program: &Program) -> Outcome {
    let server = program.open_ipv6_server()?;
    let client = program.start_client(&server, Input::Open)?;
    server.accept(&client)?;
    Ok(())
}

/// Whoever is told `[::1]` is not meant to find somebody at 127.0.0.1.
fn calls_at_no_other_address(program: &Program) -> Outcome {
    let other = program.open_localhost_server()?;
    let nobody = other.address_with_ipv6();
    let client = program.expect_failed_connect_to(nobody);
    other.expect_no_call()?;
    client?.expect_error_exit(nobody)?;
    Ok(())
}

/// Bytes are printed as they arrive, and only the end of the stream is the end, even if input could still come.
fn prints_single_bytes_as_they_arrive(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Open)?;
    let mut peer = server.accept(&client)?;
    let answer = program.no_text("the answer", program.number(20..=30));
    peer.send_byte_by_byte(&answer)?;
    client.expect_output(&answer)?;
    let mut all = vec![answer];
    for length in [300, 700, 2_000] {
        let line = program.no_text("a line", length);
        let next = program.no_text("the next one", length);
        let piece = Payload::joined("more of the answer", &[line, "\n".into(), next]);
        peer.send(&piece)?;
        all.push(piece);
        client.expect_output(Payload::joined("the answer so far", &all))?;
    }
    peer.leave();
    client.wait_for_exit()?.expect_code(0)?;
    client.expect_output(Payload::joined("the answer", &all))?;
    Ok(())
}

/// Not a byte and then the end is an answer, too, and no input is waited for behind it.
fn ends_with_a_server_that_says_nothing(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Open)?;
    server.accept(&client)?.leave();
    client.wait_for_exit()?.expect_code(0)?;
    client.expect_output("")?;
    Ok(())
}

/// What the server says is meant for whoever reads the output, and never for the client itself.
fn prints_texts_unchanged(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Open)?;
    let mut peer = server.accept(&client)?;
    for text in texts() {
        peer.send(&text)?.wait_until_read()?;
    }
    peer.leave();
    client.expect_output(Payload::joined("all texts", &texts()))?;
    client.wait_for_exit()?.expect_code(0)?;
    Ok(())
}

/// A server that waits for the whole question can answer only after it has seen the end of it.
fn sends_many_bytes_and_half_closes(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let question = program.payload("the question", 50_000);
    let answer = program.payload("the answer", 3_000);
    let client = program.start_client(&server, Input::Bytes(question.clone()))?;
    let mut peer = server.accept(&client)?;
    peer.expect(&question)?.expect_end()?.send(&answer)?;
    peer.leave();
    client
        .expect_output(&answer)?
        .wait_for_exit()?
        .expect_code(0)?;
    program.expect_transcript("the-answer-after-the-question")
}

/// What stands in the input is meant for the server, and never for the client itself.
fn sends_texts_unchanged(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Open)?;
    let mut peer = server.accept(&client)?;
    // These come one by one, as somebody types them.
    let typed = ["quit\n", "~.\n", "\u{4}"];
    for text in typed {
        client.give_input(text)?.wait_until_settled();
    }
    client.give_input(Payload::joined("all texts", &texts()))?;
    client.end_input();
    let input = [typed.map(Payload::from).to_vec(), texts()].concat();
    peer.expect(Payload::joined("each text", &input))?
        .expect_end()?;
    peer.leave();
    client.wait_for_exit()?.expect_code(0)?;
    Ok(())
}

/// No input is an input too: an end without a beginning.
fn ends_well_when_its_input_is_empty(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Bytes("".into()))?;
    let mut peer = server.accept(&client)?;
    peer.expect_end()?.send("nothing to say?")?;
    peer.leave();
    client
        .expect_output("nothing to say?")?
        .wait_for_exit()?
        .expect_code(0)?;
    Ok(())
}

/// Little is not the end, and a pause is not: until there is more, one thread sleeps at the input and the other at the socket.
fn goes_on_after_a_pause_on_either_side(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Open)?;
    let mut peer = server.accept(&client)?;
    ask_with_a_pause(&client, &mut peer)?;
    peer.send("A lot")?;
    client.expect_output("A lot")?.expect_sleeping()?;
    peer.send(" to say")?;
    client.expect_output("A lot to say")?.expect_sleeping()?;
    client
        .expect_no_time_limits()?
        .expect_no_held_back_bytes()?;
    peer.leave();
    client.wait_for_exit()?.expect_code(0)?;
    Ok(())
}

/// That a `recv` brought as much as there was room for does not say that more will come.
fn prints_when_exactly_its_buffer_is_full(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Open)?;
    let mut peer = server.accept(&client)?;
    let answer = program.unfinished_line("as much as your recv has room for", peer.room_of_recv());
    client.stop()?;
    peer.send(&answer)?;
    client.resume();
    client.expect_output(&answer)?;
    // Its own buffer may be full as well, and nothing may follow.
    let much = Payload::noise(48 << 10);
    client.give_input(&much)?.expect_sleeping()?;
    client.expect_no_held_back_bytes()?.end_input();
    peer.expect(&much)?.expect_end()?;
    Ok(())
}

/// Sends "what?" in two pieces, as somebody types it, and the end. It may wait for all of it before it sends any.
fn ask_with_a_pause(client: &Client, peer: &mut Peer) -> Outcome {
    client.expect_sleeping()?.give_input("what")?;
    client.expect_sleeping()?.give_input("?")?.end_input();
    peer.expect("what?")?.expect_end()?;
    client.expect_sleeping()?;
    Ok(())
}

/// What the output has no room for stays in the kernel, and slows the server down: in memory there is no end to it.
fn keeps_little_of_an_answer_that_is_not_read(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Bytes("".into()))?;
    let mut peer = server.accept(&client)?;
    peer.expect_end()?;
    client.stop_reading_output();
    peer.fill(&program.more_than_fits("a long answer"))?;
    client.expect_buffered_at_most(LITTLE, &peer)?;
    client.read_output_again();
    peer.leave();
    client.wait_for_exit()?.expect_code(0)?;
    Ok(())
}

/// Nobody reads the output, and the thread that prints waits for that. The other one sends what comes, and the end.
fn sends_on_while_its_output_is_not_read(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let client = program.start_client(&server, Input::Open)?;
    let mut peer = server.accept(&client)?;
    client.stop_reading_output();
    peer.fill(&program.more_than_fits("a long answer"))?;
    client.give_input("and then?")?.end_input();
    peer.expect("and then?")?.expect_end()?;
    client.read_output_again();
    Ok(())
}

/// However much it has to send, a server may want to see the end of it first.
fn sends_all_before_it_has_an_answer(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let question = program.payload("the question", 40 << 20);
    let client = program.start_client(&server, Input::Bytes(question.clone()))?;
    let mut peer = server.accept(&client)?;
    peer.expect(&question)?.expect_end()?.send("Thanks")?;
    peer.leave();
    client
        .expect_output("Thanks")?
        .wait_for_exit()?
        .expect_code(0)?;
    Ok(())
}

/// While one side only sends, the answer fills both kernels' buffers; then both sides wait for ever.
fn moves_sixty_four_mebibytes_both_ways_at_once(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let question = program.payload("the input", 64 << 20);
    let client = program.start_client(&server, Input::Bytes(question.clone()))?;
    let peer = server.accept(&client)?;
    client.interrupt_in_send(&peer)?;
    peer.echo_all_of(&question)?;
    client
        .expect_output(&question)?
        .wait_for_exit()?
        .expect_code(0)?;
    Ok(())
}

/// A reset is no end: what was sent may not have arrived. It is reported, and it is no reason to panic.
fn reports_a_reset_in_one_line_and_exits_with_code_one(program: &Program) -> Outcome {
    let server = program.open_server()?;
    let question = program.more_than_fits("the input");
    let client = program.start_client(&server, Input::Bytes(question.clone()))?;
    let peer = server.accept(&client)?;
    client.wait_until_stuck_in_send(&peer)?;
    peer.reset()?;
    client
        .wait_for_exit()?
        .expect_error_exit(server.address())?;
    Ok(())
}

/// With nothing left to send, a reset shows in `recv` alone: as an error, where an end would be 0 bytes.
fn does_not_take_a_reset_for_the_end(program: &Program) -> Outcome {
    let server = program.open_server()?;
    // Half an answer, or as much as an echo server would send.
    for (input, answer) in [("", "half an ans"), ("hello\n", "hello\n")] {
        let client = program.start_client(&server, Input::Bytes(input.into()))?;
        let mut peer = server.accept(&client)?;
        peer.expect(input)?.expect_end()?.send(answer)?;
        client.expect_output(answer)?;
        peer.reset()?;
        client
            .wait_for_exit()?
            .expect_error_exit(server.address())?;
    }
    Ok(())
}
