//! From a subject to programs: one cargo call, whose messages say which stages compiled.
//!
//! `exercises` and `solutions` are built where they stand, into target folders of their own. Of any other
//! subject the students' files are put into a skeleton that is ours. What is started is a copy, taken while
//! the lock is held, so that neither a second grader nor another subject can change it meanwhile.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::course::Stage;
use crate::live;
use crate::output::Output;
use crate::skeleton;
use crate::subject::{House, Kind, Subject};

/// After how long an unused copy of a program is removed.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// How much of what cargo says is kept.
const MOST: usize = 64 * 1024 * 1024;

/// What became of one stage.
#[derive(Debug, Clone)]
pub enum Built {
    Program {
        path: PathBuf,
        /// What the compiler had to say all the same.
        warnings: String,
    },
    /// The compiler's message.
    DoesNotCompile(String),
    /// A student's file that is missing, or cannot be read.
    NoSource(String),
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
    house: &House,
    subject: &Subject,
    stages: &[&'static Stage],
) -> anyhow::Result<Vec<(&'static Stage, Built)>> {
    build_as(Profile::Debug, house, subject, stages)
}

/// As [`build`], in a certain profile.
///
/// # Errors
///
/// As [`build`].
pub fn build_as(
    profile: Profile,
    house: &House,
    subject: &Subject,
    stages: &[&'static Stage],
) -> anyhow::Result<Vec<(&'static Stage, Built)>> {
    let unreadable: Vec<Option<String>> = stages
        .iter()
        .map(|stage| subject.read(stage).err().map(|error| format!("{error:#}")))
        .collect();
    let readable: Vec<&Stage> = stages
        .iter()
        .zip(&unreadable)
        .filter(|(_, error)| error.is_none())
        .map(|(stage, _)| *stage)
        .collect();

    fs::create_dir_all(&house.target)
        .with_context(|| format!("cannot write to {}", house.target.display()))?;
    let lock = File::create(house.target.join("lock")).context("cannot make a lock file")?;
    lock.lock().context("cannot lock")?;
    let told = if readable.is_empty() {
        Vec::new()
    } else {
        call_cargo(profile, house, subject, &readable)?
    };
    let built = stages.iter().zip(unreadable).map(|(stage, unreadable)| {
        let built = match unreadable {
            Some(reason) => Built::NoSource(reason),
            None => outcome(house, stage, &told)?,
        };
        Ok((*stage, built))
    });
    built.collect()
}

/// Cargo's messages about `stages`, as JSON values.
fn call_cargo(
    profile: Profile,
    house: &House,
    subject: &Subject,
    stages: &[&Stage],
) -> anyhow::Result<Vec<Value>> {
    let mut command = order(profile, house, subject, stages)?;
    let started = live::start(&mut command);
    let mut child =
        started.context("cannot start cargo: is Rust installed, and cargo on the PATH?")?;
    let stdout = Output::drain(child.stdout.take().context("no pipe")?, MOST);
    let stderr = Output::drain(child.stderr.take().context("no pipe")?, MOST);
    let waited = child.wait();
    live::say_nothing_if_interrupted();
    let status = waited.context("cannot wait for cargo")?;
    stdout.wait_for_the_end(crate::deadline::Deadline::start());
    stderr.wait_for_the_end(crate::deadline::Deadline::start());
    live::end(&mut child);

    let told: Vec<Value> = stdout
        .text()
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let has_a_say = told
        .iter()
        .any(|message| message["reason"] == "build-finished");
    if !status.success() && !has_a_say {
        bail!(
            "cargo cannot build {}:\n{}",
            subject.folder.display(),
            stderr.text().trim_end()
        );
    }
    Ok(told)
}

/// The call of cargo that builds `stages`.
fn order(
    profile: Profile,
    house: &House,
    subject: &Subject,
    stages: &[&Stage],
) -> anyhow::Result<Command> {
    let (manifest, target) = match subject.kind {
        Kind::Exercises => (house.root.join("Cargo.toml"), "exercises"),
        Kind::Solutions => (house.root.join("solutions/Cargo.toml"), "solutions"),
        Kind::Submission => (skeleton::stage(house, subject, stages)?, "submissions"),
    };
    let mut command = cargo();
    command
        .arg("build")
        .arg("--keep-going")
        .args(["--message-format", "json"]);
    command
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--target-dir")
        .arg(house.target.join(target));
    if profile == Profile::Release {
        command.arg("--release");
    }
    for stage in stages {
        command.args(["--package", stage.package()]);
    }
    command
        .current_dir(&house.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(command)
}

/// The cargo that started us, or the one on the PATH.
#[must_use]
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn outcome(house: &House, stage: &Stage, told: &[Value]) -> anyhow::Result<Built> {
    let about_stage = told
        .iter()
        .filter(|message| message["target"]["name"] == stage.package());
    let program = about_stage
        .clone()
        .filter(|message| message["reason"] == "compiler-artifact")
        .find_map(|message| message["executable"].as_str());
    if let Some(program) = program {
        let path = copy(house, stage, Path::new(program))?;
        return Ok(Built::Program {
            path,
            warnings: rendered(about_stage, "warning"),
        });
    }
    let own = rendered(about_stage, "error");
    // Without a word about the stage itself, what it stands on did not compile.
    let all = || rendered(told.iter(), "error");
    Ok(Built::DoesNotCompile(if own.is_empty() {
        all()
    } else {
        own
    }))
}

/// The compiler's messages of one level, as it would print them.
fn rendered<'a>(messages: impl Iterator<Item = &'a Value>, level: &str) -> String {
    let of_level = messages.filter(|message| message["message"]["level"] == level);
    of_level
        .filter_map(|message| message["message"]["rendered"].as_str())
        .collect()
}

/// Copies a program to a place that is named after its content, so that it never changes there.
fn copy(house: &House, stage: &Stage, program: &Path) -> anyhow::Result<PathBuf> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let all = house.target.join("programs");
    forget_old(&all);
    let folder = all.join(format!("{:016x}", hasher.finish()));
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
