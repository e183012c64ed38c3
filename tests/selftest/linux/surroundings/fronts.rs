//! The fronts other than `lab check`: `cargo test` with a filter, and runners that ask it for a list.

use lab::course::STAGES;
use lab::stages;

use crate::linux::support::fixtures::{fixture, stage};
use crate::steps::cargo_test;
use crate::support::scratch::root;

use super::inside;

/// The names in a list of tests.
fn names(said: &str) -> Vec<&str> {
    let lines = said.lines();
    lines
        .filter_map(|line| line.strip_suffix(": test"))
        .collect()
}

/// Runners such as nextest start each test in a process of its own, and learn from a list which ones they leave out.
#[test]
fn what_is_not_started_is_listed_as_ignored() {
    let subject = fixture("listed", &[("1", "solution"), ("2", "says-it-passed")]);
    let starter = root().join("exercises/03-echo-client/src/client.rs");
    let folder = subject.join("03-echo-client/src");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(starter, folder.join("client.rs")).map(drop))
        .expect("a file can be copied");
    let list = |arguments: &[&str]| {
        let arguments = [&["--list", "--format", "terse"], arguments].concat();
        let (code, said) = cargo_test(&[], &subject, &arguments);
        assert_eq!(code, Some(0), "{said}");
        said
    };
    let all = list(&[]);
    let checks: usize = STAGES.iter().map(|stage| stages::checks(stage).len()).sum();
    assert_eq!(names(&all).len(), checks, "{all}");
    let ignored = list(&["--ignored"]);
    let ignored = names(&ignored);
    let of = |number: &str| {
        let slug = stage(number).slug;
        ignored.iter().filter(|name| name.starts_with(slug)).count()
    };
    assert_eq!([of("1"), of("2")], [0, 0], "{ignored:?}");
    assert_eq!(of("3"), stages::checks(stage("3")).len(), "{ignored:?}");
}

#[test]
fn a_filter_of_digits_is_a_stage() {
    let subject = fixture("filtered", &[("1", "solution")]);
    for number in ["2", "02", "10"] {
        let (code, said) = cargo_test(&[], &subject, &["--list", "--format", "terse", number]);
        assert_eq!(code, Some(0), "{said}");
        let slug = STAGES
            .iter()
            .find(|stage| stage.number() == format!("{number:0>2}"));
        let slug = slug.expect("there is such a stage").slug;
        let found = names(&said);
        assert!(
            !found.is_empty() && found.iter().all(|name| name.starts_with(slug)),
            "{number}: {found:?}"
        );
    }
    let (code, said) = cargo_test(&[], &subject, &["99"]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("no stage has the number 99"), "{said}");
}

/// Those that are ignored can be asked for alone.
#[test]
fn ignored_checks_are_judged_when_they_are_asked_for() {
    let subject = fixture("asked for", &[]);
    let folder = subject.join("01-listen/src");
    std::fs::create_dir_all(&folder)
        .and_then(|()| {
            std::fs::copy(
                root().join("exercises/01-listen/src/server.rs"),
                folder.join("server.rs"),
            )
            .map(drop)
        })
        .expect("a file can be copied");
    let (code, said) = cargo_test(&[], &subject, &["--ignored", "1"]);
    assert_ne!(code, Some(0), "{said}");
    let count = stages::checks(stage("1")).len();
    assert!(
        said.contains(&format!("0 passed; {count} failed")),
        "{said}"
    );
}

/// What could not be graded is in neither sum, and the exit code tells it from a mistake.
#[test]
fn cargo_test_says_what_it_could_not_grade() {
    if inside(&["--net"], ":", &[]).is_none() {
        return;
    }
    let subject = fixture("could not", &[("1", "solution")]);
    let alone = ["unshare", "--map-root-user", "--net"];
    let (code, said) = cargo_test(&alone, &subject, &["1"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ip link set lo up"), "{said}");
    let sum = format!(
        "{:<22}  0 of 0 points (10 points could not be graded)",
        stage("1").slug
    );
    assert!(said.contains(&sum), "{said}");
}
