//! A subject: a folder of stages to be judged.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::build::repo::Repo;
use crate::course::Stage;

/// How long a student's file may be, in bytes.
const LONGEST: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub folder: PathBuf,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The student's own work, with the given code of their clone.
    Exercises,
    /// The twin, with its own given code, which is the same.
    Solutions,
    /// Anything else contributes its students' files only; the rest is ours.
    Submission,
}

impl Subject {
    /// The subject in `folder`, or in its folder `exercises`, as a whole clone has it; by default our own exercises.
    ///
    /// # Errors
    ///
    /// When there is no such folder, or no stage in it.
    pub fn open(repo: &Repo, folder: Option<&Path>) -> anyhow::Result<Self> {
        let folder = folder.map_or_else(|| repo.root.join("exercises"), Path::to_path_buf);
        let folder = folder
            .canonicalize()
            .with_context(|| format!("there is no folder {}", folder.display()))?;
        let inner = folder.join("exercises");
        let folder = match !holds_stages(&folder) && holds_stages(&inner) {
            true => inner,
            false => folder,
        };
        let is = |name: &str| {
            repo.root
                .join(name)
                .canonicalize()
                .is_ok_and(|path| path == folder)
        };
        let kind = match () {
            () if is("exercises") => Kind::Exercises,
            () if is("solutions") => Kind::Solutions,
            () => Kind::Submission,
        };
        if !holds_stages(&folder) {
            bail!(
                "{} holds no stage: it has no folder such as {}",
                folder.display(),
                crate::course::STAGES[0].slug
            );
        }
        Ok(Self { folder, kind })
    }

    /// Its folder, where a command has to name it.
    #[must_use]
    pub fn named(&self) -> Option<&Path> {
        (self.kind != Kind::Exercises).then_some(self.folder.as_path())
    }

    /// The text of each of the student's files of `stage`.
    ///
    /// # Errors
    ///
    /// When one is missing, cannot be read, or is not UTF-8. The message says what to do.
    pub fn read(&self, stage: &Stage) -> anyhow::Result<Vec<String>> {
        stage
            .files
            .iter()
            .map(|file| self.read_one(stage, file))
            .collect()
    }

    fn read_one(&self, stage: &Stage, file: &str) -> anyhow::Result<String> {
        let path = self.folder.join(stage.slug).join(file);
        let again = match self.kind {
            Kind::Exercises => format!(
                "`cargo lab reset {}` brings back the file as it was shipped",
                stage.short()
            ),
            Kind::Solutions => "`git restore solutions` brings it back".into(),
            Kind::Submission => "without it this stage of the subject cannot be judged".into(),
        };
        match path.metadata() {
            Ok(found) if found.is_file() && found.len() <= LONGEST => {}
            Ok(found) if found.is_file() => {
                bail!(
                    "{} is longer than a student's file can be; {again}",
                    path.display()
                )
            }
            Ok(_) => bail!("{} is not a file; {again}", path.display()),
            Err(error) => bail!("{} cannot be read: {error}; {again}", path.display()),
        }
        let bytes =
            fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        String::from_utf8(bytes).map_err(|error| {
            let place = error.utf8_error().valid_up_to();
            anyhow::anyhow!(
                "{} is not UTF-8 text: byte {} is none; save it as UTF-8",
                path.display(),
                place + 1
            )
        })
    }
}

/// Whether a folder has that of a stage in it.
fn holds_stages(folder: &Path) -> bool {
    let mut stages = crate::course::STAGES.iter();
    stages.any(|stage| folder.join(stage.slug).is_dir())
}

/// The steps that were not started: those whose `todo!("step N: …")` still stands in `source`, outside of
/// comments and strings.
#[must_use]
pub fn steps_not_started(source: &str) -> Vec<u8> {
    let mut steps = Vec::new();
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment
                .find("*/")
                .map_or(rest.len(), |end| end + "/**/".len())
        } else if rest.starts_with("'\"'") {
            "'\"'".len()
        } else if next == '"' {
            length_of_string(rest)
        } else if let Some(step) = step_of_todo(rest) {
            steps.push(step);
            "todo!".len()
        } else {
            next.len_utf8()
        };
        rest = &rest[skipped..];
    }
    steps.sort_unstable();
    steps.dedup();
    steps
}

fn step_of_todo(source: &str) -> Option<u8> {
    let inside = source
        .strip_prefix("todo!")?
        .trim_start()
        .strip_prefix('(')?
        .trim_start();
    let number = inside.strip_prefix("\"step ")?;
    number
        .split(|other: char| !other.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn length_of_string(source: &str) -> usize {
    let mut escaped = false;
    for (place, letter) in source.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return place + 1,
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    source.len()
}
