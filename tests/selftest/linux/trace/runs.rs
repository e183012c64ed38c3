//! Runs that are recorded here and now. Their shapes are looked at, and no times.

use std::fs;
use std::path::PathBuf;

use lab::trace::picture;
use lab::trace::recording::{CallResult, Kind, Recording, Sockets, Syscall};

use super::svg;
use crate::linux::support::command::{Lab, Ran};
use crate::linux::support::fixtures::fixture;
use crate::support::scratch::{program, root, scratch};

#[test]
fn a_blocking_server_is_seen_asleep_at_one_socket_while_others_wait() {
    let (ran, folder) = run("blocking", &["2", "--subject", "solutions"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    if is_untraced(&ran) {
        return;
    }
    let text = fs::read_to_string(folder.join("02-echo-server.json")).expect("it is kept");
    let recording = Recording::from_json(&text).expect("it is a recording");
    assert_eq!(recording.to_json(), text);
    let drawn = fs::read_to_string(folder.join("02-echo-server.svg")).expect("it is drawn");
    assert!(drawn == picture::draw(&recording));
    svg::check("a run", &drawn);
    // On a busy machine anybody may wait for anything, so that the sentence about it is not looked at here; but whom the
    // server asks does not depend on that.
    let asked: Vec<Sockets> = calls(&recording, Kind::Recv).map(|call| call.at).collect();
    let each = asked.chunk_by(|one, next| one == next);
    let each: Vec<Sockets> = each.map(|calls| calls[0]).collect();
    assert_eq!(each, [0, 1, 2].map(Sockets::client), "{ran:?}");
}

#[test]
fn a_server_that_greets_is_called_again_and_again() {
    let (ran, folder) = run("greeting", &["1", "--subject", "solutions"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("client A   4 answers"), "{ran:?}");
    if is_untraced(&ran) {
        return;
    }
    let text = fs::read_to_string(folder.join("01-listen.json")).expect("it is kept");
    let recording = Recording::from_json(&text).expect("it is a recording");
    let accepts: Vec<CallResult> = calls(&recording, Kind::Accept)
        .map(|call| call.answer)
        .collect();
    let expected = [&[CallResult::Done; 10][..], &[CallResult::Open]].concat();
    assert_eq!(accepts, expected, "{ran:?}");
    for (number, answers) in [4, 3, 3].into_iter().enumerate() {
        let own = |call: &&Syscall| call.at == Sockets::client(number);
        let sends = calls(&recording, Kind::Send).filter(own);
        assert_eq!(sends.count(), answers, "{ran:?}");
    }
}

#[test]
fn without_strace_the_clients_are_drawn_alone() {
    let script = "echo 'strace: Operation not permitted' >&2\nexit 1";
    let folder = program("no strace", "strace", script);
    let mut path = folder.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let (mut lab, _) = order("clients-alone", &["2", "--subject", "solutions"]);
    lab = lab.env("PATH", path);
    let ran = lab.run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("strace may not look"), "{ran:?}");
    for client in ["A   4", "B   3", "C   3"] {
        let told = format!("client {client} answers");
        assert!(ran.out.contains(&told), "{told}: {ran:?}");
    }
    assert!(!ran.out.contains("listener"), "{ran:?}");
}

#[test]
fn a_program_that_is_no_server_yet_is_told_so() {
    for (stage, program, said) in [
        ("1", "fails-at-once", "it ended before it listened"),
        ("1", "does-not-compile", "01-listen does not compile"),
        ("2", "never-answers", ""),
    ] {
        let subject = fixture(&format!("traced {program}"), &[(stage, program)]);
        let (mut lab, folder) = order(program, &[stage]);
        lab.command.arg("--subject").arg(&subject);
        let ran = lab.run();
        assert!(ran.err.contains(said), "{program}: {ran:?}");
        match said {
            "" => {
                assert_eq!(ran.code, Some(0), "{ran:?}");
                assert!(ran.out.contains("nobody is answered"), "{ran:?}");
            }
            _ => {
                assert_eq!(ran.code, Some(1), "{ran:?}");
                assert!(!folder.exists(), "there is nothing to draw");
            }
        }
    }
    let subject = fixture("traced escapes", &[("1", "writes-escapes")]);
    let (mut lab, _) = order("escapes", &["1"]);
    lab.command.arg("--subject").arg(&subject);
    let ran = lab.run();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("\\u{1b}[31mred"), "{ran:?}");
    for stage in ["1", "4"] {
        let (ran, folder) = run("not begun", &[stage]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains("step 1 is not started"), "{ran:?}");
        assert!(!folder.exists(), "there is nothing to draw");
    }
    let (ran, _) = run("not started", &["2"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("step 1 is not started"), "{ran:?}");
    assert!(ran.out.contains("the server ended after"), "{ran:?}");
}

#[test]
fn what_is_interrupted_leaves_nothing_behind() {
    // One that is waited for, for as long as it takes.
    let subject = fixture("traced for long", &[("1", "never-begins")]);
    let (mut lab, _) = order("interrupted", &["1"]);
    lab.command.arg("--subject").arg(&subject);
    let mut lab = lab.start();
    lab.until_runs("--listen 127.0.0.1:0");
    let pid = lab.id();
    lab.gets("-INT");
    let ran = lab.ends();
    assert_eq!(ran.code, Some(130), "{ran:?}");
    let written = root().join(format!("target/lab/{pid}.strace"));
    assert!(!written.exists(), "{}", written.display());
}

/// The server's calls of that kind.
fn calls(recording: &Recording, kind: Kind) -> impl Iterator<Item = &Syscall> {
    let server = recording.server.as_ref().expect("it was traced");
    server.calls.iter().filter(move |call| call.kind == kind)
}

/// An order whose results go into a folder of their own, which is not there yet.
fn order(name: &str, arguments: &[&str]) -> (Lab, PathBuf) {
    let folder = scratch("traced").join(name);
    let _ = fs::remove_dir_all(&folder);
    let mut lab = Lab::new(&["trace"]);
    lab.command.args(arguments).arg("--out").arg(&folder);
    (lab, folder)
}

fn run(name: &str, arguments: &[&str]) -> (Ran, PathBuf) {
    let (lab, folder) = order(name, arguments);
    (lab.run(), folder)
}

/// Whether this machine has no strace that may look; then a line says what was left out.
fn is_untraced(ran: &Ran) -> bool {
    let is_missing = ran.err.contains("the server's rows");
    if is_missing {
        eprintln!(
            "left out: what a trace says about the server ({})",
            ran.err.trim()
        );
    }
    is_missing
}
