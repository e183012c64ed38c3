//! Why each stage of the exercises failed last, and how many hints about that were shown: a student who asks again for the
//! same failure gets a stronger one.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::build::repo::Repo;
use crate::course::Stage;
use crate::course::cause::Cause;
use crate::judge::cache;

/// One JSON object, from the slug of a stage to the name of a cause and a count.
#[derive(Debug)]
pub struct Stuck {
    file: PathBuf,
    stages: Map<String, Value>,
}

/// A failure, and how many hints about it were shown before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    pub cause: Cause,
    pub hints_shown: usize,
}

impl Stuck {
    #[must_use]
    pub fn open(repo: &Repo) -> Self {
        let file = repo.target.join("stuck.json");
        let stages = cache::read(&file);
        Self { file, stages }
    }

    /// Why the first check of `stage` failed when it was judged last, or that none did. The same cause again leaves the count
    /// of its hints as it is.
    pub fn judged(mut self, stage: &Stage, cause: Option<Cause>) {
        let before = self.failed(stage).map(|failed| failed.cause);
        if before == cause {
            return;
        }
        match cause {
            Some(cause) => self.set(
                stage,
                Failed {
                    cause,
                    hints_shown: 0,
                },
            ),
            None => {
                self.stages.remove(stage.slug);
            }
        }
        self.write();
    }

    /// Why `stage` failed, if it did when it was judged last.
    #[must_use]
    pub fn failed(&self, stage: &Stage) -> Option<Failed> {
        let seen = self.stages.get(stage.slug)?;
        let cause = Cause::listed(seen["cause"].as_str()?).next()?.ok()?;
        let hints_shown = usize::try_from(seen["hints_shown"].as_u64()?).ok()?;
        Some(Failed { cause, hints_shown })
    }

    /// One hint more about this failure of `stage` was shown.
    pub fn hint_shown(mut self, stage: &Stage, failed: Failed) {
        let hints_shown = failed.hints_shown + 1;
        self.set(
            stage,
            Failed {
                hints_shown,
                ..failed
            },
        );
        self.write();
    }

    fn set(&mut self, stage: &Stage, Failed { cause, hints_shown }: Failed) {
        let seen = json!({ "cause": cause.name(), "hints_shown": hints_shown });
        self.stages.insert(stage.slug.into(), seen);
    }

    /// What is not remembered only makes the next hint a weaker one.
    fn write(self) {
        cache::write_whole(&self.file, self.stages);
    }
}
