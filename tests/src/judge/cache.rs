//! What is known of the student's work without judging it again, so that the map is instant and never wrong:
//! a result counts only for the very files, given code and checks that it was got from.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::build::repo::Repo;
use crate::build::subject::{Kind, Subject};
use crate::build::{self, fingerprint};
use crate::course::Stage;
use crate::judge::stuck::Stuck;
use crate::judge::{BuiltStage, Score};

/// The results of earlier runs: one JSON object, from the hash of a stage to its score.
#[derive(Debug)]
pub struct ScoreCache {
    file: PathBuf,
    known: Map<String, Value>,
}

impl ScoreCache {
    #[must_use]
    pub fn open(repo: &Repo) -> Self {
        let file = repo.target.join("results.json");
        let known = read(&file);
        Self { file, known }
    }

    /// The score of `stage` of the exercises as it stands now, if it is known.
    #[must_use]
    pub fn get(&self, repo: &Repo, stage: &Stage) -> Option<Score> {
        let subject = Subject::open(repo, None).ok()?;
        let content = build::content(repo, &subject, stage)?;
        let known = self.known.get(&key(repo, stage, content)?)?;
        let number = |name: &str| u32::try_from(known[name].as_u64()?).ok();
        Some(Score {
            points: number("points")?,
            most: number("most")?,
            ungraded: 0,
            steps_done: u8::try_from(number("steps_done")?).ok()?,
            steps_so_far: u8::try_from(number("steps_so_far")?).ok()?,
            first_failure: None,
        })
    }

    /// Remembers what all checks of `candidate` came to, and why the first failed. Other subjects than the exercises are
    /// nobody's progress, and what could not be graded is no result.
    ///
    /// A thorough run has a key of its own, since a program may pass the one and fail the other.
    pub fn put(
        repo: &Repo,
        subject: &Subject,
        candidate: &BuiltStage,
        is_thorough: bool,
        score: &Score,
    ) {
        if subject.kind == Kind::Exercises {
            Stuck::open(repo).judged(candidate.stage, score.first_failure);
        }
        let is_result = subject.kind == Kind::Exercises && score.ungraded == 0;
        let Some(key) = candidate.key.as_ref().filter(|_| is_result) else {
            return;
        };
        let key = match is_thorough {
            true => format!("{key} thorough"),
            false => key.clone(),
        };
        // Another grader may have written meanwhile. A result that is not remembered shows as unknown.
        let mut results = Self::open(repo);
        let value = json!({
            "points": score.points,
            "most": score.most,
            "steps_done": score.steps_done,
            "steps_so_far": score.steps_so_far,
        });
        results.known.insert(key, value);
        write_whole(&results.file, results.known);
    }
}

/// The object in a file of ours; an empty one where there is none.
pub(super) fn read(file: &Path) -> Map<String, Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Puts an object into a file of ours. Nobody ever reads half of it, and that it cannot be written is no reason to fail.
pub(super) fn write_whole(file: &Path, object: Map<String, Value>) {
    let unfinished = file.with_extension(format!("unfinished-{}", std::process::id()));
    let text = Value::Object(object).to_string();
    let _ = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, file));
}

/// A hash of all that a verdict on `stage` depends on, if its program is built from `content`. `None` when some of it
/// cannot be read.
#[must_use]
pub fn key(repo: &Repo, stage: &Stage, content: u64) -> Option<String> {
    let snapshots = fingerprint::of_files([repo.root.join("tests/snapshots")]).ok()?;
    let hash = fingerprint::of_value(&(content, env!("LAB_SOURCES"), snapshots));
    Some(format!("{} {hash:016x}", stage.slug))
}
