//! A run of `lab` that is interrupted or killed leaves nothing behind.

use std::fs;
use std::time::Duration;

use crate::linux::support::command::Lab;
use crate::linux::support::fixtures::fixture;
use crate::support::scratch::{pipe, scratch};

#[test]
fn ctrl_c_ends_a_check_and_all_that_it_started() {
    let subject = fixture("interrupted", &[("1", "never-settles")]);
    let mut lab = Lab::check(&subject, &["1"]).start();
    lab.until_runs("--listen");
    lab.gets("-INT");
    let ran = lab.ends();
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(!ran.out.contains("FAILED"), "{ran:?}");
}

#[test]
fn ctrl_c_ends_a_build_and_all_that_it_started() {
    let never_written = scratch("never-written");
    pipe(&never_written);
    let subject = fixture("never-compiles", &[("1", "never-compiles")]);
    for _ in 0..3 {
        let lab = Lab::check(&subject, &["1"]);
        let mut lab = lab.env("UNBLOCKED_PIPE", &never_written).start();
        lab.until_runs("--crate-name listen");
        lab.gets("-INT");
        let ran = lab.ends();
        assert_eq!(ran.code, Some(130), "{ran:?}");
        assert_eq!(ran.said(), "", "{ran:?}");
    }
}

#[test]
fn a_program_does_not_outlive_a_killed_grader() {
    let subject = fixture("killed", &[("1", "never-settles")]);
    let mut lab = Lab::check(&subject, &["1"]).start();
    lab.until_runs("--listen");
    lab.gets("-KILL");
    let ran = lab.ends();
    assert_eq!(ran.code, None, "{ran:?}");
}

#[test]
fn a_lab_that_is_stopped_for_longer_than_any_wait_fails_nobody() {
    let folder = scratch("stopped");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let log = folder.join("soak.log");
    let _ = fs::remove_file(&log);
    // Again and again, since one check may be over before it was seen to run.
    let mut lab = Lab::new(&["soak", "2", "--subject", "solutions"]);
    let only = ["--only", "serves_the_next_client_when_one_leaves"];
    lab.command
        .args(only)
        .args(["--runs", "60", "--burners", "0"]);
    lab.command.arg("--log").arg(&log);
    let mut lab = lab.start();
    lab.until_runs("--listen");
    lab.gets("-STOP");
    // Longer than a wait may take: see `process::deadline`.
    std::thread::sleep(Duration::from_secs(22));
    lab.gets("-CONT");
    let ran = lab.ends();
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
