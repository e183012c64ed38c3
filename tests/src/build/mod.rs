//! From a subject to programs.
//!
//! What stands in the students' files is copied into a workspace of the lab's own (`staging`) and built
//! there, with one call of cargo for all stages (`compiling`). What is started is a copy, taken while
//! the lock is held, so that neither a second grader nor another subject can change it meanwhile.

mod compile;
pub mod files;
pub mod fingerprint;
pub mod given;
pub mod repo;
mod staging;
pub mod subject;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;

use crate::build::compile::{CargoCall, CargoMessages};
use crate::build::repo::Repo;
use crate::build::staging::{Parts, Workspace};
use crate::build::subject::{Kind, Subject};
use crate::course::Stage;

pub use crate::build::compile::cargo;

/// After how long an unused copy of a program is removed.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// What became of one stage.
#[derive(Debug, Clone)]
pub enum Built {
    Program {
        path: PathBuf,
        /// What the compiler had to say all the same.
        warnings: String,
    },
    /// The compiler's message about the student's code.
    DoesNotCompile(String),
    /// A student's file that is missing, or cannot be read.
    NoSource(String),
    /// It could not be built, and the student's code is not the reason.
    CouldNotBuild(String),
}

/// One stage, and what it was built from.
#[derive(Debug)]
pub struct Building {
    pub stage: &'static Stage,
    pub built: Built,
    /// The text of each of the student's files as it was built; none where they could not be read.
    pub sources: Vec<String>,
    /// A hash of all that the program was built from, where it was read.
    pub content: Option<u64>,
}

/// How programs are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As a student builds them.
    Debug,
    /// As fast as they can be.
    Release,
}

/// Builds `stages` of `subject`.
///
/// # Errors
///
/// When cargo cannot be started, or has no say about the stages at all: a broken manifest, no network.
pub fn build(
    repo: &Repo,
    subject: &Subject,
    stages: &[&'static Stage],
) -> anyhow::Result<Vec<Building>> {
    build_as(Profile::Debug, repo, subject, stages, &say)
}

/// Tells of what a build waits for, on standard error.
pub fn say(waiting: &str) {
    eprintln!("{waiting}");
}

/// As [`build`], in a certain profile; `tell` hears what the build has to wait for.
///
/// # Errors
///
/// As [`build`].
pub fn build_as(
    profile: Profile,
    repo: &Repo,
    subject: &Subject,
    stages: &[&'static Stage],
    tell: &dyn Fn(&str),
) -> anyhow::Result<Vec<Building>> {
    let _lock = lock(repo, tell)?;
    let mut parts = Vec::new();
    let mut missing = Vec::new();
    for stage in stages {
        let found = read(repo, subject, stage);
        missing.push(found.map(|found| parts.push(found)).err());
    }
    let told = match parts.is_empty() {
        true => CargoMessages::default(),
        false => compile(profile, repo, subject, &parts, tell)?,
    };
    let mut parts = parts.into_iter();
    let built = stages.iter().zip(missing).map(|(stage, missing)| {
        let parts = match missing {
            None => parts.next(),
            Some(_) => None,
        };
        Ok(Building {
            stage,
            built: match missing {
                Some(built) => built,
                None => outcome(repo, stage, &told)?,
            },
            content: parts.as_ref().map(Parts::content),
            sources: parts.map_or_else(Vec::new, |parts| parts.sources),
        })
    });
    built.collect()
}

/// A hash of all that the program of `stage` would be built from now. `None` when some of it cannot be read.
#[must_use]
pub fn content(repo: &Repo, subject: &Subject, stage: &Stage) -> Option<u64> {
    Some(read(repo, subject, stage).ok()?.content())
}

/// One grader builds at a time.
fn lock(repo: &Repo, tell: &dyn Fn(&str)) -> anyhow::Result<File> {
    fs::create_dir_all(&repo.target)
        .with_context(|| format!("cannot write to {}", repo.target.display()))?;
    let path = repo.target.join("lock");
    let lock = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    if let Err(TryLockError::WouldBlock) = lock.try_lock() {
        tell("waiting for another lab, which is building …");
    }
    lock.lock()
        .with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(lock)
}

/// What `stage` is built from; or why it cannot be built.
fn read(repo: &Repo, subject: &Subject, stage: &Stage) -> Result<Parts, Built> {
    let sources = subject.read(stage);
    let sources = sources.map_err(|error| Built::NoSource(format!("{error:#}")))?;
    Parts::read(repo, subject, stage, sources).map_err(|error| {
        Built::CouldNotBuild(format!(
            "{error:#}\nThat is given code, which belongs to the lab: `git restore` brings it back."
        ))
    })
}

/// Copies `parts` to where they are built, and builds them there.
fn compile(
    profile: Profile,
    repo: &Repo,
    subject: &Subject,
    parts: &[Parts],
    tell: &dyn Fn(&str),
) -> anyhow::Result<CargoMessages> {
    let kind = match subject.kind {
        Kind::Exercises => "exercises",
        Kind::Solutions => "solutions",
        Kind::Submission => "submissions",
    };
    // Each with time stamps of its own, since cargo keeps the two apart as well.
    let folder = match profile {
        Profile::Debug => format!("staged/{kind}"),
        Profile::Release => format!("staged/{kind}-release"),
    };
    let workspace = Workspace::stage(repo, repo.target.join(folder), parts)?;
    let order = CargoCall {
        manifest: workspace.manifest_path(),
        target: repo.target.join(kind),
        is_release: profile == Profile::Release,
        packages: parts.iter().map(Parts::package).collect(),
        shown: &subject.folder,
    };
    let told = order.call(repo, tell)?;
    for package in told.built() {
        workspace.was_built(package)?;
    }
    Ok(told)
}

fn outcome(repo: &Repo, stage: &Stage, told: &CargoMessages) -> anyhow::Result<Built> {
    Ok(match told.program(stage) {
        Some(program) => Built::Program {
            path: copy(repo, stage, program)?,
            warnings: told.warnings(stage),
        },
        None => told.why_not(stage),
    })
}

/// Copies a program to a place that is named after its content, so that it never changes there.
fn copy(repo: &Repo, stage: &Stage, program: &Path) -> anyhow::Result<PathBuf> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let all = repo.target.join("programs");
    forget_old(&all);
    let folder = all.join(format!("{:016x}", fingerprint::of_value(&bytes)));
    let copy = folder
        .join(stage.package())
        .with_extension(std::env::consts::EXE_EXTENSION);
    if copy.exists() {
        // Another grader that cleans up takes it for new.
        let _ = File::open(&folder).and_then(|folder| folder.set_modified(SystemTime::now()));
        return Ok(copy);
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let unfinished = folder.join(format!("unfinished-{}", std::process::id()));
    fs::copy(program, &unfinished)
        .with_context(|| format!("cannot write {}", unfinished.display()))?;
    fs::rename(&unfinished, &copy).with_context(|| format!("cannot write {}", copy.display()))?;
    Ok(copy)
}

fn forget_old(programs: &Path) {
    for folder in fs::read_dir(programs).into_iter().flatten().flatten() {
        let age = folder
            .metadata()
            .and_then(|found| found.modified())
            .ok()
            .and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = fs::remove_dir_all(folder.path());
        }
    }
}
