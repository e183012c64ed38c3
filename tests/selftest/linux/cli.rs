//! `lab` on the command line: exit codes, bad input, and what it prints where.

use std::fs;
use std::net::TcpListener;
use std::process;
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use lab::cli::address;
use lab::course::STAGES;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};

use crate::linux::support::checkout::Checkout;
use crate::linux::support::command::{Lab, Ran};
use crate::support::scratch::{lab_program, root};

fn lab(arguments: &[&str]) -> Command {
    Command::from_std(Lab::new(arguments).command)
}

#[test]
fn exit_codes_say_how_it_went() {
    lab(&["check", "1", "--subject", "solutions"])
        .assert()
        .code(0);
    lab(&["check"]).assert().code(0);
    lab(&["check", "1"])
        .assert()
        .code(1)
        .stdout(contains("step 1 is not started"));
    lab(&["--help"]).assert().code(0);
    for (arguments, said) in [
        (&["check", "99"][..], "no stage is called \"99\""),
        (&["check", ""], "no stage is called \"\""),
        (&["check", "1", "--only", "nonsense"], "\"nonsense\""),
        (&["check", "--subject", "nowhere"], "nowhere"),
        (&["check", "--subject", "tests"], "holds no stage"),
        (&["check", "--seed", "one"], "--seed"),
        (&["check", "--nonsense"], "--nonsense"),
        (&["nonsense"], "nonsense"),
        (&["hint", "1", "99"], "no hint 99"),
        (&["hint"], "which stage?"),
    ] {
        lab(arguments)
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(contains(said));
    }
}

#[test]
fn an_ambiguous_part_of_a_name_lists_its_matches() {
    lab(&["check", "echo"])
        .assert()
        .code(2)
        .stderr(contains("02-echo-server").and(contains("03-echo-client")))
        .stderr(contains("01-listen").not());
}

#[test]
fn inside_a_stages_folder_the_stage_is_known() {
    let mut lab = lab(&["check"]);
    lab.current_dir(root().join("exercises/02-echo-server/src"))
        .assert()
        .code(1)
        .stdout(contains("02-echo-server").and(contains("01-listen").not()));
}

#[test]
fn the_map_is_the_same_text_with_and_without_colour() {
    let map = |name: &str| Lab::new(&[]).env(name, "1").run().out;
    let plain = map("NO_COLOR");
    let coloured = map("CLICOLOR_FORCE");
    assert!(!plain.contains('\u{1b}') && coloured.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    assert_eq!(Lab::new(&[]).run().out, plain);
    assert!(plain.contains("Next: 01-listen, step 1"), "{plain}");
}

/// `script` gives it a terminal.
#[test]
fn the_map_fits_a_narrow_terminal() {
    let mut script = process::Command::new("script");
    let command = format!(
        "stty rows 30 cols 40; '{}' </dev/null",
        lab_program().display()
    );
    script
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("NO_COLOR", "1")
        .current_dir(root());
    let Ok(output) = script.output() else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("01-listen"), "{text}");
    for line in text.lines().map(str::trim_end) {
        let is_path = !line.trim().contains(' ');
        assert!(is_path || line.chars().count() <= 40, "{line}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_accident() {
    for arguments in [
        &[][..],
        &["check"],
        &["hint", "1"],
        &["doctor"],
        &["--help"],
    ] {
        let mut lab = Lab::new(arguments).start();
        lab.loses_its_reader();
        let ran = lab.ends();
        assert_eq!(ran.said(), "", "{arguments:?}: {ran:?}");
        assert_ne!(ran.code, Some(101), "{arguments:?}");
    }
}

#[test]
fn cargo_that_is_not_found_is_asked_for() {
    for command in ["check", "run"] {
        let mut lab = Lab::new(&[command, "1"]);
        lab.command.env_clear().env("PATH", "/nowhere");
        Command::from_std(lab.command)
            .assert()
            .code(2)
            .stderr(contains("cargo on the PATH?"));
    }
}

#[test]
fn a_command_that_asks_for_nothing_shows_the_map() {
    let Ran { code, out, .. } = Lab::new(&[]).run();
    assert_eq!(code, Some(0));
    assert!(out.contains("cargo lab check 1"), "{out}");
}

#[test]
fn the_default_address_is_that_of_the_kit() {
    let asked = ["run", "1", "--subject", "solutions", "--", "--help"];
    let said = format!("{} by default", address::DEFAULT);
    lab(&asked).assert().code(0).stdout(contains(said));
    let kit = fs::read_to_string(root().join("exercises/kit/src/lib.rs")).expect("the kit");
    // As `address::is_taken` has it.
    assert!(kit.contains("pub const REUSE_ADDRESS: bool = cfg!(unix);"));
}

#[test]
fn a_taken_address_is_said_to_be_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let there = listener.local_addr().expect("an address").to_string();
    let run = ["run", "1", "--subject", "solutions", "--"];
    for arguments in [&["--listen", &there][..], &[&format!("--listen={there}")]] {
        lab(&[&run, arguments].concat())
            .assert()
            .code(1)
            .stdout(is_empty())
            .stderr(contains(format!("\n{there} is taken: ")))
            .stderr(contains(
                "cargo lab run 1 --subject 'solutions' -- --listen 127.0.0.1:0\n",
            ));
    }
}

/// 192.0.2.1 is in documentation only (RFC 5737); no machine has it.
#[test]
fn an_address_that_is_not_ours_is_not_said_to_be_taken() {
    let run = [
        "run",
        "1",
        "--subject",
        "solutions",
        "--",
        "--listen",
        "192.0.2.1:7878",
    ];
    let said = contains("192.0.2.1:7878").and(contains("is taken").not());
    lab(&run).assert().code(1).stderr(said);
}

/// The port of a server says nothing about a client, which is told where to connect.
#[test]
fn a_client_that_fails_is_not_told_of_a_taken_address() {
    let _taken = TcpListener::bind(address::DEFAULT);
    let run = ["run", "3", "--subject", "solutions", "--", "127.0.0.1:1"];
    let said = contains("127.0.0.1:1").and(contains("is taken").not());
    lab(&run).assert().code(1).stderr(said);
}

#[test]
fn the_doctor_and_run_say_that_the_default_port_is_taken() {
    let mut held = None;
    // Another program may have it: for good, which is as well, or for a moment, as this test does elsewhere.
    for _ in 0..50 {
        held = TcpListener::bind(address::DEFAULT).ok();
        if held.is_some() {
            break;
        }
        thread::sleep(Duration::from_millis(200));
    }
    lab(&["doctor"])
        .assert()
        .stdout(contains("not here default port: it is taken"));
    let said = format!("\n{} is taken: ", address::DEFAULT);
    lab(&["run", "2", "--subject", "solutions"])
        .assert()
        .code(1)
        .stderr(contains(said));
    drop(held);
}

#[test]
fn without_a_name_the_stage_at_hand_is_meant() {
    let clone = Checkout::new("at hand");
    let stages_of = |arguments: &[&str]| {
        let ran = clone.lab(arguments).run();
        let mut stages: Vec<String> = ran
            .checks()
            .iter()
            .filter_map(|row| row["stage"].as_str().map(str::to_string))
            .collect();
        stages.dedup();
        stages
    };
    // Nothing is edited.
    assert_eq!(stages_of(&["check", "--json"]).len(), STAGES.len());

    let edited = clone.path("exercises/02-echo-server/src/server.rs");
    let text = fs::read_to_string(&edited).expect("there is a file");
    fs::write(&edited, format!("{text}// begun\n")).expect("it can be written");
    assert_eq!(stages_of(&["check", "--json"]), ["02-echo-server"]);
    assert_eq!(stages_of(&["check", "--all", "--json"]).len(), STAGES.len());
    let ran = clone.lab(&["hint"]).run();
    assert!(ran.out.contains("Hints for 02-echo-server"), "{ran:?}");
    assert!(ran.err.contains("02-echo-server"), "{ran:?}");

    let mut inside = clone.lab(&["hint", "2"]);
    inside
        .command
        .current_dir(clone.path("exercises/01-listen"));
    let opened = inside.run();
    let named = clone.lab(&["hint", "1", "2"]).run();
    assert_eq!(opened.out, named.out);
    assert_eq!((opened.code, opened.err.as_str()), (Some(0), ""));
}

/// Asked again about the same failure, the lab helps more.
#[test]
fn each_hint_about_a_failure_is_stronger_than_the_one_before() {
    let clone = Checkout::new("stuck");
    let file = clone.path("exercises/02-echo-server/src/server.rs");
    let right = fs::read_to_string(clone.path("solutions/02-echo-server/src/server.rs"));
    let right = right.expect("there is a solution");
    let wrong = right.replace("&buffer[..count]", "&buffer[..]");
    assert_ne!(wrong, right);
    let write = |text: &str| fs::write(&file, text).expect("it can be written");
    let says = |arguments: &[&str], what: &str| {
        let ran = clone.lab(arguments).run();
        assert!(
            ran.out.contains(what),
            "{arguments:?} and not {what:?}: {ran:?}"
        );
    };

    write(&wrong);
    says(&["check"], "stuck: cargo lab hint");
    says(
        &["hint"],
        "hint 1 of 2 about stale-bytes\n\nFirst a question",
    );
    says(&["hint"], "hint 2 of 2 about stale-bytes\n\nStep 1: ");
    says(&["hint"], "That was the strongest");
    // The same failure again takes nothing back, and another subject's is not the student's.
    says(&["check"], "stale-bytes");
    says(&["check", "2", "--subject", "solutions"], "10 of 10 points");
    says(&["hint"], "hint 2 of 2 about stale-bytes");
    // Asked for by number, or for all of them, it is as always.
    says(&["hint", "2"], "Hints for 02-echo-server");
    says(&["hint", "2", "1"], "Step 1: ");
    // Once it passes there is nothing to help with.
    write(&right);
    says(&["check"], "10 of 10 points");
    says(&["hint"], "Hints for 02-echo-server");
}

/// The student's file is one; what it rests on are others.
#[test]
fn a_given_file_that_was_changed_is_named() {
    let clone = Checkout::new("given");
    let says = |arguments: &[&str]| clone.lab(arguments).run().out;
    assert!(!says(&["check", "2"]).contains("git checkout"));

    let [kit, ours, another] = [
        "exercises/kit/src/event_log.rs",
        "exercises/02-echo-server/src/main.rs",
        "exercises/03-echo-client/src/main.rs",
    ];
    for file in [kit, ours, another] {
        let text = fs::read_to_string(clone.path(file)).expect("there is a file");
        fs::write(clone.path(file), format!("{text}// mine\n")).expect("it can be written");
    }
    let named = format!("git checkout {ours} {kit}\n");
    assert!(says(&["check", "2"]).contains(&named));
    // Another subject brings its own.
    assert!(!says(&["check", "2", "--subject", "solutions"]).contains("git checkout"));
    fs::remove_file(clone.path(ours)).expect("it can be removed");
    assert!(says(&["check", "2"]).contains(&named));
    // Windows' line ends are no change.
    let text = fs::read_to_string(root().join(kit)).expect("there is a file");
    fs::write(clone.path(kit), text.replace('\n', "\r\n")).expect("it can be written");
    assert!(says(&["check", "2"]).contains(&format!("git checkout {ours}\n")));
}
