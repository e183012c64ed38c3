//! `lab` on the command line: exit codes, bad input, and what it prints where.

use std::fs;
use std::path::Path;
use std::process::Command as Process;
use std::thread;
use std::time::Instant;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};

use crate::clone::Clone;
use crate::gallery_file::root;
use crate::miniature::{Lab, Ran, comes, finish, miniature, stage};

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
fn json_has_every_check_and_its_verdict() {
    let ran = Lab::new(&["check", "1", "2", "--json", "--subject", "solutions"]).run();
    let rows = ran.checks();
    let expected: Vec<&str> = ["1", "2"]
        .iter()
        .flat_map(|number| lab::stages::checks(stage(number)))
        .map(|check| check.name)
        .collect();
    let names: Vec<_> = rows
        .iter()
        .filter_map(|row| row["check"].as_str())
        .collect();
    assert_eq!(names, expected);
    for row in rows {
        let fine = row["verdict"] == "passed" && row["points"] == row["most"];
        assert!(fine || row["verdict"] == "not judged here", "{row:#}");
    }
}

#[test]
fn a_seed_replays_what_was_sent() {
    let subject = miniature("replayed", &[("2", "never-answers")]);
    let sent = |seed: &str| {
        let only = "sends_the_rest";
        let ran = Lab::check(&subject, &["2", "--only", only, "--json", "--seed", seed]).run();
        ran.checks()[0]["sent"].clone()
    };
    assert_eq!(sent("7"), sent("7"));
    assert_ne!(sent("7"), sent("8"));
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
        let start = Instant::now();
        let mut child = Lab::new(arguments).start();
        drop(child.stdout.take());
        let ran = finish(child, start);
        assert_eq!(ran.err, "", "{arguments:?}: {ran:?}");
        assert_ne!(ran.code, Some(101), "{arguments:?}");
    }
}

#[test]
fn no_variable_changes_a_verdict_or_a_snapshot() {
    let clone = Clone::new("snapshots");
    let folder = clone.path("tests/snapshots/01-listen");
    let snapshot = folder.join("three-clients-in-a-row.snap");
    let text = fs::read_to_string(&snapshot).expect("there is a snapshot");
    let other = text.replace("receives the end", "receives nothing");
    assert_ne!(text, other);
    fs::write(&snapshot, &other).expect("a snapshot can be written");
    for (name, value) in [
        ("INSTA_FORCE_PASS", "1"),
        ("INSTA_UPDATE", "always"),
        ("INSTA_UPDATE", "new"),
        ("INSTA_FORCE_UPDATE", "1"),
    ] {
        let arguments = [
            "check",
            "1",
            "--only",
            "greets",
            "--json",
            "--subject",
            "solutions",
        ];
        let ran = clone.lab(&arguments).env(name, value).run();
        let row = &ran.checks()[0];
        assert_eq!(row["verdict"], "failed", "{name}={value}: {row:#}");
        assert_eq!(row["cause"], "not-recorded");
        assert_eq!(ran.code, Some(1));
        assert_eq!(ran.err, "");
        assert_eq!(fs::read_to_string(&snapshot).ok().as_ref(), Some(&other));
        assert_eq!(fs::read_dir(&folder).map(Iterator::count).ok(), Some(1));
    }
}

#[test]
fn a_students_file_may_be_anything() {
    let clone = Clone::new("files");
    let file = clone.path("exercises/01-listen/src/server.rs");
    let judged = |said: &str| {
        let ran = clone.lab(&["check", "1", "--json"]).run();
        assert_eq!(ran.code, Some(1), "{ran:?}");
        for row in ran.checks() {
            assert_eq!(row["verdict"], "failed", "{row:#}");
            let text = row["program"].as_str().unwrap_or_default();
            assert!(text.contains(said), "{said}: {row:#}");
        }
        let ran = clone.lab(&[]).run();
        assert!(ran.out.contains("Next: 01-listen"), "{said}: {}", ran.out);
        let ran = clone.lab(&["check", "2"]).run();
        assert!(ran.out.contains("is not started"), "{said}: {ran:?}");
    };
    let reset = || {
        let ran = clone.lab(&["reset", "1"]).run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(file.is_file());
    };

    fs::remove_file(&file).expect("a file can be removed");
    judged("cannot be read");
    reset();

    fs::write(&file, b"// \xff\xfe").expect("a file can be written");
    judged("is not UTF-8 text: byte 4");
    reset();

    fs::remove_file(&file)
        .and_then(|()| fs::create_dir(&file))
        .expect("a folder can be made");
    judged("is not a file");
    reset();

    fs::remove_file(&file).expect("a file can be removed");
    let made = Process::new("mkfifo").arg(&file).status();
    assert!(made.is_ok_and(|status| status.success()));
    judged("is not a file");
    reset();

    fs::remove_file(&file)
        .and_then(|()| std::os::unix::fs::symlink("/dev/zero", &file))
        .expect("a link can be made");
    judged("is not a file");
    reset();
}

/// Who looks at one stage of a submission has to get by with what stands in the others.
#[test]
fn another_stages_file_may_be_a_pipe() {
    let subject = miniature("a pipe – 2", &[("1", "solution")]);
    let file = subject.join("02-echo-server/src/server.rs");
    let folder = file.parent().expect("a file stands in a folder");
    let _ = fs::remove_file(&file);
    let made = fs::create_dir_all(folder).and_then(|()| Process::new("mkfifo").arg(&file).status());
    assert!(made.is_ok_and(|status| status.success()));
    let ran = Lab::check(&subject, &["1"]).run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_result_belongs_to_the_file_that_was_judged() {
    let clone = Clone::new("results");
    let file = "exercises/01-listen/src/server.rs";
    let starter = fs::read(clone.path(file)).expect("there is a starter");
    fs::copy(
        clone.path("solutions/01-listen/src/server.rs"),
        clone.path(file),
    )
    .expect("a file can be copied");
    let mut lab = clone.lab(&["check", "1"]);
    let (start, child) = (Instant::now(), lab.start());
    let runs = || {
        let names = lab.processes().into_iter().map(crate::miniature::name_of);
        names.into_iter().any(|name| name.contains("--listen"))
    };
    assert!((0..12).any(|_| comes(runs)), "no program was started");
    // Edited while the checks run: the file that stands there now was never judged.
    let edited = b"pub fn run() {}\n";
    fs::write(clone.path(file), edited).expect("a file can be written");
    let ran = finish(child, start);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let map = clone.lab(&[]).run().out;
    assert!(!map.contains("10 of 10"), "{map}");

    fs::copy(
        clone.path("solutions/01-listen/src/server.rs"),
        clone.path(file),
    )
    .expect("a file can be copied");
    assert_eq!(clone.lab(&["check", "1"]).run().code, Some(0));
    let map = clone.lab(&[]).run().out;
    assert!(map.contains("10 of 10"), "{map}");
    fs::write(clone.path(file), starter).expect("a file can be written");
    let map = clone.lab(&[]).run().out;
    assert!(!map.contains("10 of 10"), "{map}");
}

#[test]
fn a_soak_counts_passes_and_failures_and_goes_on_where_it_was() {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak.log");
    let _ = fs::remove_file(&log);
    let soak = |subject: &Path, runs: &str| {
        let mut lab = Lab::new(&["soak", "1", "--only", "greets", "--burners", "1"]);
        lab.command.args(["--runs", runs, "--subject"]).arg(subject);
        lab.command.arg("--log").arg(&log);
        lab.run()
    };
    let right = miniature("soaked", &[("1", "solution")]);
    let ran = soak(&right, "2");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("2 passes, 0 failures"), "{ran:?}");
    let ran = soak(&right, "3");
    assert!(ran.out.contains("3 passes, 0 failures"), "{ran:?}");

    let wrong = miniature("soaked in vain", &[("1", "never-answers")]);
    for _ in 0..2 {
        let ran = soak(&wrong, "1");
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains("0 passes, 1 failures"), "{ran:?}");
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
fn two_graders_at_once_do_not_disturb_each_other() {
    let right = miniature("right", &[("1", "solution"), ("2", "solution")]);
    let wrong = miniature("wrong", &[("1", "never-answers"), ("2", "never-answers")]);
    let judged = |subject: &Path, expected: &str| {
        for (number, only) in [("1", "greets"), ("2", "next_client"), ("1", "greets")] {
            let ran = Lab::check(subject, &[number, "--only", only, "--json"]).run();
            assert_eq!(ran.checks()[0]["verdict"], expected, "{ran:?}");
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| judged(&right, "passed"));
        scope.spawn(|| judged(&wrong, "failed"));
    });
}

#[test]
fn a_command_that_asks_for_nothing_shows_the_map() {
    let Ran { code, out, .. } = Lab::new(&[]).run();
    assert_eq!(code, Some(0));
    assert!(out.contains("cargo lab check 1"), "{out}");
}
