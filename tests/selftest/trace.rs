//! `lab trace`: kept recordings and their pictures, what strace(1) writes, orders, and runs.

mod parsing;
mod svg;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use assert_cmd::Command;
use lab::trace::finding::title;
use lab::trace::picture;
use lab::trace::recording::Recording;
use predicates::str::{contains, is_empty};

use crate::gallery_file::root;
use crate::miniature::{Lab, Ran, comes, finish, miniature, name_of, signal};

/// The recordings that the slides show, and what each of them comes to.
const KEPT: [(&str, &str); 6] = [
    (
        "blocking",
        "One thread, asleep at A's socket while B and C wait",
    ),
    (
        "busy-polling",
        "One thread, never asleep: told \"would block\" ",
    ),
    (
        "polling-with-nap",
        "One thread naps between rounds, and no data can end a nap",
    ),
    (
        "threads",
        "A thread for each client, each asleep at its own socket",
    ),
    (
        "poll",
        "One thread, asleep in poll at all its sockets at once",
    ),
    (
        "event-loop",
        "One thread, asleep in epoll_wait at all its sockets at once",
    ),
];

#[test]
fn equal_recordings_give_pictures_that_are_equal_to_the_byte() {
    for (name, _) in KEPT {
        let expected = fs::read_to_string(kept(name).with_extension("svg"));
        assert!(
            picture::draw(&recording(name)) == expected.expect("there is a picture"),
            "{name} is drawn otherwise now: draw it again with `cargo lab trace --draw slides/img/runs/{name}.json`, \
             and look at it"
        );
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("redrawn");
    let mut lab = Lab::new(&["trace", "--draw"]);
    lab.command
        .args([kept("blocking"), kept("poll")])
        .arg("--out")
        .arg(&folder);
    let ran = lab.run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for name in ["blocking", "poll"] {
        let drawn = fs::read_to_string(folder.join(name).with_extension("svg"));
        let expected = fs::read_to_string(kept(name).with_extension("svg"));
        assert_eq!(drawn.ok(), expected.ok());
    }
}

#[test]
fn each_kept_recording_comes_to_what_the_slides_say() {
    for (name, finding) in KEPT {
        let found = title(&recording(name));
        assert!(found.starts_with(finding), "{name}: {found}");
    }
    let names = fs::read_dir(kept("")).expect("there are recordings");
    let names = names.map(|entry| entry.expect("a folder can be read").path());
    let recordings = names.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    assert_eq!(
        recordings.count(),
        KEPT.len(),
        "each of them is listed here"
    );
}

#[test]
fn what_is_kept_can_be_read_again_and_names_nobodys_machine() {
    for (name, _) in KEPT {
        let text = fs::read_to_string(kept(name)).expect("there is a recording");
        assert!(recording(name).to_json() == text, "{name}");
        assert!(text.len() < 200_000, "{name}: {} bytes", text.len());
        // No path, no address, no thread's number.
        assert!(!text.contains('/') && !text.contains("127."), "{name}");
    }
    let text = fs::read_to_string(kept("blocking")).expect("there is a recording");
    for (kept, broken) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"traced\": true", "\"traced\": \"so\""),
        ("\"connected\"", "\"came\""),
        ("\"call\":\"recv\"", "\"call\":\"ask\""),
        ("\"thread\":0", "\"thread\":1"),
        ("\"at\":[\"A\"]", "\"at\":[\"D\"]"),
        ("\"span\": [-60000,", "\"span\": [9000000,"),
    ] {
        assert!(text.contains(kept), "{kept}");
        let broken = text.replacen(kept, broken, 1);
        assert!(Recording::from_json(&broken).is_err(), "{broken}");
    }
}

#[test]
fn pictures_are_well_formed_and_can_be_read_from_afar() {
    for (name, _) in KEPT {
        svg::check(name, &picture::draw(&recording(name)));
    }
    for stray in ["nobody's", "\"<&>\""] {
        let mut recording = recording("blocking");
        recording.clients[0].name = stray.into();
        svg::check(stray, &picture::draw(&recording));
    }
    let mut clients_alone = recording("blocking");
    clients_alone.server = None;
    let drawn = picture::draw(&clients_alone);
    svg::check("clients alone", &drawn);
    assert!(
        drawn.contains("Some wait long: B 584 ms, C 845 ms")
            || drawn.contains("Some wait long: B ")
    );
    assert!(
        !drawn.contains("A's socket"),
        "there is nothing to say about it"
    );
}

#[test]
fn an_order_that_cannot_be_carried_out_ends_with_2() {
    for (arguments, said) in [
        (&["3"][..], "03-echo-client is a client"),
        (&["11"], "no stage is called \"11\""),
        (&["2", "--subject", "nowhere"], "nowhere"),
        (&["2", "--subject", "tests"], "holds no stage"),
        (&["2", "--name", "../escape"], "no name of a file"),
        (&["--draw", "nothing.json"], "cannot read nothing.json"),
        (&["--draw", "Cargo.toml"], "Cargo.toml cannot be drawn"),
        (
            &["--draw", "tests/selftest/bench/comparison.json"],
            "no recording",
        ),
        (&["--draw"], "--draw"),
        (&["2", "--draw", "nothing.json"], "--draw"),
        (&["--nonsense"], "--nonsense"),
    ] {
        let mut lab = Lab::new(&["trace"]);
        lab.command.args(arguments);
        Command::from_std(lab.command)
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(contains(said));
    }
}

#[test]
fn a_blocking_server_is_seen_asleep_at_one_socket_while_others_wait() {
    let (ran, folder) = run("blocking", &["2", "--subject", "solutions"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    if is_untraced(&ran) {
        return;
    }
    assert!(
        ran.out
            .starts_with("02-echo-server: one thread, asleep at A's socket while B and C wait\n"),
        "{ran:?}"
    );
    let text = fs::read_to_string(folder.join("02-echo-server.json")).expect("it is kept");
    let recording = Recording::from_json(&text).expect("it is a recording");
    assert_eq!(recording.to_json(), text);
    let drawn = fs::read_to_string(folder.join("02-echo-server.svg")).expect("it is drawn");
    assert!(drawn == picture::draw(&recording));
    svg::check("a run", &drawn);
}

#[test]
fn a_server_that_greets_is_called_again_and_again() {
    let (ran, _) = run("greeting", &["1", "--subject", "solutions"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("client A   4 answers"), "{ran:?}");
    if !is_untraced(&ran) {
        assert!(
            ran.out.contains("asleep in accept until somebody comes"),
            "{ran:?}"
        );
    }
}

#[test]
fn without_strace_the_clients_are_drawn_alone() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no strace");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let strace = folder.join("strace");
    fs::write(
        &strace,
        "#!/bin/sh\necho 'strace: Operation not permitted' >&2\nexit 1\n",
    )
    .expect("a file can be written");
    let made = std::process::Command::new("chmod")
        .arg("+x")
        .arg(&strace)
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let mut path = folder.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let (mut lab, _) = order("clients-alone", &["2", "--subject", "solutions"]);
    lab = lab.env("PATH", path);
    let ran = lab.run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("strace may not look"), "{ran:?}");
    assert!(
        ran.out.starts_with("02-echo-server: some wait long: B "),
        "{ran:?}"
    );
    assert!(!ran.out.contains("listener"), "{ran:?}");
}

#[test]
fn a_program_that_is_no_server_yet_is_told_so() {
    for (stage, program, said) in [
        ("1", "fails-at-once", "it ended before it listened"),
        ("1", "does-not-compile", "01-listen does not compile"),
        ("2", "never-answers", ""),
    ] {
        let subject = miniature(&format!("traced {program}"), &[(stage, program)]);
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
    let (ran, _) = run("not started", &["2"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("step 1 is not started"), "{ran:?}");
    assert!(ran.out.contains("the server ended after"), "{ran:?}");
}

#[test]
fn what_is_interrupted_leaves_nothing_behind() {
    let (mut lab, _) = order("interrupted", &["2", "--subject", "solutions"]);
    let start = Instant::now();
    let child = lab.start();
    let pid = child.id();
    let runs = || {
        let all = lab.processes().into_iter().map(name_of);
        all.filter(|name| name.contains("--listen 127.0.0.1:0"))
            .count()
            > 0
    };
    assert!(comes(runs), "a server is started");
    signal("-INT", pid);
    let ran = finish(child, start);
    assert_eq!(ran.code, Some(130), "{ran:?}");
    lab.left_nothing();
}

/// An order whose results go into a folder of their own, which is not there yet.
fn order(name: &str, arguments: &[&str]) -> (Lab, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("traced")
        .join(name);
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

fn kept(name: &str) -> PathBuf {
    let folder = root().join("slides/img/runs");
    match name {
        "" => folder,
        name => folder.join(format!("{name}.json")),
    }
}

fn recording(name: &str) -> Recording {
    let text = fs::read_to_string(kept(name)).expect("there is a recording");
    Recording::from_json(&text).unwrap_or_else(|error| panic!("{name}: {error:#}"))
}
