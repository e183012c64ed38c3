//! `lab trace`: kept recordings and their pictures, and orders. What strace(1) writes, and runs, stand beside it.

mod parsing;
mod runs;
pub mod svg; // what every picture for a slide owes its readers

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use lab::trace::headline::title;
use lab::trace::picture;
use lab::trace::recording::Recording;
use lab::trace::timeline;
use predicates::str::{contains, is_empty};

use crate::linux::support::command::Lab;
use crate::support::scratch::{root, scratch};

/// The recordings that the slides show, and what each of them comes to.
const KEPT: [(&str, &str); 8] = [
    (
        "blocking",
        "One thread, asleep at A's socket while B and C wait",
    ),
    (
        "busy-accept",
        "One thread, never asleep: told \"would block\" ",
    ),
    (
        "busy-recv",
        "One thread that asks A's socket again and again while B and C wait",
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
    let folder = scratch("redrawn");
    let mut lab = Lab::new(&["trace", "--draw"]);
    lab.command
        .args([kept("blocking"), kept("poll")])
        .arg("--out")
        .arg(&folder);
    let ran = lab.run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let found = [
        "02-echo-server (blocking): one thread, asleep",
        "09-select (poll): one thread, asleep",
    ];
    assert!(found.iter().all(|line| ran.out.contains(line)), "{ran:?}");
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
fn each_mark_of_the_rows_has_a_word_below_them() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for name in ["blocking", "busy-polling", "polling-with-nap", "threads"] {
        let text = timeline::view(&recording(name));
        settings.bind(|| insta::assert_snapshot!(format!("trace-{name}"), text));
    }
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
        ("\"span\": [-60000,", "\"span\": [1,"),
        ("\"span\": [-60000,", "\"span\": [-9223372036854775808,"),
        ("[\"connected\",", "[\"connected\",900000000000"),
        ("\"times\":[", "\"times\":[9223372036854775807,1,"),
        ("\"times\":[", "\"times\":[0,9223372036854775807,"),
        ("\"times\":[", "\"times\":[0,-1,"),
        ("\"times\":[", "\"times\":[7,"),
        (
            "\"threads\": [\n  [",
            "\"threads\": [\n  [-9223372036854775808, 5], [",
        ),
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
    // There is no room below a strip for what so many calls ask.
    let mut wordy = recording("polling-with-nap");
    for client in &mut wordy.clients {
        client.name = "so long a name that ten of them have no room".into();
    }
    svg::check("wordy", &picture::draw(&wordy));
    let mut clients_alone = recording("blocking");
    clients_alone.server = None;
    let drawn = picture::draw(&clients_alone);
    svg::check("clients alone", &drawn);
    assert!(drawn.contains("Some wait long: B 5"), "{drawn}");
    assert!(
        !drawn.contains("A's socket"),
        "there is nothing to say about it"
    );
}

#[test]
fn an_order_that_cannot_be_carried_out_ends_with_2() {
    for (arguments, said) in [
        (&["3"][..], "03-echo-client is a client"),
        (&["99"], "no stage is called \"99\""),
        (&["2", "--subject", "nowhere"], "nowhere"),
        (&["2", "--subject", "tests"], "holds no stage"),
        (&["2", "--name", "../escape"], "no name of a file"),
        (&["--draw", "nothing.json"], "cannot read nothing.json"),
        (&["--draw", "Cargo.toml"], "Cargo.toml cannot be drawn"),
        (
            &["--draw", "tests/selftest/fixtures/comparison.json"],
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
