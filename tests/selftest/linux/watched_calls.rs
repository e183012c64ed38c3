//! What the kernel reports of a program's system calls, and what becomes of those that the lab answers.

use std::fs;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use lab::build::Built;
use lab::build::repo::Repo;
use lab::build::subject::Subject;
use lab::course::Stage;
use lab::evidence::calls::{CallLog, OwnWait};
use lab::harness::program::Program;
use lab::harness::snapshot::Snapshots;
use lab::judge::built_stages;
use lab::platform::{
    CallKind, Powers, SocketOption, SystemError, WatchedCall, Watching, starting, time_limit,
};
use lab::process::child::{Launch, Process, Stdin};
use lab::process::deadline::Deadline;

use crate::linux::support::fixtures::{fixture, stage};
use crate::support::scratch::root;

#[test]
fn each_call_is_reported_as_what_it_is() {
    let log = calls_of_all_kinds(Watching::Every);
    let has = |wanted: &WatchedCall| log.calls().any(|call| call == wanted);
    let count = |kind: CallKind, length: u64| {
        let is_it = |call: &&WatchedCall| matches!(call, WatchedCall::On { kind: k, bytes, .. } if *k == kind && *bytes == length);
        log.calls().filter(is_it).count()
    };
    assert_eq!(count(CallKind::Accept, 0), 1, "{log:?}");
    assert_eq!(count(CallKind::Connect, 0), 1, "{log:?}");
    assert_eq!(count(CallKind::Send, 1), 1, "sendto: {log:?}");
    assert_eq!(count(CallKind::Send, 5), 1, "writev: {log:?}");
    assert_eq!(count(CallKind::Send, 0), 1, "sendmsg: {log:?}");
    assert_eq!(count(CallKind::Send, 2), 1, "write: {log:?}");
    assert_eq!(count(CallKind::Recv, 6), 1, "readv: {log:?}");
    assert!(count(CallKind::Recv, 2) >= 2, "recvfrom, read: {log:?}");
    assert!(has(&WatchedCall::NewThread), "{log:?}");
    assert!(has(&WatchedCall::NewProcess), "{log:?}");
    let polls = |call: &WatchedCall| {
        *call
            == WatchedCall::Wait {
                kind: CallKind::Poll,
                limit: Some(Duration::from_millis(3)),
            }
    };
    assert!(log.calls().any(polls), "{log:?}");
}

#[test]
fn rare_calls_are_reported_also_where_the_others_are_not() {
    let log = calls_of_all_kinds(Watching::Rare);
    let is_on_a_socket = |call: &WatchedCall| matches!(call, WatchedCall::On { .. });
    assert!(!log.calls().any(is_on_a_socket), "{log:?}");
    let options: Vec<SocketOption> = log.options().collect();
    let wanted = [
        SocketOption::ReuseAddress,
        SocketOption::ReceiveTimeout,
        SocketOption::SendTimeout,
        SocketOption::Other,
    ];
    assert_eq!(options, wanted, "an option set to zero is none");
    assert_eq!(log.bound().count(), 1, "{log:?}");
    assert_eq!(log.started_tasks(), 2, "a thread and a process: {log:?}");
    let waits: Vec<OwnWait> = log.since_the_announcement().own_waits().collect();
    let milliseconds = Duration::from_millis;
    assert_eq!(
        waits[..2],
        [
            OwnWait::ForSockets(milliseconds(3)),
            OwnWait::Sleep(milliseconds(2))
        ]
    );
    // Until a moment of the clock, of which some has passed when the call begins: not all, also on a busy machine.
    let [OwnWait::ForAThread(last)] = waits[2..] else {
        panic!("{waits:?}");
    };
    assert!(
        last > Duration::ZERO && last <= milliseconds(250),
        "{last:?}"
    );
}

#[test]
fn nobody_has_a_copy_of_a_programs_socket_while_another_program_starts() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let descriptor = listener.as_raw_fd();
    let (looked, looks) = mpsc::channel();
    let starting = starting();
    let look = thread::spawn(move || {
        let _ = time_limit(std::process::id(), descriptor, CallKind::Accept);
        looked.send(()).expect("somebody waits for it");
    });
    // It has all the time that it needs for a look, and does not take one.
    let early = looks.recv_timeout(Duration::from_millis(200));
    assert!(early.is_err(), "a child would have kept the socket open");
    drop(starting);
    looks.recv().expect("it looks once the other has started");
    look.join().expect("it does not panic");
}

#[test]
fn a_send_takes_as_little_as_the_lab_says() {
    let program = watched_solution("2");
    let server = program.start().expect("it starts");
    let mut peer = server.connect_peer().expect("it listens");
    server.shorten_sends(1).expect("every call is watched");
    let message = program.payload("a message", 300);
    let echoed = peer
        .send(&message)
        .and_then(|peer| peer.expect(&message))
        .map(drop);
    echoed.expect("a solution sends what send did not take");
    let sends = |call: &&WatchedCall| {
        matches!(
            call,
            WatchedCall::On {
                kind: CallKind::Send,
                ..
            }
        )
    };
    let calls = program.context().calls().expect("they are reported");
    assert_eq!(
        calls.calls().filter(sends).count(),
        300,
        "one byte for each"
    );
}

#[test]
fn a_call_fails_as_the_lab_says() {
    let program = watched_solution("4");
    let server = program.start().expect("it starts");
    let out_of_descriptors = server.fail_next_accept(SystemError::TooManyOpenFiles);
    out_of_descriptors.expect("every call is watched");
    let exited = server.wait_for_exit().expect("a solution ends then");
    exited
        .expect_one_line_naming("Too many open files")
        .and_then(|exited| exited.expect_code(1))
        .expect("it says why");
}

/// Between the filter and exec nobody but the lab can answer, and it is waiting for exec itself.
#[test]
fn a_program_that_cannot_be_executed_is_an_error_and_no_hang() {
    let launch = Launch {
        watching: Some(Watching::Every),
        ..Launch::usual()
    };
    let started = Process::start(Command::new("/nowhere/to-be-found"), launch);
    assert!(started.is_err(), "{started:?}");
}

/// In the session of the thread that answers its calls it would keep all others waiting for a processor: sched(7), autogroup.
#[test]
fn a_program_has_a_session_of_its_own() {
    let mut command = Command::new("sleep");
    command.arg("20");
    let process = Process::start(command, Launch::usual()).expect("it can be started");
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.pid())).expect("it is there");
    // proc_pid_stat(5): behind the name, which ends with the last bracket, come state, parent, group and session.
    let (_, fields) = stat.rsplit_once(") ").expect("it has a name");
    let session = fields.split(' ').nth(3);
    assert_eq!(session, Some(process.pid().to_string().as_str()), "{stat}");
}

/// A pipe that is full takes no more until somebody reads, and that may be never.
#[test]
fn who_does_not_read_its_input_keeps_nobody_waiting() {
    let mut command = Command::new("sleep");
    command.arg("20");
    let launch = Launch {
        input: Stdin::Some(vec![b'?'; 1 << 20]),
        ..Launch::usual()
    };
    let process = Process::start(command, launch).expect("it can be started");
    process.feed(b"more".to_vec()).expect("its input is open");
    process.end_stdin();
    assert!(process.exited().is_none(), "we have waited for its end");
    assert!(!process.is_fed());
}

#[test]
fn only_calls_that_come_in_masses_are_forgotten() {
    let nap = |milliseconds| WatchedCall::Nap(Duration::from_millis(milliseconds));
    let wait = |limit| WatchedCall::Wait {
        kind: CallKind::Poll,
        limit,
    };
    let on = WatchedCall::On {
        kind: CallKind::Accept,
        descriptor: 3,
        bytes: 0,
        more: false,
        peer: None,
    };
    let in_masses = [on, nap(1), wait(None), wait(Some(Duration::ZERO))];
    assert!(!in_masses.iter().any(WatchedCall::is_rare), "{in_masses:?}");
    let second = Some(Duration::from_secs(1));
    let rare = [
        WatchedCall::NewThread,
        WatchedCall::Timer,
        nap(50),
        wait(second),
    ];
    assert!(rare.iter().all(WatchedCall::is_rare), "{rare:?}");
}

/// The calls of the program that makes one of each kind.
fn calls_of_all_kinds(watching: Watching) -> CallLog {
    let mut command = Command::new(&*EVERY_CALL);
    command.args(["--listen", "127.0.0.1:0"]);
    let launch = Launch {
        watching: Some(watching),
        ..Launch::usual()
    };
    let process = Process::start(command, launch).expect("it can be started");
    let status = Deadline::start().until(|| process.exited());
    process.wait_for_output();
    assert!(
        status.is_some_and(|status| status.success()),
        "{status:?}: {}",
        process.stderr.text()
    );
    let watch = process.watch().expect("it is watched");
    CallLog::new(watch.calls())
}

/// The program that makes one call of each kind, built once.
static EVERY_CALL: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = fixture("makes-every-call", &[("9", "makes-every-call")]);
    executable(stage("9"), &folder)
});

fn executable(stage: &'static Stage, subject: &Path) -> PathBuf {
    let repo = Repo::find().expect("the lab");
    let subject = Subject::open(&repo, Some(subject)).expect("a subject");
    let built = built_stages(&repo, &subject, &[stage]).expect("cargo runs");
    match &built[0].built {
        Built::Program { path, .. } => path.clone(),
        other => panic!("{other:?}"),
    }
}

/// The solution of a stage, each call of which is reported.
fn watched_solution(number: &str) -> Program {
    let stage = stage(number);
    let program = Program::new(
        executable(stage, &root().join("solutions")),
        stage.steps,
        Vec::new(),
        0,
        Snapshots::in_folder(root().join("tests/snapshots")).below(stage.slug),
        Powers::probed().clone(),
        false,
    );
    program.watch_every_call();
    program
}
