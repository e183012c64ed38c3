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

/// A step whose `todo!("step N: …")` still stands in a student's file, outside of comments and strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwritten {
    pub step: u8,
    /// Where it stands: the file, below the stage's folder, and the line, from 1.
    pub file: &'static str,
    pub line: usize,
    /// Its region is not as it was shipped: somebody has begun to write it.
    pub is_begun: bool,
}

/// The steps of `stage` that are not written, or not to the end, in `sources`, which are the student's files.
#[must_use]
pub fn unwritten(repo: &Repo, stage: &Stage, sources: &[String]) -> Vec<Unwritten> {
    let files = stage.files.iter().zip(sources);
    let in_file = |(file, source): (&&'static str, &String)| {
        let name = file.rsplit('/').next().unwrap_or(file);
        let starter = repo.root.join("tests/starters").join(stage.slug).join(name);
        let starter = fs::read_to_string(starter).unwrap_or_default();
        let found = todos(source).into_iter().map(|(step, place)| Unwritten {
            step,
            file,
            line: source[..place].matches('\n').count() + 1,
            is_begun: is_begun(step, place, source, &starter),
        });
        found.collect::<Vec<_>>()
    };
    let mut all: Vec<Unwritten> = files.flat_map(in_file).collect();
    all.sort_by_key(|unwritten| unwritten.step);
    all.dedup_by_key(|unwritten| unwritten.step);
    all
}

/// Whether the region around the `todo!` of `step` at `place` of `source` says something else than in the starter. Where
/// there is nothing to compare it with, nobody can tell.
fn is_begun(step: u8, place: usize, source: &str, starter: &str) -> bool {
    let known = todos(starter).into_iter().find(|(other, _)| *other == step);
    let shipped = known.and_then(|(_, place)| region_around(starter, place));
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    match (region_around(source, place), shipped) {
        (Some(now), Some(shipped)) => words(now) != words(shipped),
        _ => false,
    }
}

/// What stands between `// region NAME` and `// endregion` around `place`.
fn region_around(source: &str, place: usize) -> Option<&str> {
    let start = source[..place].rfind("// region ")?;
    let end = place + source[place..].find("// endregion")?;
    Some(&source[start..end])
}

/// The steps that are not written, or not to the end: those whose `todo!("step N: …")` still stands in `source`, outside of
/// comments and strings.
#[must_use]
pub fn unwritten_steps(source: &str) -> Vec<u8> {
    let mut steps: Vec<u8> = todos(source).into_iter().map(|(step, _)| step).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}

/// The steps of which a `todo!` stands in `source`, and where it begins.
fn todos(source: &str) -> Vec<(u8, usize)> {
    let mut found = Vec::new();
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
            found.push((step, source.len() - rest.len()));
            "todo!".len()
        } else {
            next.len_utf8()
        };
        rest = &rest[skipped..];
    }
    found
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
