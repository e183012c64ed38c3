//! From evidence to a cause: on evidence made up here, without processes.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use lab::course::cause::Cause;
use lab::diagnose::symptom::Symptom;
use lab::diagnose::{cause, describe};
use lab::evidence::Evidence;
use lab::evidence::connection::Connection;
use lab::evidence::history::{History, Shortage};
use lab::evidence::kit_log::{Event, EventLog};
use lab::evidence::last_words::{LastWords, SystemErrors, last_lines};
use lab::evidence::settle::Activity;
use lab::platform::{
    CallKind, Descriptor, Registered, Sample, SleepingCall, TcpRow, TcpState, Thread,
};

/// The socket that the program shares with client 1: descriptor and inode.
const SOCKET: (i32, u64) = (4, 77);

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
fn the_log_is_read_as_the_kit_prints_it() {
    let printed = "listening on 127.0.0.1:7878\nclient 1 connected\ntick 3\nclient 1 left after 5 bytes\n\
                   client 2 lost after 0 bytes: reset by peer (os error 104)\nhello\nclient 3 left\n\
                   client x connected\nclient 4 left after 5 bytes and more\n";
    let log = EventLog::read(printed);
    let lines: Vec<String> = log.events().iter().map(ToString::to_string).collect();
    assert_eq!(lines, printed.lines().take(5).collect::<Vec<_>>());
    assert_eq!((log.connected(), log.departed()), (1, 2));
    assert!(log.has_begun() && log.has_ticks());
    assert_eq!(log.left().collect::<Vec<_>>(), [5]);
    assert_eq!(
        log.about(2)
            .filter(|event| Event::is_departure(event))
            .count(),
        1
    );
    let (client, bytes, reason) = log.lost().next().expect("one was lost");
    assert_eq!((client, bytes, reason.displayed), (2, 0, vec![104]));
}

#[test]
fn errors_are_read_as_the_standard_library_prints_them() {
    let named = SystemErrors::named_in;
    assert!(named("x (os error 35)").is_would_block());
    assert!(named("Os { code: 11, kind: WouldBlock, message: \"…\" }").is_would_block());
    assert!(!named("Os { code: 104, kind: ConnectionReset }").is_would_block());
    assert!(named("Os { code: 12, kind: OutOfMemory }").is_refused_thread());
    assert!(named("accept: (os error 22)").is_not_listening());
    assert!(!named("accept: (os error 220)").is_not_listening());
    assert!(!named("all is well").is_any());

    let words =
        LastWords::read("thread 'a' panicked at x.rs:1:1:\nnot yet implemented: step 12: send\n");
    assert_eq!(words.unwritten_step(), Some(12));
    assert_eq!(
        LastWords::read("not yet implemented: step 1\n").unwritten_step(),
        None
    );
    assert_eq!(last_lines("a\n\nb\nnote: see more\n", 2), ["a", "b"]);
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
            "was inside recv on client 1's socket; client 1 has 3 bytes unread in the kernel",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(with(change, describe), expected);
    }
}

/// What `answer` makes of the evidence after a change.
fn with<T>(change: impl Fn(&mut Evidence), answer: impl Fn(&Evidence) -> T) -> T {
    let rows = rows();
    let connections = [Connection::new(
        "client 1".into(),
        rows[0].local,
        rows[0].remote,
    )];
    let mut seen = Evidence {
        activity: Activity::Blocked,
        exited: None,
        last_words: LastWords::default(),
        log: EventLog::default(),
        sample: Some(Sample {
            threads: vec![sleeping(CallKind::Recv, Some(SOCKET.0))],
        }),
        open: vec![Descriptor {
            number: SOCKET.0,
            socket: Some(SOCKET.1),
        }],
        registered: Vec::new(),
        table: rows.to_vec(),
        connections: &connections,
        at: Some(&connections[0]),
        history: History::default(),
        unwritten: None,
        exceeded_thread_cap: false,
        descriptor_limit: 256,
        memory: 4 << 20,
        beats: false,
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
    let mut thread = sleeping(CallKind::Sleep, None);
    let call = thread.call.as_mut().expect("a call");
    (call.timed, call.nap) = (true, Some(Duration::from_secs(2)));
    seen.sample = Some(Sample {
        threads: vec![thread],
    });
}

fn in_poll(seen: &mut Evidence) {
    seen.sample = Some(Sample {
        threads: vec![sleeping(CallKind::Poll, None)],
    });
}

fn in_epoll(seen: &mut Evidence) {
    seen.sample = Some(Sample {
        threads: vec![sleeping(CallKind::Poll, Some(3))],
    });
    seen.registered = vec![Registered {
        descriptor: SOCKET.0,
        reading: true,
        sending: true,
    }];
}

fn sleeping(kind: CallKind, descriptor: Option<i32>) -> Thread {
    Thread {
        id: 1,
        state: 'S',
        call: Some(SleepingCall {
            kind,
            descriptor,
            timed: false,
            nap: None,
        }),
        cpu: Duration::ZERO,
        switches: 1,
        sleeps: 1,
    }
}

/// Our end of the connection, and the program's.
fn rows() -> [TcpRow; 2] {
    let [client, server] = [40_000, 7878].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let row = |local, remote, inode| TcpRow {
        local,
        remote,
        state: TcpState::Established,
        unsent: 0,
        unread: 0,
        retransmits: 0,
        inode,
    };
    [row(client, server, 5), row(server, client, SOCKET.1)]
}
