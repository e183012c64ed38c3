//! Checks become verdicts, and verdicts a score.

pub mod cache;
pub mod check;
pub mod report;
mod score;
pub mod side_by_side;
pub mod startup;
pub mod stuck;
mod verdict;

pub use score::Score;
pub use verdict::{Reservation, Verdict};

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::build::repo::Repo;
use crate::build::subject::{Subject, Unwritten, unwritten};
use crate::build::{self, Building, Built, Profile, fingerprint};
use crate::course::cause::Cause;
use crate::course::{Protocol, Stage};
use crate::diagnose::failure::{Failure, Outcome, Problem};
use crate::harness::program::Program;
use crate::harness::snapshot::Snapshots;
use crate::judge::check::{Check, Part};
use crate::platform::{Powers, basics};
use crate::process::deadline::Vigil;
use crate::process::reaper;

/// One stage of a subject, ready to be judged.
#[derive(Debug, Clone)]
pub struct BuiltStage {
    pub stage: &'static Stage,
    pub built: Built,
    /// Steps whose `todo!` still stands in the student's files.
    unwritten: Vec<Unwritten>,
    /// What the program was built from, and the checks; see [`ScoreCache`](crate::judge::cache).
    pub key: Option<String>,
    /// True once a check has waited in vain for its program's announcement.
    is_silent: Arc<AtomicBool>,
}

impl BuiltStage {
    /// Whether there is a program to judge.
    #[must_use]
    pub fn is_program(&self) -> bool {
        matches!(self.built, Built::Program { .. })
    }

    /// Why `step` counts as not started.
    #[must_use]
    pub fn why_not_started(&self, step: u8) -> String {
        let begun = self
            .unwritten
            .iter()
            .find(|one| one.step == step && one.is_begun);
        match begun {
            Some(Unwritten { file, line, .. }) => {
                format!("step {step} ends in its `todo!`, which still stands in {file}:{line}")
            }
            None => format!("step {step} is not started"),
        }
    }

    /// What the compiler says, where the stage does not compile.
    #[must_use]
    pub fn compiler_error(&self) -> Option<&str> {
        match &self.built {
            Built::DoesNotCompile(message) => Some(message),
            _ => None,
        }
    }
}

/// How to judge.
#[derive(Debug, Clone)]
pub struct Judge {
    pub seed: u64,
    pub powers: Powers,
    /// What no check can do without, and this machine lacks.
    pub lack: Option<&'static str>,
    /// Whether checks take the large numbers: see [`Program::many`].
    pub is_thorough: bool,
    /// Whether steps that were not started are judged like any other.
    pub judge_untouched: bool,
    /// Where the transcripts are.
    pub snapshots: Snapshots,
    /// Whoever stops the lab does not fail a program.
    pub vigil: Arc<Vigil>,
}

impl Judge {
    /// A judge who uses all that this machine can show.
    #[must_use]
    pub fn new(repo: &Repo, seed: Option<u64>) -> Self {
        Self {
            seed: seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
            lack: basics::missing(),
            powers: Powers::probed().clone(),
            is_thorough: false,
            judge_untouched: false,
            snapshots: Snapshots::in_folder(repo.root.join("tests/snapshots")),
            vigil: Vigil::keep(),
        }
    }

    /// Runs the parts of `check` on `candidate`, up to the first that does not pass. A part that this machine cannot show
    /// is left out, and the verdict says so.
    #[must_use]
    pub fn judge(&self, candidate: &BuiltStage, check: &Check) -> Verdict {
        let early = self.verdict_without_running(candidate, check);
        early.unwrap_or_else(|| {
            let parts = check.parts.iter();
            Verdict::of_parts(parts.map(|part| self.judge_part(candidate, check, part)))
        })
    }

    /// Runs one part of `check`. To be asked where no verdict stands before the program is started.
    fn judge_part(&self, candidate: &BuiltStage, check: &Check, part: &'static Part) -> Verdict {
        let Built::Program {
            path: executable, ..
        } = &candidate.built
        else {
            return Verdict::NotBuilt;
        };
        let missing = part.needs.iter().find(|power| !self.powers.has(**power));
        if let Some(power) = missing {
            return Verdict::Passed(Reservation::of_a_missing_part(part, *power));
        }
        let result = self.run(candidate, executable, check, part);
        reaper::block_if_interrupted();
        let failed = |failure| Verdict::Failed { part, failure };
        match result {
            Ok((Ok(()), seen)) => Verdict::Passed(seen),
            Ok((Err(problem), mut seen)) => match *problem {
                // Where a part expects that a later step ends the program, this step's code has done its work by then.
                Problem::NotStarted(step, _) if step > check.step && part.so_far => {
                    seen.add(Reservation::so_far(step));
                    Verdict::Passed(seen)
                }
                Problem::NotStarted(step, failure) if step > check.step => failed(failure),
                Problem::NotStarted(step, _) if !self.judge_untouched => Verdict::NotStarted(step),
                Problem::NotStarted(_, failure) => {
                    let cause = Cause::NotWritten;
                    failed(Failure { cause, ..failure })
                }
                Problem::Failed(failure) => failed(failure),
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
            Built::Program { .. } => self.verdict_without_building(&candidate.unwritten, check),
        }
    }

    /// The verdict that stands before the program is built: where a step up to that of the check stands as it was shipped.
    /// One that is begun is judged, as far as the program gets.
    #[must_use]
    pub fn verdict_without_building(
        &self,
        unwritten: &[Unwritten],
        check: &Check,
    ) -> Option<Verdict> {
        let is_untouched = |one: &&Unwritten| one.step <= check.step && !one.is_begun;
        let untouched = unwritten.iter().find(is_untouched);
        match (untouched, self.lack) {
            (Some(untouched), _) if !self.judge_untouched => {
                Some(Verdict::NotStarted(untouched.step))
            }
            (_, Some(lack)) => Some(Verdict::CouldNotGrade(lack.into())),
            (_, None) => check.lack(&self.powers).map(Verdict::NotJudgedHere),
        }
    }

    /// How the part ended, and what it did not see.
    fn run(
        &self,
        candidate: &BuiltStage,
        executable: &Path,
        check: &Check,
        part: &Part,
    ) -> std::thread::Result<(Outcome, Reservation)> {
        // Each part draws from a generator of its own, so that it gets the same when it runs alone.
        let seed = fingerprint::of_value(&(self.seed, candidate.stage.slug, part.name));
        let snapshots = self.snapshots.below(candidate.stage.slug);
        let not_started = candidate.unwritten.iter().map(|one| one.step).collect();
        let program = Program::new(
            executable.to_path_buf(),
            check.step,
            not_started,
            seed,
            snapshots,
            self.powers.clone(),
            self.is_thorough,
        )
        .with_what_is_known(&candidate.is_silent);
        let only_greets = candidate.stage.protocol == Protocol::Greet;
        program
            .context()
            .remember(|history| history.only_greets = only_greets);
        if candidate.stage.polls {
            program.watch_every_call();
        }
        panic::catch_unwind(AssertUnwindSafe(|| {
            let outcome = (part.run)(&program).and_then(|()| program.context().expect_awake());
            let without = program.context().without();
            let without = without.iter().map(ToString::to_string).collect();
            let seen = Reservation {
                ends_in_step: None,
                without,
            };
            (outcome, seen)
        }))
    }
}

/// Builds `stages` of `subject` for judging.
///
/// # Errors
///
/// As [`build::build`].
pub fn built_stages(
    repo: &Repo,
    subject: &Subject,
    stages: &[&'static Stage],
) -> anyhow::Result<Vec<BuiltStage>> {
    built_stages_telling(repo, subject, stages, &build::say)
}

/// As [`built_stages`]; `tell` hears what the build has to wait for.
///
/// # Errors
///
/// As [`build::build`].
pub fn built_stages_telling(
    repo: &Repo,
    subject: &Subject,
    stages: &[&'static Stage],
    tell: &dyn Fn(&str),
) -> anyhow::Result<Vec<BuiltStage>> {
    let built = build::build_as(Profile::Debug, repo, subject, stages, tell)?;
    let candidate = |building: Building| {
        let content = building.content;
        BuiltStage {
            stage: building.stage,
            built: building.built,
            unwritten: unwritten(repo, building.stage, &building.sources),
            key: content.and_then(|content| cache::key(repo, building.stage, content)),
            is_silent: Arc::default(),
        }
    };
    Ok(built.into_iter().map(candidate).collect())
}
