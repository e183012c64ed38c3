//! One check after the other, each with a verdict.

pub mod cache;
pub mod check;
pub mod report;
mod score;
pub mod startup;

pub use score::Score;

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use crate::build::repo::Repo;
use crate::build::subject::{Subject, steps_not_started};
use crate::build::{self, Building, Built, fingerprint};
use crate::course::Stage;
use crate::course::cause::Cause;
use crate::diagnose::failure::{Failure, Problem, Result};
use crate::harness::program::Program;
use crate::harness::snapshot::Snapshots;
use crate::judge::check::Check;
use crate::platform::{Power, Powers, basics};
use crate::process::reaper;

/// What became of one check.
#[derive(Debug, Clone)]
pub enum Verdict {
    Passed(Reservation),
    Failed(Failure),
    /// The stage does not compile, or a student's file is missing.
    NotBuilt,
    /// Step N still stands as it was shipped.
    NotStarted(u8),
    /// This machine cannot show it; the text says why.
    NotJudgedHere(String),
    /// We could not do our part.
    CouldNotGrade(String),
}

/// What a check that has passed did not see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reservation {
    /// So far: the program got to this later step, which is not written yet and ended it.
    pub ends_in_step: Option<u8>,
    /// What this machine could not show, so that a part was left out.
    pub without: Vec<Power>,
}

impl Reservation {
    /// What was not seen, in words; nothing where all was.
    #[must_use]
    pub fn words(&self) -> String {
        let so_far = self.ends_in_step.map(|step| {
            format!("so far: the program ends in step {step}, which is not written yet")
        });
        let without: Vec<String> = self.without.iter().map(Power::to_string).collect();
        let without = (!without.is_empty()).then(|| format!("without: {}", without.join(", ")));
        let all: Vec<String> = so_far.into_iter().chain(without).collect();
        all.join("; ")
    }
}

impl Verdict {
    /// The word for it, as everywhere.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Passed(_) => "passed",
            Verdict::Failed(_) | Verdict::NotBuilt => "failed",
            Verdict::NotStarted(_) => "not started",
            Verdict::NotJudgedHere(_) => "not judged here",
            Verdict::CouldNotGrade(_) => "could not grade",
        }
    }

    /// What `check` earns by it: all of its points, or none.
    #[must_use]
    pub fn points(&self, check: &Check) -> u32 {
        match self {
            Verdict::Passed(_) => check.points,
            _ => 0,
        }
    }

    /// Whether its check counts.
    #[must_use]
    pub fn is_graded(&self) -> bool {
        !matches!(self, Verdict::NotJudgedHere(_) | Verdict::CouldNotGrade(_))
    }

    /// Whether there is nothing to mend: it passed, or cannot be told here.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        matches!(self, Verdict::Passed(_) | Verdict::NotJudgedHere(_))
    }
}

/// One stage of a subject, ready to be judged.
#[derive(Debug, Clone)]
pub struct BuiltStage {
    pub stage: &'static Stage,
    pub built: Built,
    /// Steps whose `todo!` still stands in the student's files.
    not_started: Vec<u8>,
    /// What the program was built from, and the checks; see [`ScoreCache`](crate::judge::cache).
    pub key: Option<String>,
}

/// How to judge.
#[derive(Debug, Clone)]
pub struct Judge {
    pub seed: u64,
    pub powers: Powers,
    /// What no check can do without, and this machine lacks.
    pub lack: Option<&'static str>,
    /// Whether steps that were not started are judged like any other.
    pub judge_untouched: bool,
    /// Where the transcripts are.
    pub snapshots: Snapshots,
}

impl Judge {
    /// A judge who uses all that this machine can show.
    #[must_use]
    pub fn new(repo: &Repo, seed: Option<u64>) -> Self {
        Self {
            seed: seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
            lack: basics::missing(),
            powers: Powers::probed().clone(),
            judge_untouched: false,
            snapshots: Snapshots::in_folder(repo.root.join("tests/snapshots")),
        }
    }

    /// Runs `check` on `candidate`.
    #[must_use]
    pub fn judge(&self, candidate: &BuiltStage, check: &Check) -> Verdict {
        if let Some(early) = self.verdict_without_running(candidate, check) {
            return early;
        }
        let Built::Program {
            path: executable, ..
        } = &candidate.built
        else {
            return Verdict::NotBuilt;
        };
        let result = self.run(candidate, executable, check);
        reaper::block_if_interrupted();
        match result {
            Ok(Ok(reservation)) => Verdict::Passed(reservation),
            Ok(Err(problem)) => match *problem {
                // A later step's `todo!` excuses nothing: what this step's code had to do, it had done by then.
                Problem::NotStarted(step, failure) if step > check.step => Verdict::Failed(failure),
                Problem::NotStarted(step, _) if !self.judge_untouched => Verdict::NotStarted(step),
                Problem::NotStarted(_, failure) => {
                    let cause = Cause::NotWritten;
                    Verdict::Failed(Failure { cause, ..failure })
                }
                Problem::Failed(failure) => Verdict::Failed(failure),
                Problem::CouldNotGrade(reason) => Verdict::CouldNotGrade(reason),
            },
            Err(_panic) => {
                Verdict::CouldNotGrade("the check itself panicked; please report it".into())
            }
        }
    }

    /// The verdict that stands before the program is started.
    #[must_use]
    pub fn verdict_without_running(
        &self,
        candidate: &BuiltStage,
        check: &Check,
    ) -> Option<Verdict> {
        match &candidate.built {
            Built::CouldNotBuild(reason) => Some(Verdict::CouldNotGrade(reason.clone())),
            Built::DoesNotCompile(_) | Built::NoSource(_) => Some(Verdict::NotBuilt),
            Built::Program { .. } => self.verdict_without_building(&candidate.not_started, check),
        }
    }

    /// The verdict that stands before the program is built, where the steps `not_started` stand as they were shipped.
    #[must_use]
    pub fn verdict_without_building(&self, not_started: &[u8], check: &Check) -> Option<Verdict> {
        let untouched = not_started.iter().find(|step| **step <= check.step);
        match (untouched, self.lack) {
            (Some(step), _) if !self.judge_untouched => Some(Verdict::NotStarted(*step)),
            (_, Some(lack)) => Some(Verdict::CouldNotGrade(lack.into())),
            (_, None) => self.powers.missing(check.needs).map(Verdict::NotJudgedHere),
        }
    }

    /// What the check did not see, if it passed.
    fn run(
        &self,
        candidate: &BuiltStage,
        executable: &Path,
        check: &Check,
    ) -> std::thread::Result<Result<Reservation>> {
        // Each check draws from a generator of its own, so that it gets the same when it runs alone.
        let seed = fingerprint::of_value(&(self.seed, candidate.stage.slug, check.name));
        let snapshots = self.snapshots.below(candidate.stage.slug);
        let not_started = candidate.not_started.clone();
        let program = Program::new(
            executable.to_path_buf(),
            check.step,
            not_started,
            seed,
            snapshots,
        );
        panic::catch_unwind(AssertUnwindSafe(|| {
            (check.run)(&program)?;
            Ok(Reservation {
                ends_in_step: program.context().got_to(),
                without: program.context().without(),
            })
        }))
    }
}

/// Builds `stages` of `subject` for judging.
///
/// # Errors
///
/// As [`build::build`].
pub fn candidates(
    repo: &Repo,
    subject: &Subject,
    stages: &[&'static Stage],
) -> anyhow::Result<Vec<BuiltStage>> {
    let built = build::build(repo, subject, stages)?;
    let candidate = |building: Building| {
        let content = building.content;
        let sources = building.sources.iter();
        BuiltStage {
            stage: building.stage,
            built: building.built,
            not_started: sources
                .flat_map(|source| steps_not_started(source))
                .collect(),
            key: content.and_then(|content| cache::key(repo, building.stage, content)),
        }
    };
    Ok(built.into_iter().map(candidate).collect())
}
