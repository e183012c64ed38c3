//! The gallery of wrong answers: each mutant fails the checks that it must, for the cause that is named; each variant
//! passes all. Where else a fault shows may depend on what the kernel does first: any other check that fails names
//! the same cause, or the mutant lists it.
//!
//! All are judged as a student is: by the `lab` command, from a folder of their own. A mutant is judged by the checks that
//! it must fail, and a variant by all. To judge mutants by all checks too, name them: put a piece of a path into
//! `UNBLOCKED_GALLERY`, or several with commas between them; `/` stands in every path, and that is what `.ci/run` asks for.
//!
//! ```text
//! UNBLOCKED_GALLERY=02-echo-server/replies cargo verify gallery
//! ```

use std::cmp::Reverse;
use std::collections::HashMap;
use std::panic;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use lab::course::STAGES;
use lab::stages;
use serde_json::Value;

use crate::support::gallery_file::{Kind, Piece, divisions, gallery, subject};
use crate::support::scratch::lab_program;

/// How many are judged at once.
const WORKERS: usize = 3;

/// How many of the slowest are named.
const SHOWN: usize = 8;

#[test]
fn mutants_fail_for_their_cause_and_variants_pass() {
    let start = Instant::now();
    let only = std::env::var("UNBLOCKED_GALLERY").unwrap_or_default();
    let mut waiting = gallery();
    let is_wanted = |path: &str| only.split(',').any(|part| path.contains(part));
    waiting.retain(|piece| is_wanted(&piece.path()));
    assert!(
        !waiting.is_empty(),
        "no mutant and no variant has a path that contains \"{only}\""
    );
    let waiting = stage_after_stage(waiting);
    let waiting = Mutex::new(waiting);
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || {
        let judged = std::iter::from_fn(|| Some(judge(&next()?, !only.is_empty())));
        judged.collect::<Vec<Judged>>()
    };
    let mut judged: Vec<Judged> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        let all = workers.into_iter().flat_map(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| panic::resume_unwind(panic))
        });
        all.collect()
    });
    judged.sort_by_key(|judged| Reverse(judged.time));
    let with_time = |one: &Judged| format!("{} with {:.1} s", one.path, one.time.as_secs_f32());
    let slowest: Vec<String> = judged.iter().take(SHOWN).map(with_time).collect();
    let with_time_of = |part: usize| judged[judged.len() / part].time.as_secs_f32();
    eprintln!(
        "gallery: {} programs judged in {:.1} s, half of them in {:.1} s each, nine of ten in {:.1} s; the slowest: {}",
        judged.len(),
        start.elapsed().as_secs_f32(),
        with_time_of(2),
        with_time_of(10),
        slowest.join(", ")
    );
    let problems: Vec<Problem> = judged
        .into_iter()
        .flat_map(|judged| judged.problems)
        .collect();
    // They come last once more without their rows, but with what the report says: that is what a log which is cut in the
    // middle still shows.
    let in_short = |problem: &Problem| problem.in_short.replace('\n', "\n  ");
    let in_short: Vec<String> = problems.iter().map(in_short).collect();
    let problems: Vec<String> = problems.iter().map(Problem::whole).collect();
    assert!(
        problems.is_empty(),
        "{} problems in the gallery:\n\n{}\n\nin short:\n- {}",
        problems.len(),
        problems.join("\n\n"),
        in_short.join("\n- ")
    );
}

#[test]
fn every_check_has_a_mutant_that_fails_it() {
    let gallery = gallery();
    let mut unbroken = Vec::new();
    for stage in STAGES {
        for check in stages::checks(stage) {
            let fails_it = |piece: &Piece| match &piece.kind {
                Kind::Mutant { fails, .. } => {
                    piece.stage == stage && fails.iter().any(|name| name == check.name)
                }
                Kind::Variant => false,
            };
            if !gallery.iter().any(fails_it) {
                unbroken.push(format!("{}: {}", stage.slug, check.name));
            }
        }
    }
    assert!(
        unbroken.is_empty(),
        "no mutant fails {}",
        unbroken.join(", ")
    );
}

#[test]
fn every_part_of_a_check_has_a_mutant_that_fails_in_it() {
    let gallery = gallery();
    let mut unbroken = Vec::new();
    for stage in STAGES {
        for check in stages::checks(stage) {
            for part in divisions(check) {
                let fails_in_it = |piece: &Piece| match &piece.kind {
                    Kind::Mutant { fails, parts, .. } => {
                        let named = parts.iter().any(|name| name == part.name);
                        piece.stage == stage && fails[0] == check.name && named
                    }
                    Kind::Variant => false,
                };
                if !gallery.iter().any(fails_in_it) {
                    unbroken.push(format!("{}: {}", stage.slug, part.name));
                }
            }
        }
    }
    assert!(
        unbroken.is_empty(),
        "no mutant has the check first in `fails` and names as its `part`: {}",
        unbroken.join(", ")
    );
}

#[test]
fn every_stage_has_two_variants_and_no_two_mutants_are_the_same() {
    let gallery = gallery();
    for stage in STAGES {
        let of_stage = || gallery.iter().filter(|piece| piece.stage == stage);
        let variants = of_stage().filter(|piece| matches!(piece.kind, Kind::Variant));
        assert!(variants.count() >= 2, "{} has too few variants", stage.slug);
        for piece in of_stage() {
            let twin =
                of_stage().find(|other| other.name != piece.name && other.sources == piece.sources);
            assert!(
                twin.is_none(),
                "{} is the same as {}",
                piece.path(),
                twin.map(Piece::path).unwrap_or_default()
            );
        }
    }
}

/// One of each stage, and then the next of each: where programs of one stage mostly wait, those of another have the
/// processors.
fn stage_after_stage(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut so_far = HashMap::new();
    let place = |piece: Piece| {
        let place: &mut usize = so_far.entry(piece.stage.slug).or_default();
        *place += 1;
        (*place, piece)
    };
    let mut pieces: Vec<(usize, Piece)> = pieces.into_iter().map(place).collect();
    pieces.sort_by_key(|(place, _)| *place);
    pieces.into_iter().map(|(_, piece)| piece).collect()
}

/// What came of one program.
struct Judged {
    path: String,
    problems: Vec<Problem>,
    /// For whoever wonders where the time goes; no verdict depends on it.
    time: Duration,
}

/// What the checks said and should not have said.
struct Problem {
    in_short: String,
    /// The row that says it, where there is one.
    row: Option<Value>,
}

impl Problem {
    fn whole(&self) -> String {
        let row = self.row.as_ref().map(|row| format!("\n{row:#}"));
        self.in_short.clone() + &row.unwrap_or_default()
    }
}

fn judge(piece: &Piece, is_whole: bool) -> Judged {
    let start = Instant::now();
    Judged {
        path: piece.path(),
        problems: problems_of(piece, is_whole),
        time: start.elapsed(),
    }
}

/// What the checks say about `piece` and should not say.
fn problems_of(piece: &Piece, is_whole: bool) -> Vec<Problem> {
    let folder = subject(
        &format!("gallery/{}", piece.path()),
        &[(piece.stage, &piece.sources)],
    );
    let asked = if is_whole { &[] } else { asked(piece) };
    let output = Command::new(lab_program())
        .args(["check", piece.stage.slug, "--json", "--subject"])
        .arg(folder)
        .args(piece.is_thorough.then_some("--thorough"))
        .args(asked.iter().flat_map(|name| ["--only", name]))
        .output()
        .expect("lab can be started");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let Some(rows) = told["checks"].as_array() else {
        let said = String::from_utf8_lossy(&output.stderr);
        let in_short = format!("{}: lab printed no verdicts; it said {said}", piece.path());
        return vec![Problem {
            in_short,
            row: None,
        }];
    };
    let checks = stages::checks(piece.stage).iter();
    let expected = checks.filter(|check| match asked {
        [] => true,
        names => names.iter().any(|name| check.name.contains(name.as_str())),
    });
    assert!(
        rows.iter()
            .map(|row| row["check"].as_str())
            .eq(expected.map(|check| Some(check.name))),
        "{}: not the checks that it was to be judged by: {told:#}",
        piece.path()
    );
    let problem = |row: &Value| {
        let wrong = problem_of(piece, row)?;
        let name = row["check"].as_str().unwrap_or_default();
        let said = ["part", "cause", "expected", "received", "program"]
            .into_iter()
            .filter_map(|key| Some(format!("\n  {key}: {}", row[key].as_str()?)));
        Some(Problem {
            in_short: format!(
                "{} ({})\n{name}: {wrong}{}",
                piece.path(),
                piece.about,
                said.collect::<String>()
            ),
            row: Some(row.clone()),
        })
    };
    rows.iter().filter_map(problem).collect()
}

/// The checks that a piece has to be judged by; none means all.
fn asked(piece: &Piece) -> &[String] {
    match &piece.kind {
        Kind::Mutant { fails, .. } => fails,
        Kind::Variant => &[],
    }
}

/// What is wrong with one row. A check that this machine cannot judge is never wrong.
fn problem_of(piece: &Piece, row: &Value) -> Option<String> {
    let (name, verdict) = (row["check"].as_str()?, row["verdict"].as_str()?);
    let (must, can, reason) = match &piece.kind {
        Kind::Variant => (false, false, None),
        Kind::Mutant {
            fails,
            parts,
            may,
            cause,
        } => {
            let must = fails.iter().any(|check| check == name);
            let is_first = fails.first().is_some_and(|check| check == name);
            let can = must || may.iter().any(|check| check == name) || row["cause"] == cause.name();
            (must, can, is_first.then(|| (parts, cause.name())))
        }
    };
    match verdict {
        "not judged here" => None,
        "passed" if must => Some("passed, and must fail".into()),
        "passed" => None,
        "failed" if !can => Some("failed, and must pass".into()),
        "failed" => {
            let (parts, cause) = reason?;
            let is_meant = parts.iter().any(|part| row["part"] == **part);
            if !parts.is_empty() && !is_meant {
                let meant = parts.join(" or ");
                return Some(format!("failed in {}, and not in {meant}", row["part"]));
            }
            (row["cause"] != cause)
                .then(|| format!("failed for {}, and not for {cause}", row["cause"]))
        }
        other => Some(other.to_string()),
    }
}
