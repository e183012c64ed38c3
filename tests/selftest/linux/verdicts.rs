//! Verdicts of `lab check`: what they hang on, and what they do not.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;

use crate::linux::support::checkout::Checkout;
use crate::linux::support::command::{Lab, comes};
use crate::linux::support::fixtures::{fixture, stage};
use crate::support::scratch::{pipe, scratch};

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
    let subject = fixture("replayed", &[("2", "never-answers")]);
    let sent = |seed: &str| {
        let only = "sends_the_rest";
        let ran = Lab::check(&subject, &["2", "--only", only, "--json", "--seed", seed]).run();
        ran.checks()[0]["sent"].clone()
    };
    assert_eq!(sent("7"), sent("7"));
    assert_ne!(sent("7"), sent("8"));
}

#[test]
fn no_variable_changes_a_verdict_or_a_snapshot() {
    let clone = Checkout::new("snapshots");
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
        assert_eq!(ran.said(), "");
        assert_eq!(fs::read_to_string(&snapshot).ok().as_ref(), Some(&other));
        assert_eq!(fs::read_dir(&folder).map(Iterator::count).ok(), Some(1));
    }
}

#[test]
fn a_students_file_may_be_anything() {
    let clone = Checkout::new("files");
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

    pipe(&file);
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
    let subject = fixture("a pipe – 2", &[("1", "solution")]);
    let file = subject.join("02-echo-server/src/server.rs");
    let folder = file.parent().expect("a file stands in a folder");
    fs::create_dir_all(folder).expect("a folder can be made");
    pipe(&file);
    let ran = Lab::check(&subject, &["1"]).run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_result_belongs_to_the_file_that_was_judged() {
    let clone = Checkout::new("results");
    let file = clone.path("exercises/01-listen/src/server.rs");
    let starter = fs::read(&file).expect("there is a starter");
    let solution = fs::read_to_string(clone.path("solutions/01-listen/src/server.rs"));
    let solution = solution.expect("there is a solution");
    // Results are kept for long: nobody has judged this one before.
    let solution = format!("{solution}\n// Judged by {}.\n", std::process::id());
    let write = |text: &[u8]| fs::write(&file, text).expect("a file can be written");
    let map = || clone.lab(&[]).run().out;

    // The compiler has read the file, and waits for the end of the pipe.
    let wait = "\nconst _: &[u8] = include_bytes!(env!(\"UNBLOCKED_PIPE\"));\n";
    let empty = scratch("empty in the end");
    pipe(&empty);
    write(format!("{solution}{wait}").as_bytes());
    let lab = clone.lab(&["check", "1"]);
    let mut lab = lab.env("UNBLOCKED_PIPE", &empty).start();
    lab.until_runs("--crate-name listen");
    let mut other_end = None;
    let opens = comes(|| {
        // Nobody can write to a pipe that nobody reads: open(2), ENXIO.
        let mut options = File::options();
        let options = options.write(true).custom_flags(libc::O_NONBLOCK);
        other_end = options.open(&empty).ok();
        other_end.is_some()
    });
    assert!(opens, "the compiler does not read {}", empty.display());
    // Edited before the checks run: the file that stands there now was never judged.
    write(b"pub fn run() {}\n");
    drop(other_end);
    let ran = lab.ends();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let shown = map();
    assert!(!shown.contains("10 of 10"), "{shown}");

    write(solution.as_bytes());
    assert_eq!(clone.lab(&["check", "1"]).run().code, Some(0));
    let shown = map();
    assert!(shown.contains("10 of 10"), "{shown}");
    write(&starter);
    let shown = map();
    assert!(!shown.contains("10 of 10"), "{shown}");
}

#[test]
fn a_soak_counts_passes_and_failures_and_goes_on_where_it_was() {
    let log = scratch("soak.log");
    let _ = fs::remove_file(&log);
    let soak = |subject: &Path, runs: &str| {
        let mut lab = Lab::new(&["soak", "1", "--only", "greets", "--burners", "1"]);
        lab.command.args(["--runs", runs, "--subject"]).arg(subject);
        lab.command.arg("--log").arg(&log);
        lab.run()
    };
    let right = fixture("soaked", &[("1", "solution")]);
    let ran = soak(&right, "2");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("2 passes, 0 failures"), "{ran:?}");
    let ran = soak(&right, "3");
    assert!(ran.out.contains("3 passes, 0 failures"), "{ran:?}");

    let wrong = fixture("soaked in vain", &[("1", "never-answers")]);
    for _ in 0..2 {
        let ran = soak(&wrong, "1");
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains("0 passes, 1 failure"), "{ran:?}");
    }
}

#[test]
fn two_graders_at_once_do_not_disturb_each_other() {
    let right = fixture("right", &[("1", "solution"), ("2", "solution")]);
    let wrong = fixture("wrong", &[("1", "never-answers"), ("2", "never-answers")]);
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
