//! A run of `lab` that is interrupted or killed leaves nothing behind.

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
    let only = ["--only", "serves_the_next_client_when_one_leaves"];
    let mut lab = Lab::new(&["check", "2", "--subject", "solutions"]);
    lab.command.args(only);
    let mut lab = lab.start();
    lab.until_runs("--listen");
    lab.gets("-STOP");
    // Longer than a wait may take: see `process::deadline`.
    std::thread::sleep(Duration::from_secs(22));
    lab.gets("-CONT");
    let ran = lab.ends();
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
