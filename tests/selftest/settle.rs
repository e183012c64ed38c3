//! When a program counts as settled: the detector on observations made up here, without processes.

use std::time::Duration;

use lab::evidence::connection::Connection;
use lab::evidence::settle::{
    Activity, IDLE_CPU_BUDGET, Observation, STABLE_SAMPLES, SettleDetector, holds_its_output,
};
use lab::platform::{
    CallCounts, CallKind, Descriptor, Sample, SleepingCall, TcpRow, TcpState, Thread, VERY_LONG,
    WatchedCall,
};

use crate::support::samples::{SOCKET, call, connection, nap, open, rows, sleeping};

/// A socket of the program that is not client 1's: descriptor and inode.
const OTHER_SOCKET: (i32, u64) = (3, 78);

#[test]
fn blocked_after_the_same_sample_three_times_in_a_row() {
    let mut detector = SettleDetector::default();
    let answers = [(); 3].map(|()| detector.judge(blocked(), &[]));
    let [running, blocked] = [Activity::Running, Activity::Blocked];
    assert_eq!(answers, [running, running, blocked]);
}

#[test]
fn a_thread_that_waits_for_a_disk_is_awake_in_a_moment() {
    let in_the_kernel = || {
        let mut seen = blocked();
        thread(&mut seen).state = 'D';
        seen
    };
    assert_eq!(last(in_the_kernel, &[]), Activity::Running);
}

#[test]
fn a_thread_that_was_awake_between_two_samples_begins_anew() {
    let mut detector = nearly_blocked();
    let mut awake_meanwhile = blocked();
    thread(&mut awake_meanwhile).switches += 1;
    assert_eq!(detector.judge(awake_meanwhile, &[]), Activity::Running);
}

#[test]
fn output_that_was_not_read_yet_begins_anew() {
    let mut detector = nearly_blocked();
    let undrained = Observation {
        is_drained: false,
        ..blocked()
    };
    assert_eq!(detector.judge(undrained, &[]), Activity::Running);
    assert_eq!(detector.judge(blocked(), &[]), Activity::Running);
}

#[test]
fn gone_or_invisible_is_said_at_once_or_never() {
    let gone = Observation {
        exited: true,
        ..blocked()
    };
    assert_eq!(last(|| gone.clone(), &[]), Activity::Exited);
    let invisible = Observation {
        sample: None,
        ..blocked()
    };
    assert_eq!(last(|| invisible.clone(), &[]), Activity::Running);
}

#[test]
fn not_blocked_while_something_is_on_its_way() {
    type Change = fn(&mut TcpRow, &mut TcpRow);
    let cases: [(&str, Change, Activity); 7] = [
        ("nothing", |_, _| {}, Activity::Blocked),
        (
            "bytes to the program",
            |ours, _| ours.unsent = 5,
            Activity::Running,
        ),
        (
            "bytes to the client",
            |_, theirs| theirs.unsent = 5,
            Activity::Running,
        ),
        (
            "bytes for which there is no room",
            |ours, theirs| (theirs.unsent, ours.unread) = (5, 9),
            Activity::Blocked,
        ),
        (
            "a handshake",
            |ours, _| ours.state = TcpState::Handshake,
            Activity::Running,
        ),
        (
            "an end",
            |ours, _| ours.state = TcpState::FinSent,
            Activity::Running,
        ),
        (
            "unread bytes that wake it",
            |_, theirs| theirs.unread = 5,
            Activity::Running,
        ),
    ];
    for (what, change, expected) in cases {
        let seen = || {
            let mut seen = blocked();
            let mut table = seen.table.take().expect("a table");
            let (ours, theirs) = table.split_at_mut(1);
            change(&mut ours[0], &mut theirs[0]);
            seen.table = Some(table);
            seen
        };
        assert_eq!(last(seen, &[connection()]), expected, "{what}");
    }
}

#[test]
fn a_call_that_moves_bytes_waits_for_its_input_or_for_room() {
    let moving = |stdin, is_full| {
        let mut seen = blocked();
        let other_end = Some(0);
        let splice = SleepingCall {
            other_end,
            ..call(CallKind::Send, Some(SOCKET.0))
        };
        thread(&mut seen).call = Some(splice);
        seen.stdin = (5, stdin);
        let mut table = rows();
        if is_full {
            (table[0].unread, table[1].unsent) = (9, 5);
        }
        seen.table = Some(table.to_vec());
        last(move || seen.clone(), &[connection()])
    };
    assert_eq!(moving(false, false), Activity::Running, "input is to come");
    assert_eq!(moving(false, true), Activity::Blocked, "there is no room");
    assert_eq!(moving(true, true), Activity::Blocked, "nor will there be");
}

#[test]
fn a_write_waits_for_us_unless_we_leave_it_unread() {
    let writing = |is_unread| {
        let mut seen = blocked();
        thread(&mut seen).call = Some(call(CallKind::Send, Some(1)));
        seen.is_unread = is_unread;
        last(move || seen.clone(), &[])
    };
    assert_eq!(writing(false), Activity::Running);
    assert_eq!(writing(true), Activity::Blocked);
}

#[test]
fn a_close_that_lingers_ends_when_the_end_is_acknowledged() {
    let closing = |state| {
        let mut seen = blocked();
        thread(&mut seen).call = Some(call(CallKind::Other, None));
        let mut table = rows();
        (table[0].unread, table[1].state) = (1, state);
        seen.table = Some(table.to_vec());
        last(move || seen.clone(), &[connection()])
    };
    assert_eq!(closing(TcpState::FinSent), Activity::Running);
    assert_eq!(closing(TcpState::HalfClosed), Activity::Blocked);
}

#[test]
fn an_output_is_held_by_a_call_that_moves_bytes_to_it() {
    let receiving = |other_end| {
        let call = SleepingCall {
            other_end,
            ..call(CallKind::Recv, Some(SOCKET.0))
        };
        let threads = vec![sleeping(call)];
        holds_its_output(&Sample { threads })
    };
    assert!(receiving(Some(1)));
    assert!(!receiving(Some(7)) && !receiving(None));
}

#[test]
fn an_end_that_only_one_side_has_heard_of_is_on_its_way() {
    let half = |state| {
        move || {
            let mut ours = rows()[0];
            ours.state = state;
            Observation {
                table: Some(vec![ours]),
                ..blocked()
            }
        }
    };
    assert_eq!(
        last(half(TcpState::Established), &[connection()]),
        Activity::Running
    );
    assert_eq!(
        last(half(TcpState::Other), &[connection()]),
        Activity::Blocked
    );
}

#[test]
fn a_program_that_waits_for_the_lab_has_not_settled() {
    let inside = |kind, descriptor, has_all_input| {
        move || {
            let mut seen = blocked();
            thread(&mut seen).call = Some(call(kind, Some(descriptor)));
            seen.stdin = (0, has_all_input);
            seen
        }
    };
    assert_eq!(
        last(inside(CallKind::Recv, 0, false), &[]),
        Activity::Running,
        "more input comes"
    );
    assert_eq!(
        last(inside(CallKind::Recv, 0, true), &[]),
        Activity::Blocked,
        "no more comes"
    );
    assert_eq!(
        last(inside(CallKind::Send, 1, true), &[]),
        Activity::Running,
        "we have to read"
    );
}

#[test]
fn a_nap_is_no_sleep_unless_it_outlasts_every_check() {
    let napping = |time| {
        move || {
            let mut seen = blocked();
            thread(&mut seen).call = Some(nap(time));
            seen
        }
    };
    assert_eq!(
        last(napping(Duration::from_secs(1)), &[]),
        Activity::Running
    );
    assert_eq!(last(napping(VERY_LONG), &[]), Activity::Blocked);
}

#[test]
fn spinning_after_processor_time_without_effect() {
    let little = IDLE_CPU_BUDGET / 2;
    assert_eq!(after(little, |_| {}), Activity::Running);
    assert_eq!(after(IDLE_CPU_BUDGET, |_| {}), Activity::Spinning);
    assert_eq!(
        after(little, |seen| seen.ticks = 9),
        Activity::Spinning,
        "with a heartbeat"
    );
}

#[test]
fn a_tick_on_its_way_is_no_effect_and_a_line_is_one() {
    let answer = |printed| {
        let mut detector = SettleDetector::default();
        detector.judge(running(Duration::ZERO), &[]);
        detector.judge(running(Duration::ZERO), &[]);
        let cpu = IDLE_CPU_BUDGET;
        let undrained = Observation {
            is_drained: false,
            ..running(cpu)
        };
        assert_eq!(detector.judge(undrained, &[]), Activity::Running);
        let drained = Observation {
            printed: blocked().printed + printed,
            ..running(cpu)
        };
        detector.judge(drained, &[])
    };
    assert_eq!(answer(0), Activity::Spinning);
    assert_eq!(answer(24), Activity::Running);
}

#[test]
fn whatever_can_be_seen_is_an_effect() {
    type Change = fn(&mut Observation);
    let changes: [(&str, Change); 5] = [
        ("output", |seen| seen.printed += 1),
        ("input", |seen| seen.stdin.0 += 1),
        ("memory", |seen| seen.memory += 16 << 20),
        ("a descriptor", |seen| seen.open.clear()),
        ("a socket", |seen| seen.table = Some(Vec::new())),
    ];
    for (what, change) in changes {
        assert_eq!(after(IDLE_CPU_BUDGET, change), Activity::Running, "{what}");
    }
}

#[test]
fn one_busy_thread_does_not_stand_for_one_that_got_no_processor() {
    let mut detector = SettleDetector::default();
    let both = |cpu| {
        let mut seen = running(cpu);
        let other = Thread {
            id: 2,
            ..running(Duration::ZERO).sample.expect("a sample").threads[0].clone()
        };
        seen.sample.as_mut().expect("a sample").threads.push(other);
        seen
    };
    detector.judge(both(Duration::ZERO), &[]);
    detector.judge(both(Duration::ZERO), &[]);
    assert_eq!(
        detector.judge(both(IDLE_CPU_BUDGET * 2), &[]),
        Activity::Running
    );
}

#[test]
fn naps_without_effect_are_counted() {
    let napped = |times: u64, time: Duration| {
        let napping = |sleeps| {
            let mut seen = running(Duration::ZERO);
            let thread = thread(&mut seen);
            thread.state = 'S';
            thread.sleeps = sleeps;
            thread.call = Some(nap(time));
            seen
        };
        let mut detector = SettleDetector::default();
        detector.judge(napping(0), &[]);
        detector.judge(napping(0), &[]);
        detector.judge(napping(times), &[])
    };
    let (short, long) = (Duration::from_millis(1), Duration::from_millis(200));
    assert_eq!(napped(50, short), Activity::Running);
    assert_eq!(napped(51, short), Activity::Spinning);
    assert_eq!(napped(2, long), Activity::Running);
    assert_eq!(napped(3, long), Activity::Spinning);
}

#[test]
fn many_threads_that_each_go_to_sleep_a_few_times_are_not_naps() {
    let seen = |sleeps| {
        let mut seen = blocked();
        let one = thread(&mut seen).clone();
        let threads = &mut seen.sample.as_mut().expect("a sample").threads;
        *threads = (1..=64)
            .map(|id| Thread {
                id,
                sleeps,
                ..one.clone()
            })
            .collect();
        // The last of them is on its way to sleep.
        threads[63].state = 'D';
        seen
    };
    let mut detector = SettleDetector::default();
    for sleeps in [0, 0, 1, 2, 9] {
        assert_eq!(detector.judge(seen(sleeps), &[]), Activity::Running);
    }
    // Fifty times is a loop, whatever the others do.
    let mut last = seen(10);
    last.sample.as_mut().expect("a sample").threads[63].sleeps = 50;
    assert_eq!(detector.judge(last, &[]), Activity::Spinning);
}

#[test]
fn a_call_that_waits_for_the_lab_is_no_sleep() {
    let held = || Observation {
        is_held: true,
        ..blocked()
    };
    assert_eq!(last(held, &[]), Activity::Running);
}

#[test]
fn rounds_of_calls_without_effect_are_counted_where_they_are_reported() {
    const FILE: i32 = 9;
    let unread = |seen: &mut Observation| {
        seen.table.as_mut().expect("a table")[1].unread = 5;
    };
    let nothing = |_: &mut Observation| {};
    let (running, spinning) = (Activity::Running, Activity::Spinning);
    assert_eq!(called(4, SOCKET.0, nothing), running);
    assert_eq!(called(5, SOCKET.0, nothing), spinning);
    assert_eq!(called(5, SOCKET.0, unread), spinning, "it is asked");
    assert_eq!(called(500, FILE, nothing), running, "a file is no client");
    let listener = OTHER_SOCKET.0;
    assert_eq!(
        called(49, listener, unread),
        running,
        "it may be asked later"
    );
    assert_eq!(called(50, listener, unread), spinning);
}

/// On a busy machine a program may be at work between two looks of ours at one moment: first at its sockets, and then at
/// what it does. What it had done by the second look may have changed what the first one saw.
#[test]
fn what_was_done_by_the_second_look_is_not_counted() {
    let nothing = |_: &mut Observation| {};
    let answer = |times: &[u32]| called_in_turn(times, SOCKET.0, nothing);
    assert_eq!(answer(&[0, 500]), Activity::Running);
    assert_eq!(answer(&[0, 500, 504]), Activity::Running);
    assert_eq!(answer(&[0, 500, 505]), Activity::Spinning);
}

#[test]
fn without_calls_on_sockets_it_takes_more() {
    let worked = |cpu| {
        let calls = |cpu| Observation {
            calls: Some(CallCounts::default()),
            ..running(cpu)
        };
        let mut detector = SettleDetector::default();
        detector.judge(calls(Duration::ZERO), &[]);
        detector.judge(calls(Duration::ZERO), &[]);
        detector.judge(calls(cpu), &[])
    };
    assert_eq!(worked(IDLE_CPU_BUDGET * 2), Activity::Running);
    assert_eq!(worked(IDLE_CPU_BUDGET * 5), Activity::Spinning);
}

#[test]
fn rounds_of_one_thread_do_not_stand_for_one_that_got_no_processor() {
    let listener = OTHER_SOCKET.0;
    let beside = |state: char, is_held: bool, calls: u32| {
        let mut looks = 0;
        called_in_turn(&[0, 0, 500], listener, |seen| {
            looks += 1;
            let mut second = thread(seen).clone();
            (second.id, second.state) = (2, state);
            seen.sample.as_mut().expect("a sample").threads.push(second);
            seen.is_held = is_held;
            let counts = seen.calls.as_mut().expect("calls are reported");
            let by_now = if looks == 3 { calls } else { 0 };
            (0..by_now).for_each(|_| counts.add(2, &WatchedCall::Nap(Duration::ZERO)));
        })
    };
    assert_eq!(beside('R', false, 0), Activity::Running);
    assert_eq!(beside('R', false, 5), Activity::Spinning);
    assert_eq!(beside('S', false, 1), Activity::Spinning, "it sleeps");
    assert_eq!(beside('S', true, 0), Activity::Spinning, "it made no call");
    assert_eq!(beside('S', true, 1), Activity::Running, "it may be held");
}

/// A thread may make one more call on a socket and stay in it for good, while another goes round without any.
#[test]
fn it_counts_from_the_last_call_on_a_socket_on() {
    let listener = OTHER_SOCKET.0;
    let answer = |looks: &[(u32, Duration)]| {
        let counts: Vec<u32> = looks.iter().map(|(calls, _)| *calls).collect();
        let mut cpu = looks.iter().map(|(_, cpu)| *cpu);
        called_in_turn(&counts, listener, |seen| {
            thread(seen).cpu = cpu.next().expect("as many as there are looks");
        })
    };
    let (none, enough) = (Duration::ZERO, IDLE_CPU_BUDGET * 5);
    let little = Duration::from_millis(1);
    let looks = [(0, none), (0, none), (1, enough)];
    assert_eq!(answer(&looks), Activity::Running);
    let looks = [(0, none), (0, none), (1, enough), (1, enough * 2 - little)];
    assert_eq!(answer(&looks), Activity::Running);
    let looks = [(0, none), (0, none), (1, enough), (1, enough * 2)];
    assert_eq!(answer(&looks), Activity::Spinning);
}

#[test]
fn a_stopped_program_never_settles() {
    let stopped = || {
        let mut seen = blocked();
        thread(&mut seen).state = 'T';
        seen
    };
    assert_eq!(last(stopped, &[]), Activity::Running);
}

#[test]
fn what_sleeps_is_looked_at_as_a_whole_from_the_second_time_on() {
    let mut detector = SettleDetector::default();
    assert!(wants_more(&detector, &running(Duration::ZERO)));
    assert!(!wants_more(&detector, &blocked()));
    let held = Observation {
        is_held: true,
        ..blocked()
    };
    assert!(wants_more(&detector, &held), "it waits for us alone");
    let first = detector.judge(of_threads_alone(blocked()), &[]);
    assert!(wants_more(&detector, &blocked()));
    let others = [(); 2].map(|()| detector.judge(blocked(), &[]));
    let [running, blocked] = [Activity::Running, Activity::Blocked];
    assert_eq!((first, others), (running, [running, blocked]));
}

#[test]
fn one_that_goes_round_settles_only_when_it_sleeps() {
    let mut detector = SettleDetector::of_one_that_goes_round();
    for step in 0..10 {
        let seen = running(step * IDLE_CPU_BUDGET);
        assert!(!wants_more(&detector, &seen));
        assert_eq!(detector.judge(seen, &[]), Activity::Running);
    }
    let answers = [(); 3].map(|()| detector.judge(blocked(), &[]));
    assert_eq!(answers[2], Activity::Blocked);
}

fn wants_more(detector: &SettleDetector, seen: &Observation) -> bool {
    let sample = seen.sample.as_ref().expect("a sample");
    detector.wants_more(sample, seen.is_held)
}

/// What is seen where nothing but the threads was looked at.
fn of_threads_alone(seen: Observation) -> Observation {
    Observation {
        is_of_threads_alone: true,
        table: None,
        open: Vec::new(),
        memory: 0,
        ..seen
    }
}

/// The answer when a program has called `recv` so many times on one descriptor, without effect; `change` is what all
/// observations show besides.
fn called(times: u32, descriptor: i32, change: impl Fn(&mut Observation)) -> Activity {
    called_in_turn(&[0, 0, times], descriptor, change)
}

/// The answer to the last of these observations, each after so many calls in all.
fn called_in_turn(
    times: &[u32],
    descriptor: i32,
    mut change: impl FnMut(&mut Observation),
) -> Activity {
    let mut seen = |times: &u32| {
        let mut seen = running(Duration::ZERO);
        let mut counts = CallCounts::default();
        let call = WatchedCall::On {
            kind: CallKind::Recv,
            descriptor,
            bytes: 4096,
            more: false,
            peer: None,
        };
        (0..*times).for_each(|_| counts.add(1, &call));
        seen.calls = Some(counts);
        seen.open.push(Descriptor {
            number: OTHER_SOCKET.0,
            socket: Some(OTHER_SOCKET.1),
        });
        change(&mut seen);
        seen
    };
    let mut detector = SettleDetector::default();
    let answers = times.iter().map(|times| detector.judge(seen(times), &[]));
    answers.last().expect("there is an observation")
}

/// A detector to which one more observation of a blocked program is enough.
fn nearly_blocked() -> SettleDetector {
    let mut detector = SettleDetector::default();
    for _ in 1..STABLE_SAMPLES {
        detector.judge(blocked(), &[]);
    }
    detector
}

/// The answer after as many observations as a blocked program takes.
fn last(seen: impl Fn() -> Observation, connections: &[Connection]) -> Activity {
    let mut detector = SettleDetector::default();
    for _ in 1..STABLE_SAMPLES {
        detector.judge(seen(), connections);
    }
    detector.judge(seen(), connections)
}

/// The last of three observations, before which a program has used `cpu`; `change` is what differs besides.
fn after(cpu: Duration, change: impl Fn(&mut Observation)) -> Activity {
    let mut detector = SettleDetector::default();
    detector.judge(running(Duration::ZERO), &[]);
    detector.judge(running(Duration::ZERO), &[]);
    let mut second = running(cpu);
    change(&mut second);
    detector.judge(second, &[])
}

/// A program with one thread, which sleeps in `recv` at its client's socket.
fn blocked() -> Observation {
    let thread = sleeping(call(CallKind::Recv, Some(SOCKET.0)));
    Observation {
        exited: false,
        sample: Some(Sample {
            threads: vec![thread],
        }),
        is_of_threads_alone: false,
        table: Some(rows().to_vec()),
        is_drained: true,
        is_unread: false,
        open: open(),
        memory: 4 << 20,
        printed: 30,
        ticks: 0,
        stdin: (0, true),
        calls: None,
        is_held: false,
    }
}

/// A program that runs, and has used `cpu` so far.
fn running(cpu: Duration) -> Observation {
    let mut seen = blocked();
    let thread = thread(&mut seen);
    (thread.state, thread.call, thread.cpu) = ('R', None, cpu);
    seen
}

fn thread(seen: &mut Observation) -> &mut Thread {
    &mut seen.sample.as_mut().expect("a sample").threads[0]
}
