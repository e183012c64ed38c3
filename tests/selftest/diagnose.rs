//! From evidence to a cause: on evidence made up here, without processes.

use std::time::Duration;

use lab::course::cause::Cause;
use lab::diagnose::symptom::Symptom;
use lab::diagnose::{cause, describe, last_calls};
use lab::evidence::Evidence;
use lab::evidence::calls::CallLog;
use lab::evidence::history::{History, Shortage};
use lab::evidence::kit_log::EventLog;
use lab::evidence::last_words::LastWords;
use lab::evidence::settle::Activity;
use lab::platform::{CallKind, Descriptor, Registered, Sample, SleepingCall, WatchedCall};

use crate::support::samples::{SOCKET, call, connection, nap, open, rows, sleeping};

/// What is changed of the evidence about a blocking server that sleeps in `recv`, and waits for client 1.
type Change = fn(&mut Evidence);

#[test]
fn a_cause_follows_from_evidence() {
    let cases: &[(Symptom, Change, Cause)] = &[
        (Symptom::Silence, |_| {}, Cause::WaitsForMore),
        (
            Symptom::Silence,
            |seen| seen.activity = Activity::Running,
            Cause::TooLong,
        ),
        // What did not come in time may have been on its way, also from a loop that goes round.
        (
            Symptom::Silence,
            |seen| {
                seen.activity = Activity::Spinning;
                seen.is_out_of_time = true;
            },
            Cause::TooLong,
        ),
        (
            Symptom::NoEnd,
            |seen| seen.is_out_of_time = true,
            Cause::TooLong,
        ),
        // What did come is as wrong as before.
        (
            Symptom::OtherBytes,
            |seen| seen.is_out_of_time = true,
            Cause::WrongBytes,
        ),
        (
            Symptom::End,
            |seen| seen.has_time_limits = true,
            Cause::GivesUpAfterATime,
        ),
        (
            Symptom::NoExit,
            |seen| {
                ended(seen, "Interrupted system call (os error 4)");
                seen.has_time_limits = true;
            },
            Cause::GivesUpAfterATime,
        ),
        (
            Symptom::Silence,
            |seen| seen.table[1].inode = 0,
            Cause::NeverAccepted,
        ),
        (Symptom::Silence, napping, Cause::LongNap),
        (
            Symptom::Silence,
            |seen| {
                log(seen, "tick 1\n");
                seen.table[1].unread = 3;
            },
            Cause::StillBlocking,
        ),
        (Symptom::Silence, in_poll, Cause::WaitsForMore),
        (
            Symptom::Silence,
            |seen| {
                in_poll(seen);
                seen.table[1].unread = 3;
            },
            Cause::InterestMissing,
        ),
        (
            Symptom::Silence,
            |seen| {
                in_epoll(seen);
                seen.table[1].unread = 3;
            },
            Cause::EdgeNotDrained,
        ),
        (
            Symptom::Silence,
            |seen| {
                in_epoll(seen);
                seen.registered.clear();
            },
            Cause::NotRegistered,
        ),
        (
            Symptom::Silence,
            |seen| {
                in_epoll(seen);
                let same = seen.registered[0];
                seen.registered.push(same);
            },
            Cause::SharedToken,
        ),
        // It goes on receiving from client 1, who has said nothing, and what has come at another socket is left.
        (
            Symptom::NoRest,
            |seen| {
                seen.activity = Activity::Spinning;
                seen.calls = receives();
                seen.open.push(Descriptor {
                    number: SOCKET.0 + 1,
                    socket: Some(SOCKET.1 + 1),
                });
            },
            Cause::AnswersMixedUp,
        ),
        (
            Symptom::Reset,
            |seen| {
                seen.history.peer_sent = true;
                seen.calls = CallLog::new(vec![(1, WatchedCall::NewThread)]);
            },
            Cause::NeverReceived,
        ),
        (
            Symptom::Reset,
            |seen| {
                seen.history.peer_sent = true;
                seen.calls = receives();
            },
            Cause::ClosedTooEarly,
        ),
        (
            Symptom::Silence,
            |seen| seen.history.is_client = true,
            Cause::SenderThreadGone,
        ),
        (Symptom::NoEnd, |_| {}, Cause::NotClosed),
        (
            Symptom::NoEnd,
            |seen| seen.activity = Activity::Spinning,
            Cause::EndIgnored,
        ),
        (
            Symptom::NoRest,
            |seen| seen.activity = Activity::Spinning,
            Cause::Busy,
        ),
        (
            Symptom::NoRest,
            |seen| {
                log(seen, "client 1 lost after 0 bytes: nothing (os error 11)\n");
            },
            Cause::WouldBlockIsFatal,
        ),
        (
            Symptom::End,
            |seen| seen.history.peer_sent = true,
            Cause::ClosedTooEarly,
        ),
        (Symptom::End, |_| {}, Cause::WrongBytes),
        (
            Symptom::End,
            |seen| seen.history.send_was_interrupted = true,
            Cause::TailLost,
        ),
        (Symptom::Reset, |_| {}, Cause::ResetInsteadOfEnd),
        (
            Symptom::MoreBytes,
            |seen| seen.history.peer_sent = true,
            Cause::StaleBytes,
        ),
        (
            Symptom::NoTicks,
            |seen| seen.activity = Activity::Spinning,
            Cause::OtherWorkStarved,
        ),
        (
            Symptom::Known(Cause::NotRecorded),
            |_| {},
            Cause::NotRecorded,
        ),
        (
            Symptom::Known(Cause::NotRecorded),
            |seen| {
                seen.activity = Activity::Spinning;
                (seen.history.slept_until_ready, seen.history.was_reset) = (true, true);
            },
            Cause::BrokenConnectionKept,
        ),
        (
            Symptom::End,
            |seen| {
                seen.history.shortage = Some(Shortage::Thread);
                log(
                    seen,
                    "client 1 lost after 0 bytes: no thread (os error 11)\n",
                );
            },
            Cause::StacksKept,
        ),
    ];
    for (number, (symptom, change, expected)) in cases.iter().enumerate() {
        let found = with(change, |seen| cause(seen, *symptom));
        assert_eq!(found, *expected, "case {number}, {symptom:?}");
    }
}

#[test]
fn last_words_name_a_cause() {
    let panicked = "thread 'main' panicked at src/server.rs:9:5:\nout of luck\nnote: run with …\n";
    let unwrapped = "thread 'main' panicked at src/server.rs:9:5:\n\
                     called `Result::unwrap()` on an `Err` value: Os { code: 104, kind: ConnectionReset }\n";
    let cases = [
        (panicked, false, Cause::Panicked),
        (unwrapped, true, Cause::EndedByAClient),
        (unwrapped, false, Cause::Panicked),
        (
            "server: 127.0.0.1:7878: nothing (os error 11)\n",
            false,
            Cause::WouldBlockIsFatal,
        ),
        (
            "server: 127.0.0.1:7878: signal (os error 4)\n",
            false,
            Cause::InterruptedIsFatal,
        ),
        (
            "server: too many (os error 24)\n",
            false,
            Cause::UnboundedDescriptors,
        ),
        (
            "server: too many (os error 24)\n",
            true,
            Cause::DescriptorsKept,
        ),
        (
            "memory allocation of 9 bytes failed\n",
            false,
            Cause::UnboundedMemory,
        ),
        (
            "failed to spawn thread: no (os error 11)\n",
            false,
            Cause::UnboundedThreads,
        ),
        ("server: bad luck\n", false, Cause::ExitedEarly),
        ("server: bad luck\n", true, Cause::EndedByAClient),
    ];
    for (words, was_reset, expected) in cases {
        let found = with(
            |seen| {
                log(seen, "listening on 127.0.0.1:7878\n");
                ended(seen, words);
                seen.history.was_reset = was_reset;
            },
            |seen| cause(seen, Symptom::Silence),
        );
        assert_eq!(found, expected, "{words}, reset: {was_reset}");
    }
}

#[test]
fn a_report_says_what_the_program_was_doing() {
    let cases: [(Change, &str); 7] = [
        (|_| {}, "was inside recv on client 1's socket"),
        (|seen| seen.table[1].inode = 0, "was inside read"),
        (in_epoll, "was inside a wait for readiness"),
        (napping, "was inside a sleep of 2 s"),
        (
            |seen| seen.activity = Activity::Spinning,
            "used the processor while nothing happened",
        ),
        (
            |seen| ended(seen, "bad luck\n"),
            "exited with code 1; its error output begins: bad luck",
        ),
        (
            |seen| (seen.table[1].unread, seen.history.peer_sent) = (3, true),
            "was inside recv on client 1's socket; has not received 3 bytes from client 1",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(with(change, describe), expected);
    }
}

#[test]
fn the_last_calls_are_those_on_connections_and_the_round_that_follows() {
    let peer = Some(rows()[0].local);
    let on = |kind, bytes, peer| WatchedCall::On {
        kind,
        descriptor: SOCKET.0,
        bytes,
        more: false,
        peer,
    };
    let accept = || on(CallKind::Accept, 0, None);
    let mut calls = vec![
        accept(),
        on(CallKind::Recv, 4096, peer),
        WatchedCall::Nap(Duration::from_millis(1)),
        on(CallKind::Send, 5, peer),
    ];
    for _ in 1..=3 {
        calls.extend([accept(), on(CallKind::Recv, 4096, peer)]);
    }
    let said = |calls: &[WatchedCall]| {
        let made = calls.iter().map(|call| (1, call.clone()));
        let log = CallLog::new(made.collect());
        with(|seen| seen.calls = log.clone(), last_calls)
    };
    assert_eq!(
        said(&calls).as_deref(),
        Some(
            "recv on client 1's socket · send on client 1's socket with 5 bytes; then again and again: \
             accept · recv on client 1's socket"
        )
    );
    assert_eq!(
        said(&calls[..4]).as_deref(),
        Some("recv on client 1's socket · send on client 1's socket with 5 bytes")
    );
    assert_eq!(said(&[]), None);
}

/// What `answer` makes of the evidence after a change.
fn with<T>(change: impl Fn(&mut Evidence), answer: impl Fn(&Evidence) -> T) -> T {
    let connections = [connection()];
    let mut seen = Evidence {
        activity: Activity::Blocked,
        exited: None,
        last_words: LastWords::default(),
        log: EventLog::default(),
        sample: Some(Sample {
            threads: vec![sleeping(call(CallKind::Recv, Some(SOCKET.0)))],
        }),
        open: open(),
        registered: Vec::new(),
        table: rows().to_vec(),
        connections: &connections,
        at: Some(&connections[0]),
        history: History::default(),
        unwritten: None,
        exceeded_thread_cap: false,
        descriptor_limit: 256,
        memory: 4 << 20,
        has_time_limits: false,
        beats: false,
        is_out_of_time: false,
        calls: CallLog::default(),
    };
    change(&mut seen);
    answer(&seen)
}

fn log(seen: &mut Evidence, printed: &str) {
    seen.log = EventLog::read(printed);
}

fn ended(seen: &mut Evidence, words: &str) {
    seen.exited = Some(code_1());
    seen.activity = Activity::Exited;
    seen.sample = None;
    seen.last_words = LastWords::read(words);
}

#[cfg(unix)]
fn code_1() -> std::process::ExitStatus {
    std::os::unix::process::ExitStatusExt::from_raw(1 << 8)
}

#[cfg(windows)]
fn code_1() -> std::process::ExitStatus {
    std::os::windows::process::ExitStatusExt::from_raw(1)
}

fn napping(seen: &mut Evidence) {
    sleeps_in(seen, nap(Duration::from_secs(2)));
}

fn in_poll(seen: &mut Evidence) {
    sleeps_in(seen, call(CallKind::Poll, None));
}

fn in_epoll(seen: &mut Evidence) {
    sleeps_in(seen, call(CallKind::Poll, Some(3)));
    seen.registered = vec![Registered {
        descriptor: SOCKET.0,
        token: 0,
        reading: true,
        sending: true,
    }];
}

/// One call of `recv` on client 1's socket.
fn receives() -> CallLog {
    let call = WatchedCall::On {
        kind: CallKind::Recv,
        descriptor: SOCKET.0,
        bytes: 16,
        more: false,
        peer: None,
    };
    CallLog::new(vec![(1, call)])
}

fn sleeps_in(seen: &mut Evidence, call: SleepingCall) {
    seen.sample = Some(Sample {
        threads: vec![sleeping(call)],
    });
}
