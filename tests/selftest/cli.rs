//! `lab` on the command line: exit codes, bad input, and what it prints where.

use std::process::Command as Process;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};

use crate::command::{Lab, Ran};
use crate::gallery_file::root;

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
        (&["check", "11"][..], "no stage is called \"11\""),
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
    let mut script = Process::new("script");
    let command = format!("stty rows 30 cols 40; '{}'", env!("CARGO_BIN_EXE_lab"));
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
        assert_eq!(ran.err, "", "{arguments:?}: {ran:?}");
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
