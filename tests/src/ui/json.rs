//! `lab check --json`: the verdicts for other programs. An object with `version`, `seed`, `stages` (points of
//! each, the most that could be had, and the points that could not be graded and are in neither) and `checks` (one object each, with the rows of its report where it failed (`exchange`: who did what, step by step), and with `part` where it failed in one of
//! several parts, or where only that part was asked for; with `ends_in_step` where it passed as far as a step that is
//! not written yet, and with `without` where this machine could not show a part).

use serde_json::{Value, json};

use crate::build::Built;
use crate::judge::check::Check;
use crate::judge::{BuiltStage, Score, Verdict};

#[derive(Debug)]
pub struct Json {
    seed: u64,
    stages: Vec<Value>,
    checks: Vec<Value>,
}

impl Json {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            stages: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// Adds what became of one stage; a score only where all of its checks were judged.
    pub fn add(
        &mut self,
        candidate: &BuiltStage,
        judged: &[(Check, Verdict)],
        score: Option<Score>,
    ) {
        let judged = judged.iter();
        self.checks
            .extend(judged.map(|(check, verdict)| one(candidate, check, verdict)));
        self.stages.extend(score.map(|score| {
            json!({
                "stage": candidate.stage.slug,
                "points": score.points,
                "most": score.most,
                "could_not_grade": score.ungraded,
                "steps_done": score.steps_done,
                "steps_so_far": score.steps_so_far,
                "steps": candidate.stage.steps,
            })
        }));
    }

    #[must_use]
    pub fn render(&self) -> String {
        let all = json!({
            "version": 1,
            "seed": self.seed,
            "stages": self.stages,
            "checks": self.checks,
        });
        format!("{all:#}\n")
    }
}

fn one(candidate: &BuiltStage, check: &Check, verdict: &Verdict) -> Value {
    let mut told = json!({
        "stage": candidate.stage.slug,
        "step": check.step,
        "check": check.name,
        "points": verdict.points(check),
        "most": check.points,
        "verdict": verdict.word(),
    });
    if let Some(part) = check.only_part() {
        told["part"] = part.name.into();
    }
    match (verdict, &candidate.built) {
        (Verdict::Failed { part, failure }, _) => {
            if check.is_divided_into(part) {
                told["part"] = part.name.into();
            }
            told["cause"] = failure.cause.name().into();
            told["sent"] = failure.sent.as_str().into();
            told["exchange"] = failure
                .exchange
                .iter()
                .map(|(who, what)| json!([who, what]))
                .collect();
            told["expected"] = failure.expected.as_str().into();
            told["received"] = failure.received.as_str().into();
            told["program"] = failure.program.as_str().into();
        }
        (Verdict::Passed(reservation), _) => {
            if let Some(step) = reservation.ends_in_step {
                told["ends_in_step"] = step.into();
            }
            if !reservation.without.is_empty() {
                told["without"] = reservation.without.clone().into();
            }
        }
        (Verdict::NotBuilt, Built::DoesNotCompile(message)) => {
            told["cause"] = "does-not-compile".into();
            told["program"] = message.as_str().into();
        }
        (Verdict::NotBuilt, Built::NoSource(reason)) => {
            told["cause"] = "no-source".into();
            told["program"] = reason.as_str().into();
        }
        (Verdict::NotJudgedHere(why) | Verdict::CouldNotGrade(why), _) => {
            told["why"] = why.as_str().into();
        }
        _ => {}
    }
    told
}
