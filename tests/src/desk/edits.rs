//! Which stage was edited, as its files tell.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::build::fingerprint;
use crate::course::{STAGES, Stage};

/// How long a student's file may be to be compared, in bytes. A longer one is none.
const LONGEST: u64 = 1 << 20;

/// The student's files of every stage, at one moment.
#[derive(Debug)]
pub struct Edits {
    exercises: std::path::PathBuf,
    seen: Vec<Vec<Option<Stamp>>>,
}

/// What tells whether a file was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    content: u64,
}

impl Edits {
    /// The files below `exercises` as they stand now.
    #[must_use]
    pub fn now(exercises: &Path) -> Self {
        Self {
            seen: STAGES
                .iter()
                .map(|stage| stamps(exercises, stage))
                .collect(),
            exercises: exercises.to_path_buf(),
        }
    }

    /// The stage of which a file was written since the last look; of several the one that was written last.
    pub fn look(&mut self) -> Option<&'static Stage> {
        let mut edited = Vec::new();
        for (stage, seen) in STAGES.iter().zip(&mut self.seen) {
            let now = stamps(&self.exercises, stage);
            if *seen != now {
                *seen = now;
                edited.push((stage, modified(seen)));
            }
        }
        let last = edited.into_iter().max_by_key(|(_, modified)| *modified);
        last.map(|(stage, _)| stage)
    }

    /// Whether a student's file is not there: an editor may be about to put the new one in the place of the old.
    #[must_use]
    pub fn lacks_one(&self) -> bool {
        self.seen.iter().flatten().any(Option::is_none)
    }
}

/// The stage that was edited last: of those whose files are not as they were shipped, the one that was written last.
#[must_use]
pub fn last_edited(root: &Path) -> Option<&'static Stage> {
    let exercises = root.join("exercises");
    let is_edited = |stage: &&Stage| {
        let mut files = stage.files.iter();
        files.any(|file| {
            let name = file.rsplit('/').next().unwrap_or(file);
            let starter = root.join("tests/starters").join(stage.slug).join(name);
            let own = exercises.join(stage.slug).join(file);
            match (content(&own), content(&starter)) {
                (Some(own), Some(starter)) => own != starter,
                _ => false,
            }
        })
    };
    let edited = STAGES.iter().filter(is_edited);
    edited.max_by_key(|stage| modified(&stamps(&exercises, stage)))
}

/// The stage to begin with: the one that was edited last, or the first.
#[must_use]
pub fn at_hand(root: &Path) -> &'static Stage {
    last_edited(root).unwrap_or(&STAGES[0])
}

fn modified(stamps: &[Option<Stamp>]) -> Option<SystemTime> {
    let times = stamps.iter().flatten().filter_map(|stamp| stamp.modified);
    times.max()
}

fn stamps(exercises: &Path, stage: &Stage) -> Vec<Option<Stamp>> {
    let files = stage.files.iter();
    files
        .map(|file| stamp(&exercises.join(stage.slug).join(file)))
        .collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    Some(Stamp {
        modified: path.metadata().ok()?.modified().ok(),
        content: fingerprint::of_value(&content(path)?),
    })
}

/// What stands in a file. A pipe or a device in its place would be read for ever.
fn content(path: &Path) -> Option<Vec<u8>> {
    let found = path.metadata().ok()?;
    match found.is_file() && found.len() <= LONGEST {
        true => fs::read(path).ok(),
        false => None,
    }
}
