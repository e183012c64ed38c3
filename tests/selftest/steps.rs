//! A student on the way: what is done is judged, what is not begun is not.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use lab::build::cargo;
use lab::course::STAGES;
use lab::judge::check::Check;
use lab::stages;
use serde_json::Value;

use crate::support::gallery_file::{Source, sources, subject};
use crate::support::regions::up_to;
use crate::support::scratch::{lab_program, root, scratch};

#[test]
fn each_step_is_judged_when_it_is_done() {
    let steps = STAGES.iter().map(|stage| stage.steps).max().unwrap_or(0);
    let mut ended = BTreeSet::new();
    for last in 0..=steps {
        let done: Vec<Vec<Source>> = STAGES.iter().map(|stage| done_up_to(last, stage)).collect();
        let told = verdicts(&format!("steps/{last}"), &done);
        for stage in STAGES {
            for check in stages::checks(stage) {
                let row = told
                    .iter()
                    .find(|row| row["stage"] == stage.slug && row["check"] == check.name);
                let row = row.unwrap_or_else(|| panic!("no verdict on {}", check.name));
                let expected = if check.step <= last {
                    "passed"
                } else {
                    "not started"
                };
                let verdict = row["verdict"].as_str().unwrap_or_default();
                let fits =
                    verdict == expected || (check.step <= last && verdict == "not judged here");
                assert!(
                    fits,
                    "{}, done up to step {last}: {} is \"{verdict}\" and not \"{expected}\"\n{row:#}",
                    stage.slug, check.name
                );
                if let Some(end) = row["ends_in_step"].as_u64() {
                    assert_eq!(
                        end,
                        u64::from(last) + 1,
                        "it ends in the next step: {row:#}"
                    );
                    assert!(may_end(check), "none of its parts is marked so: {row:#}");
                    ended.insert((stage.slug, check.name));
                }
            }
        }
    }
    for stage in STAGES {
        for check in stages::checks(stage).iter().filter(|check| may_end(check)) {
            let name = (stage.slug, check.name);
            assert!(ended.contains(&name), "{name:?} never passes so far");
        }
    }
}

/// A `todo!` that was forgotten does not hide what is written above it; where the program ends in it, its place is said.
#[test]
fn a_leftover_todo_is_found_and_what_stands_above_it_is_judged() {
    let stage = &STAGES[0];
    let solution = sources(&root().join("solutions"), stage);
    let (file, text) = &solution[0];
    let with = |leftover: &str| {
        let left = text.replace(
            "    log.listening(address);\n    Ok(())\n",
            &format!("    log.listening(address);\n{leftover}"),
        );
        assert_ne!(&left, text);
        left
    };
    let judged = |name: &str, text: String| {
        let subject = subject(name, &[(stage, &[(*file, text)])]);
        let mut lab = assert_cmd::Command::new(lab_program());
        let lab = lab.args(["check", "1", "--subject"]).arg(subject);
        let output = lab.output().expect("lab can be started");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };

    let behind = with("    return Ok(());\n    todo!(\"step 2: say where\")\n");
    let said = judged("steps/todo-behind-a-return", behind);
    assert!(said.contains("10 of 10 points, 3 of 3 steps"), "{said}");

    let reached = with("    todo!(\"step 2: say where\")\n");
    let before = &reached[..reached.find("todo!").unwrap_or(0)];
    let line = before.matches('\n').count() + 1;
    let place = format!("step 2 ends in its `todo!`, which still stands in {file}:{line}");
    let said = judged("steps/todo-that-is-reached", reached);
    assert!(said.contains(&place), "{place}: {said}");
    assert!(said.contains("passed  step 1"), "{said}");
    assert!(!said.contains("FAILED"), "{said}");
}

/// Whether a part of it is marked as one that passes *so far*.
fn may_end(check: &Check) -> bool {
    check.parts.iter().any(|part| part.so_far)
}

#[test]
fn untouched_starters_are_green_and_worth_nothing() {
    let (succeeded, said) = grade(&[]);
    assert!(succeeded, "{said}");
    for check in all_checks() {
        assert!(
            is_line(&said, &check, "ignored"),
            "{check} is not ignored:\n{said}"
        );
    }
    assert!(
        said.contains(&format!(" 0 of {} points", STAGES.len() * 10)),
        "{said}"
    );
}

#[test]
fn untouched_starters_fail_every_check_that_is_asked_for() {
    let (succeeded, said) = grade(&["--include-ignored"]);
    assert!(!succeeded, "{said}");
    for check in all_checks() {
        assert!(
            is_line(&said, &check, "FAILED"),
            "{check} has not failed:\n{said}"
        );
    }
}

#[test]
fn starters_and_solutions_compile_without_warnings() {
    for (manifest, name) in [
        ("Cargo.toml", "exercises"),
        ("solutions/Cargo.toml", "solutions"),
    ] {
        let mut command = cargo();
        command
            .args([
                "check",
                "--locked",
                "--message-format",
                "json",
                "--manifest-path",
            ])
            .arg(root().join(manifest))
            .arg("--target-dir")
            .arg(scratch("warnings").join(name))
            .current_dir(root());
        for stage in STAGES {
            command.args(["--package", stage.package()]);
        }
        let output = command.output().expect("cargo can be started");
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let told = String::from_utf8_lossy(&output.stdout);
        let warnings: String = told
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|message| message["message"]["rendered"].as_str().map(str::to_string))
            .collect();
        assert!(warnings.is_empty(), "{name}:\n{warnings}");
    }
}

fn done_up_to(last: u8, stage: &lab::course::Stage) -> Vec<Source> {
    let solution = sources(&root().join("solutions"), stage);
    let starter = sources(&root().join("exercises"), stage);
    let mixed = solution.iter().zip(&starter);
    mixed
        .map(|((file, solution), (_, starter))| (*file, up_to(last, solution, starter)))
        .collect()
}

/// What `lab check` says about all stages at once.
fn verdicts(name: &str, done: &[Vec<Source>]) -> Vec<Value> {
    let stages: Vec<_> = STAGES
        .iter()
        .zip(done)
        .map(|(stage, sources)| (stage, sources.as_slice()))
        .collect();
    let output = assert_cmd::Command::new(lab_program())
        .args(["check", "--json", "--subject"])
        .arg(subject(name, &stages))
        .output()
        .expect("lab can be started");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let rows = told["checks"].as_array().cloned();
    rows.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// `cargo test` on a subject of starters: whether it succeeded, and what it said.
fn grade(arguments: &[&str]) -> (bool, String) {
    let starters: Vec<_> = STAGES
        .iter()
        .map(|stage| (stage, sources(&root().join("exercises"), stage)))
        .collect();
    let starters: Vec<_> = starters
        .iter()
        .map(|(stage, sources)| (*stage, sources.as_slice()))
        .collect();
    let pretty = [&["--format", "pretty"], arguments].concat();
    let (code, said) = cargo_test(&[], &subject("steps/starters", &starters), &pretty);
    (code == Some(0), said)
}

/// `cargo test` on a subject, started by other commands or by us: its exit code, and what it said.
pub fn cargo_test(others: &[&str], subject: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let program = lab_program();
    let target = program.ancestors().nth(2);
    let target = target.expect("lab was built into a target folder");
    let cargo = cargo().get_program().to_os_string();
    let others = others.iter().map(OsString::from);
    let mut words = others.chain([cargo]);
    let mut command = Command::new(words.next().expect("there is at least cargo"));
    command
        .args(words)
        .args(["test", "--quiet", "--package", "lab", "--test", "grade"])
        .arg("--target-dir")
        .arg(target)
        .arg("--")
        .args(arguments)
        .env("UNBLOCKED_SUBJECT", subject)
        .env_remove("UNBLOCKED_STAGE")
        .current_dir(root());
    let output = command.output().expect("cargo can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = said + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said)
}

fn all_checks() -> Vec<String> {
    let of_stage = |stage| {
        let name = move |check: &lab::judge::check::Check| {
            let stage: &lab::course::Stage = stage;
            format!("{}::step{}::{}", stage.slug, check.step, check.name)
        };
        stages::checks(stage).iter().map(name)
    };
    STAGES.iter().flat_map(of_stage).collect()
}

/// Whether a line says that `check` ended as `verdict`.
fn is_line(said: &str, check: &str, verdict: &str) -> bool {
    said.lines()
        .any(|line| line.starts_with(&format!("test {check} ")) && line.contains(verdict))
}
