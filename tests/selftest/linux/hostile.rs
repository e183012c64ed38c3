//! Programs that lie, flood, hang, multiply or hide: each costs its own stage, the report says what it did, the
//! lab comes to an end, and nothing is left behind.

use std::panic;
use std::sync::Mutex;
use std::thread;

use crate::linux::support::command::Lab;
use crate::linux::support::fixtures::{fixture, stage};

/// How many are judged at once: most of them wait.
const WORKERS: usize = 4;

/// A program, the stage and the check that it meets, and what the report says: the cause, and a part of the rows
/// `received` and `program`.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    (
        "says-it-passed",
        "1",
        "announces",
        "not-announced",
        "exited with code 0",
    ),
    (
        "says-it-passed",
        "2",
        "every_size",
        "not-announced",
        "exited with code 0",
    ),
    ("fails-at-once", "1", "names_a_taken", "", "not today"),
    (
        "blames-a-later-step",
        "1",
        "announces",
        "",
        "exited with code 1",
    ),
    ("shares-its-address", "1", "", "", ""),
    (
        "forges-events",
        "1",
        "greets",
        "wrong-address",
        "Connection refused",
    ),
    (
        "never-begins",
        "1",
        "announces",
        "not-announced",
        "a sleep of 1000 s",
    ),
    ("never-answers", "1", "greets", "waits-for-more", "accept"),
    ("never-rests", "2", "byte_by_byte", "", "has"),
    (
        "floods-its-output",
        "1",
        "announces",
        "not-announced",
        "times \"o\"",
    ),
    (
        "floods-its-errors",
        "1",
        "announces",
        "not-announced",
        "eeee",
    ),
    ("floods-its-client", "1", "greets", "wrong-bytes", "c"),
    ("floods-its-client", "2", "gives_back", "wrong-bytes", "c"),
    ("writes-escapes", "1", "greets", "exited-early", "red"),
    (
        "leaves-a-child",
        "1",
        "announces",
        "not-announced",
        "I was never here",
    ),
    // Seen too early or too late: it has exited, or was too many.
    ("multiplies", "1", "announces", "", ""),
    (
        "kills-its-group",
        "1",
        "announces",
        "not-announced",
        "signal: 9",
    ),
    (
        "closes-its-output",
        "1",
        "announces",
        "not-announced",
        "nothing",
    ),
    ("panics", "1", "announces", "panicked", "panicked at "),
    (
        "spins",
        "1",
        "announces",
        "not-announced",
        "used the processor",
    ),
    (
        "takes-all-memory",
        "1",
        "announces",
        "unbounded-memory",
        // It uses very much of it, or was refused more and has ended.
        "memory",
    ),
    (
        "takes-all-descriptors",
        "1",
        "announces",
        "unbounded-descriptors",
        "Too many open files",
    ),
    (
        "takes-all-threads",
        "1",
        "announces",
        "unbounded-threads",
        "",
    ),
    (
        "starts-processes-without-end",
        "1",
        "announces",
        "unbounded-threads",
        "more than 500 threads",
    ),
    ("client-drips", "3", "moves_sixty_four", "", "sleep"),
];

#[test]
fn programs_that_lie_fail_and_leave_nothing() {
    let cases = Mutex::new(CASES.iter().rev().collect::<Vec<_>>());
    let next = || cases.lock().ok()?.pop();
    let work = || {
        let problems = std::iter::from_fn(|| Some(judged(next()?)));
        problems.flatten().collect::<Vec<String>>()
    };
    let problems: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        let all = workers.into_iter().map(|worker| worker.join());
        all.flat_map(|problems| problems.expect("a worker reports, and does not panic"))
            .collect()
    });
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

fn judged(case: &Case) -> Vec<String> {
    // One that hangs the lab does not hide what the others do.
    panic::catch_unwind(|| problems(case))
        .unwrap_or_else(|_| vec![format!("{} in stage {}: see above", case.0, case.1)])
}

fn problems((program, number, only, cause, says): &Case) -> Vec<String> {
    let subject = fixture(&format!("{program}-{number}"), &[(number, program)]);
    let lab = Lab::check(&subject, &[number, "--only", only, "--json"]);
    let ran = lab.run();
    let failed: Vec<_> = ran
        .checks()
        .into_iter()
        .filter(|row| row["verdict"] == "failed")
        .collect();
    let row = failed.first().cloned().unwrap_or_default();
    let told = ["received", "program"].map(|name| row[name].as_str().unwrap_or_default());
    let told = told.join(" · ");
    let mut problems = Vec::new();
    let mut expect = |fine: bool, what: &str| {
        if !fine {
            problems.push(format!("{program} in stage {number}: {what}\n{}", ran.out));
        }
    };
    expect(ran.code == Some(1), "the exit code is not 1");
    expect(!failed.is_empty(), "nothing failed");
    expect(cause.is_empty() || row["cause"] == *cause, cause);
    expect(told.contains(says), says);
    expect(ran.out.len() < 40_000, "the report is too long");
    problems
}

#[test]
fn each_program_costs_its_own_stage_only() {
    let programs = [
        ("1", "solution"),
        ("2", "never-answers"),
        ("3", "does-not-compile"),
    ];
    let subject = fixture("one-of-each", &programs);
    let ran = Lab::check(&subject, &["--json"]).run();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for row in ran.checks() {
        let expected = if row["stage"] == stage("1").slug {
            "passed"
        } else {
            "failed"
        };
        assert_eq!(row["verdict"], expected, "{row:#}");
        if row["stage"] == stage("3").slug {
            assert_eq!(row["cause"], "does-not-compile");
        }
    }

    let ran = Lab::check(&subject, &["1", "3"]).run();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(
        ran.out.matches("mismatched types").count(),
        1,
        "{}",
        ran.out
    );
    assert!(ran.out.contains("10 of 10 points"), "{}", ran.out);
}

#[test]
fn a_child_that_holds_the_socket_ends_with_its_parent() {
    let subject = fixture("lends-its-socket", &[("1", "lends-its-socket")]);
    let ran = Lab::check(&subject, &["1"]).run();
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}

#[test]
fn a_program_that_takes_a_nap_first_is_waited_for() {
    let subject = fixture("begins-late", &[("1", "begins-late")]);
    let ran = Lab::check(&subject, &["1", "--only", "announces"]).run();
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}

#[test]
fn nothing_that_a_program_prints_reaches_the_terminal_unescaped() {
    let subject = fixture("unescaped", &[("1", "writes-escapes")]);
    let lab = Lab::check(&subject, &["1", "--only", "greets"]);
    let ran = lab.env("CLICOLOR_FORCE", "1").run();
    let plain = anstream::adapter::strip_str(&ran.out).to_string();
    assert!(plain.contains("red"), "{plain}");
    for sequence in ["\u{1b}]", "\u{7}", "\u{1b}[2J", "\u{1b}[31mred"] {
        assert!(!ran.out.contains(sequence), "{:?}", ran.out);
    }
}
