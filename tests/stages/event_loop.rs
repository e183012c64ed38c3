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
use crate::platform::SystemError;

use super::echo_server::{
    answers_when_exactly_its_buffer_is_full, echoes_bytes_of_every_size, echoes_texts_unchanged,
    keeps_nothing_of_clients_that_left, keeps_nothing_of_what_it_has_sent, logs_each_client_once,
    logs_when_a_client_comes_and_how_much_it_sent, serves_the_next_after_some_that_end_and_reset,
};
use super::listen::{
    ends_with_an_error_that_names_the_taken_address, listens_where_it_was_asked_to,
};
use super::nonblocking_send::keeps_little_of_small_pieces;
use super::polling_clients::{
    keeps_nothing_of_forty, makes_nobody_wait_for_clients_that_send_without_end,
};
use super::select::{
    answers_a_newcomer_beside_those_who_do_not_read, answers_all_of_many_clients,
    answers_another_client_and_sleeps_while_one_does_not_read,
    closes_clients_that_leave_without_a_word,
    drops_what_waits_for_a_client_that_half_closes_and_resets, gives_fifty_clients_their_own_bytes,
    keeps_little_for_a_slow_client, keeps_nothing_of_slow_clients_that_reset,
    loses_nobody_but_the_one_whose_send_fails, makes_no_call_for_those_who_are_silent,
    receives_only_where_something_is_ready, receives_the_last_bytes_before_the_end,
    receives_what_came_before_a_pause_and_the_end, receives_what_came_before_a_reset,
    sends_what_one_send_did_not_take, sends_what_waits_after_a_half_close,
    serves_a_client_that_comes_as_another_leaves, sleeps_again_when_a_slow_client_has_read_some,
    sleeps_nowhere_but_in_its_wait,
};

crate::checks! {
    step 1, 1: empties_the_backlog_and_exits_when_the_listener_breaks needs SettledState ManyClients {
        accepts_all_who_connect_at_once needs StopAndContinue HundredWaiting,
        accepts_a_batch_at_most_in_one_round needs StopAndContinue HundredWaiting WatchedCalls,
        exits_with_code_one_when_its_listener_breaks needs ForeignSockets Descriptors,
        exits_with_code_one_when_descriptors_run_out needs AnsweredCalls,
        names_a_taken_address,
        listens_where_it_was_asked_to needs KernelQueues Descriptors Ipv6,
    }
    step 1, 1: sleeps_in_an_event_wait_also_after_an_interruption needs StopAndContinue SettledState;
    step 2, 1: reads_all_that_one_edge_announced (so_far) needs StopAndContinue SettledState;
    step 3, 1: serves_fifty_clients_and_leaves_the_idle_alone needs ManyClients {
        gives_fifty_clients_their_own_bytes,
        answers_all_of_many_clients needs StopAndContinue,
        receives_only_where_something_is_ready needs KernelQueues Descriptors ForeignSockets,
    }
    step 4, 1: echoes_messages_of_every_size {
        echoes_bytes_of_every_size,
        echoes_texts_unchanged,
        answers_when_exactly_its_buffer_is_full needs WatchedCalls StopAndContinue KernelQueues Descriptors,
    }
    step 4, 1: makes_nobody_wait_for_a_silent_or_a_slow_client needs StopAndContinue SettledState {
        answers_another_client_and_sleeps_while_one_does_not_read,
        answers_a_newcomer_beside_those_who_do_not_read,
        sleeps_nowhere_but_in_its_wait needs WatchedCalls,
        sleeps_again_when_a_slow_client_has_read_some,
        keeps_little_for_a_slow_client,
        keeps_little_of_small_pieces needs Descriptors,
        makes_no_call_for_those_who_are_silent needs WatchedCalls KernelQueues Descriptors,
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
    step 4, 1: closes_clients_that_leave_without_a_word needs StopAndContinue SettledState {
        closes_neighbours_that_leave_without_a_word,
        serves_the_next_after_some_that_end_and_reset,
    }
    step 4, 1: gives_back_what_it_took needs StopAndContinue Descriptors SettledState {
        keeps_nothing_of_what_it_has_sent,
        keeps_nothing_of_slow_clients_that_reset,
        keeps_nothing_of_clients_that_left,
        keeps_nothing_of_forty_at_a_time,
        loses_nobody_but_the_one_whose_send_fails needs AnsweredCalls,
        drops_what_waits_for_a_client_that_half_closes_and_resets,
        serves_a_client_that_comes_as_another_leaves,
    }
}

/// Many connections may wait behind one event, and the kernel reports those that were left there no second time.
fn accepts_all_who_connect_at_once(program: &Program) -> Outcome {
    let server = program.start()?;
    let mut peers = Vec::new();
    for count in [1, 5, 100] {
        server.stop()?;
        peers.extend(server.connect_peers(count)?);
        server.resume();
        server.expect_accepted(&peers)?;
    }
    Ok(())
}

/// Who goes on accepting until nobody waits lets all others wait meanwhile: a round has a batch.
fn accepts_a_batch_at_most_in_one_round(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    server.stop()?;
    let peers = server.connect_peers(100)?;
    server.resume();
    server.expect_accepted(&peers)?;
    server.expect_accepts_at_most(64)
}

/// That a process may have no more descriptors is no client's affair either. Here the lab says so in the kernel's place.
fn exits_with_code_one_when_descriptors_run_out(program: &Program) -> Outcome {
    program.watch_every_call();
    let server = program.start()?;
    let served = server.connect_peers(1)?;
    server.expect_accepted(&served)?;
    server.fail_next_accept(SystemError::TooManyOpenFiles)?;
    let _refused = server.connect_peer()?;
    server.wait_for_exit()?.expect_code(1)?;
    Ok(())
}

/// Two of four clients leave at the same time, and neither has said a word.
fn closes_neighbours_that_leave_without_a_word(program: &Program) -> Outcome {
    closes_clients_that_leave_without_a_word(program)
}

/// The address is given, and what `bind` says of it ends the server before it begins.
fn names_a_taken_address(program: &Program) -> Outcome {
    ends_with_an_error_that_names_the_taken_address(program)
}

/// Only "would block" means that the backlog is empty. A listener that is broken stays broken.
fn exits_with_code_one_when_its_listener_breaks(program: &Program) -> Outcome {
    let server = program.start()?;
    let peers = server.connect_peers(5)?;
    server.expect_accepted(&peers)?;
    server.break_listener()?;
    server.wait_for_exit()?.expect_code(1)?;
    Ok(())
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
    peer.expect(&message)?;
    server.expect_sleeping_until_ready()?;
    Ok(())
}

/// A client that has ended its stream needs no socket any more, here nor in the kernel's list.
fn keeps_nothing_of_forty_at_a_time(program: &Program) -> Outcome {
    keeps_nothing_of_forty(&program.start()?)
}
