//! What is known of the student's work without judging it again, so that the map is instant and never wrong:
//! a result counts only for the very files, given code and checks that it was got from.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::course::Stage;
use crate::judge::{Candidate, Score};
use crate::subject::{House, Kind, Subject};

/// The results of earlier runs: one JSON object, from the hash of a stage to its score.
#[derive(Debug)]
pub struct Results {
    file: PathBuf,
    known: Map<String, Value>,
}

impl Results {
    #[must_use]
    pub fn open(house: &House) -> Self {
        let file = house.target.join("results.json");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let known = serde_json::from_str(&text).unwrap_or_default();
        Self { file, known }
    }

    /// The score of `stage` of the exercises as it stands now, if it is known.
    #[must_use]
    pub fn get(&self, house: &House, stage: &Stage) -> Option<Score> {
        let known = self.known.get(&key(house, stage)?)?;
        let number = |name: &str| u32::try_from(known[name].as_u64()?).ok();
        Some(Score {
            points: number("points")?,
            most: number("most")?,
            steps_done: u8::try_from(number("steps_done")?).ok()?,
        })
    }

    /// Remembers what all checks of `candidate` came to, unless its files have changed since it was built. Other
    /// subjects than the exercises are nobody's progress.
    pub fn put(house: &House, subject: &Subject, candidate: &Candidate, score: &Score) {
        let unchanged =
            key(house, candidate.stage).filter(|now| Some(now) == candidate.key.as_ref());
        let Some(key) = unchanged.filter(|_| subject.kind == Kind::Exercises) else {
            return;
        };
        // Another grader may have written meanwhile. A result that is not remembered shows as unknown, and is no
        // reason to fail; but nobody ever reads half a file.
        let mut results = Self::open(house);
        let value =
            json!({ "points": score.points, "most": score.most, "steps_done": score.steps_done });
        results.known.insert(key, value);
        let unfinished = results
            .file
            .with_extension(format!("unfinished-{}", std::process::id()));
        let text = Value::Object(results.known).to_string();
        let _ = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, &results.file));
    }
}

/// A hash of all that a verdict on `stage` depends on. `None` when some of it cannot be read.
#[must_use]
pub fn key(house: &House, stage: &Stage) -> Option<String> {
    let folder = house.root.join("exercises").join(stage.slug);
    let mut hasher = DefaultHasher::new();
    for file in stage.files {
        let path = folder.join(file);
        // A pipe or a device would be read for ever.
        path.is_file()
            .then(|| fs::read(path).ok())??
            .hash(&mut hasher);
    }
    for given in ["Cargo.toml", "src/main.rs"] {
        fs::read(folder.join(given)).ok()?.hash(&mut hasher);
    }
    for ours in [
        "exercises/kit/src",
        "tests/src",
        "tests/stages",
        "tests/snapshots",
    ] {
        hash_all(&house.root.join(ours), &mut hasher)?;
    }
    Some(format!("{} {:016x}", stage.slug, hasher.finish()))
}

fn hash_all(folder: &Path, hasher: &mut DefaultHasher) -> Option<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            hash_all(&path, hasher)?;
        } else {
            (path.file_name(), fs::read(&path).ok()?).hash(hasher);
        }
    }
    Some(())
}
