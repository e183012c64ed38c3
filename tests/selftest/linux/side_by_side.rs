//! Checks that run at the same time: what each of them says does not hang on that.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};

use lab::process::reaper;
use serde_json::Value;

use crate::linux::support::command::Lab;
use crate::linux::support::fixtures::fixture;

/// How many programs start while streams end.
const PROGRAMS: usize = 400;

#[test]
fn verdicts_come_in_the_order_of_the_checks_and_are_the_same_however_many_run() {
    let subject = fixture(
        "side-by-side",
        &[
            ("1", "never-begins"),
            ("2", "never-answers"),
            ("8", "panics"),
        ],
    );
    let judged = |jobs: &str| {
        let arguments = ["1", "2", "8", "--json", "--seed", "7", "--jobs", jobs];
        let rows = Lab::check(&subject, &arguments).run().checks();
        let told = |row: &Value| {
            ["stage", "check", "part", "verdict", "cause"].map(|key| row[key].clone())
        };
        rows.iter().map(told).collect::<Vec<_>>()
    };
    let (one, many) = (judged("1"), judged("12"));
    assert!(one.iter().any(|row| row[3] == "failed"), "{one:?}");
    assert_eq!(one, many);
}

#[test]
fn no_child_that_is_being_started_keeps_open_what_we_close() {
    // In a process of its own: other tests start programs too, and know nothing of this.
    let ourselves = std::env::current_exe().expect("a test knows where it stands");
    let ran = Command::new(ourselves)
        .args([
            "--exact",
            "linux::side_by_side::streams_end_at_once",
            "--ignored",
        ])
        .output()
        .expect("a test can be started");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "the test above runs it, in a process of its own"]
fn streams_end_at_once() {
    let started = AtomicUsize::new(0);
    let start_programs = || {
        while started.fetch_add(1, Ordering::SeqCst) < PROGRAMS {
            let mut child = reaper::start(&mut Command::new("true")).expect("`true` starts");
            reaper::end(&mut child);
        }
    };
    let ends_late = || {
        let (ours, mut theirs) = UnixStream::pair().expect("sockets are to be had");
        theirs
            .set_nonblocking(true)
            .expect("a socket can be told not to wait");
        let none = reaper::none_is_starting();
        drop(ours);
        drop(none);
        !matches!(theirs.read(&mut [0]), Ok(0))
    };
    let mut late = 0;
    thread::scope(|scope| {
        let starters = [scope.spawn(start_programs), scope.spawn(start_programs)];
        while !starters.iter().all(ScopedJoinHandle::is_finished) {
            late += u32::from(ends_late());
        }
    });
    assert_eq!(late, 0, "streams whose end was not there yet");
}
