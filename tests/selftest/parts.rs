//! A check may have parts: a failure names the one in which it happened, and each can be run by itself.

use assert_cmd::Command;
use lab::diagnose::failure::Outcome;
use lab::harness::program::Program;
use lab::judge::check::Check;
use lab::platform::Power;
use serde_json::Value;

use crate::steps::cargo_test;
use crate::support::gallery_file::{gallery, subject};
use crate::support::scratch::lab_program;

lab::checks! {
    step 1, 2: does_one_thing needs KernelQueues;
    step 1, 1: does_two_things needs SettledState {
        does_the_first needs LessMemory,
        does_the_second needs Descriptors StopAndContinue,
    }
}

const CHECK: &str = "takes_its_address_again_after_a_kill_and_not_before";
const FIRST: &str = "takes_its_address_again_right_after_it_was_killed";
const SECOND: &str = "leaves_its_address_to_a_server_that_runs";

#[test]
fn a_row_of_the_table_has_its_parts_and_what_each_needs() {
    let [single, divided] = CHECKS else {
        panic!("{} rows", CHECKS.len());
    };
    let names = |check: &Check| -> Vec<&str> { check.parts.iter().map(|part| part.name).collect() };
    assert_eq!(names(single), ["does_one_thing"]);
    assert_eq!(names(divided), ["does_the_first", "does_the_second"]);
    assert_eq!(divided.needs, [Power::ProcessState, Power::KernelQueues]);
    assert_eq!(divided.parts[0].needs, [Power::LessMemory]);
    let second = [Power::Descriptors, Power::StopAndContinue];
    assert_eq!(divided.parts[1].needs, second);
}

#[test]
fn a_check_is_lost_where_nothing_of_it_can_be_judged() {
    let is_lost = |check: &Check, missing: &[Power]| check.is_lost_without(missing);
    let [single, divided] = CHECKS else {
        panic!("{} rows", CHECKS.len());
    };
    assert!(is_lost(single, &[Power::KernelQueues]));
    assert!(!is_lost(single, &[Power::LessMemory]));
    assert!(is_lost(divided, &[Power::KernelQueues]));
    assert!(!is_lost(divided, &[Power::LessMemory]));
    assert!(!is_lost(divided, &[Power::Descriptors]));
    assert!(is_lost(divided, &[Power::LessMemory, Power::Descriptors]));
}

#[test]
fn a_text_finds_a_check_before_its_parts() {
    let found = |text: &str| -> Vec<(u32, Vec<&str>)> {
        // One text of several is enough.
        let texts = ["nothing".to_string(), text.to_string()];
        let all = CHECKS.iter().flat_map(|check| check.matching(&texts));
        let named = all.map(|check| {
            let parts = check.parts.iter().map(|part| part.name);
            (check.points, parts.collect())
        });
        named.collect()
    };
    let whole = (1, vec!["does_the_first", "does_the_second"]);
    assert_eq!(found("two"), [whole]);
    // A part by itself is worth nothing.
    assert_eq!(found("first"), [(0, vec!["does_the_first"])]);
    let both = [(0, vec!["does_the_first"]), (0, vec!["does_the_second"])];
    assert_eq!(found("the_"), both);
    assert_eq!(found("third"), []);
}

#[test]
fn a_failure_names_its_part() {
    let whole = check("whole", CHECK);
    assert_eq!(
        (&whole["check"], &whole["part"], &whole["verdict"]),
        (&CHECK.into(), &SECOND.into(), &"failed".into()),
        "{whole:#}"
    );
    let said = said("said", &["--only", CHECK, "--seed", "1"]);
    let row = "  part       leaves its address to a server that runs\n";
    assert!(said.contains(row), "{said}");
    let again = format!("cargo lab check 1 --only {SECOND} ");
    assert!(said.contains(&again), "{said}");
    let (_, said) = cargo_test(&[], &sharing("tested"), &[CHECK]);
    assert!(said.contains(row), "{said}");
}

#[test]
fn a_part_can_be_run_by_itself() {
    for (part, verdict) in [(FIRST, "passed"), (SECOND, "failed")] {
        let row = check(part, part);
        assert_eq!(
            (&row["check"], &row["part"], &row["verdict"], &row["most"]),
            (&CHECK.into(), &part.into(), &verdict.into(), &0.into()),
            "{row:#}"
        );
        let said = said(part, &["--only", part]);
        let sentence = part.replace('_', " ");
        let alone = format!("and not before, only the part \"{sentence}\"\n");
        assert!(said.contains(&alone), "{said}");
    }
    let said = said("listed", &["--only", "no such name"]);
    assert!(said.contains(&format!("  {CHECK}\n    {FIRST}\n    {SECOND}\n")));
}

fn does_one_thing(_: &Program) -> Outcome {
    Ok(())
}

fn does_the_first(_: &Program) -> Outcome {
    Ok(())
}

fn does_the_second(_: &Program) -> Outcome {
    Ok(())
}

/// A program that shares its address with other servers, as a subject of its own.
fn sharing(name: &str) -> std::path::PathBuf {
    let mut gallery = gallery().into_iter();
    let piece = gallery.find(|piece| piece.path() == "01-listen/shares-its-address");
    let piece = piece.expect("the gallery has it");
    subject(
        &format!("parts/{name}"),
        &[(piece.stage, piece.sources.as_slice())],
    )
}

/// The one row of JSON that `only` leaves.
fn check(name: &str, only: &str) -> Value {
    let [out, err] = run(name, &["--json", "--only", only]);
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"));
    let rows = told["checks"].as_array().expect("a list of checks");
    assert_eq!(rows.len(), 1, "{told:#}");
    rows[0].clone()
}

/// All that `lab check 1` says of the program that shares its address.
fn said(name: &str, arguments: &[&str]) -> String {
    run(name, arguments).concat()
}

/// What it prints as its result, and beside that.
fn run(name: &str, arguments: &[&str]) -> [String; 2] {
    let output = Command::new(lab_program())
        .args(["check", "1", "--subject"])
        .arg(sharing(name))
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("lab can be started");
    [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
