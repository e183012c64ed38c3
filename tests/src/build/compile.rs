//! One call of cargo, and what its messages say: which stages compiled, and whose fault it is where one did not.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::build::Built;
use crate::build::repo::Repo;
use crate::course::Stage;
use crate::platform;
use crate::process::deadline::{Deadline, Pace};
use crate::process::output::Output;
use crate::process::reaper;

/// Maximum bytes that are kept of what cargo says.
const MOST: usize = 64 * 1024 * 1024;

/// How many of cargo's last lines are shown where it could not build.
const LAST_LINES: usize = 12;

/// What to do about an error in the kit.
const GIVEN: &str =
    "The kit is given code and belongs to the lab: `git restore exercises/kit` brings it back.";

/// Errors about what the code was compiled with, though they name a place in it: the error index of rustc.
const OF_THE_MACHINE: [&str; 5] = ["E0460", "E0461", "E0462", "E0514", "E0786"];

/// What cargo says while another one is at work in the same place.
const BLOCKED: &str = "Blocking waiting for file lock";

/// What takes no longer is not worth a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// Settings that no configuration of cargo's may change, since a program's behaviour depends on them.
const PROFILE: [&str; 3] = [
    "profile.dev.panic='unwind'",
    "profile.dev.overflow-checks=true",
    "profile.dev.debug-assertions=true",
];

/// What cargo is to build.
#[derive(Debug)]
pub(crate) struct CargoCall<'a> {
    pub manifest: PathBuf,
    pub target: PathBuf,
    pub is_release: bool,
    pub packages: Vec<&'static str>,
    /// What is built, as a message names it.
    pub shown: &'a Path,
}

/// What cargo had to say.
#[derive(Debug, Default)]
pub(crate) struct CargoMessages {
    messages: Vec<Value>,
    stderr: String,
}

/// The cargo that started us, or the one on the PATH.
#[must_use]
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

impl CargoCall<'_> {
    /// Calls cargo.
    ///
    /// # Errors
    ///
    /// When cargo cannot be started, or has no say about the packages at all: a broken manifest, no network.
    pub fn call(&self, repo: &Repo, tell: &dyn Fn(&str)) -> anyhow::Result<CargoMessages> {
        let told = self.call_once(self.command(repo), tell)?;
        if !told.errors().any(is_by_flag) {
            return Ok(told);
        }
        // This machine may need the flags in cargo's configuration to link. So they stay, unless they deny something.
        let mut command = self.command(repo);
        command.env("CARGO_ENCODED_RUSTFLAGS", "");
        self.call_once(command, tell)
    }

    fn command(&self, repo: &Repo) -> Command {
        let mut command = cargo();
        platform::forget_build_settings(&mut command);
        command
            .args(["build", "--keep-going", "--message-format", "json"])
            .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
            .arg("--manifest-path")
            .arg(&self.manifest)
            .arg("--target-dir")
            .arg(&self.target)
            // A build folder that all workspaces share would mix up packages of the same name.
            .env("CARGO_BUILD_BUILD_DIR", &self.target);
        if self.is_release {
            command.arg("--release");
        }
        for package in &self.packages {
            command.args(["--package", package]);
        }
        command
            .current_dir(&repo.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn call_once(
        &self,
        mut command: Command,
        tell: &dyn Fn(&str),
    ) -> anyhow::Result<CargoMessages> {
        // All that it starts ends with it.
        platform::lead_a_group(&mut command);
        let started = reaper::start(&mut command);
        let mut child =
            started.context("cannot start cargo: is Rust installed, and cargo on the PATH?")?;
        let stdout = Output::drain(child.stdout.take().context("no pipe")?, MOST)?;
        let stderr = Output::drain(child.stderr.take().context("no pipe")?, MOST)?;
        let waited = wait(&mut child, &stderr, tell);
        reaper::block_if_interrupted();
        let status = waited.context("cannot wait for cargo")?;
        stdout.wait_for_the_end(Deadline::start());
        stderr.wait_for_the_end(Deadline::start());
        reaper::end(&mut child);

        let text = stdout.text();
        let messages = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let told = CargoMessages {
            messages: messages.collect(),
            stderr: stderr.text(),
        };
        let is_end = |message: &Value| message["reason"] == "build-finished";
        if !status.success() && !told.messages.iter().any(is_end) {
            let said = told.stderr.trim_end();
            bail!("cargo cannot build {}:\n{said}", self.shown.display());
        }
        Ok(told)
    }
}

/// Waits for cargo, and tells once if that waits for another one.
fn wait(child: &mut Child, stderr: &Output, tell: &dyn Fn(&str)) -> io::Result<ExitStatus> {
    let (pace, begun) = (Pace::start(), Instant::now());
    let mut is_told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let is_long = begun.elapsed() > PATIENCE;
        if !is_told && is_long && stderr.text().contains(BLOCKED) {
            is_told = true;
            tell("waiting for another cargo, which holds a lock …");
        }
        pace.pause();
    }
}

impl CargoMessages {
    /// The packages that were built, or were found built.
    pub fn built(&self) -> impl Iterator<Item = &str> {
        let built = self.messages.iter();
        built
            .filter(|message| message["reason"] == "compiler-artifact")
            .filter_map(|message| message["target"]["name"].as_str())
    }

    /// The program of `stage`.
    #[must_use]
    pub fn program(&self, stage: &Stage) -> Option<&Path> {
        let mut built = self.about(stage);
        let executable = built.find_map(|message| message["executable"].as_str());
        executable.map(Path::new)
    }

    /// What the compiler had to say of a stage that it compiled.
    #[must_use]
    pub fn warnings(&self, stage: &Stage) -> String {
        let about = self.about(stage);
        rendered(about.filter(|one| one["message"]["level"] == "warning"))
    }

    /// Why there is no program of `stage`. An error is the student's where it names a place in the stage's own code.
    #[must_use]
    pub fn why_not(&self, stage: &Stage) -> Built {
        let own: Vec<&Value> = self.about(stage).filter(|one| is_error(one)).collect();
        if own.iter().any(|error| is_about_the_code_of(stage, error)) {
            return Built::DoesNotCompile(rendered(own.into_iter()));
        }
        let errors = match own.is_empty() {
            true => rendered(self.errors()),
            false => rendered(own.into_iter()),
        };
        let lines: Vec<&str> = self.stderr.trim_end().lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        let reason = format!("{errors}\n{last}").trim().to_string();
        Built::CouldNotBuild(
            match self.errors().any(|error| error["target"]["name"] == "kit") {
                true => format!("{reason}\n\n{GIVEN}"),
                false => reason,
            },
        )
    }

    fn about(&self, stage: &Stage) -> impl Iterator<Item = &Value> {
        let all = self.messages.iter();
        all.filter(|message| message["target"]["name"] == stage.package())
    }

    fn errors(&self) -> impl Iterator<Item = &Value> {
        self.messages.iter().filter(|message| is_error(message))
    }
}

fn is_error(message: &Value) -> bool {
    // "error", or "error: internal compiler error".
    let level = message["message"]["level"].as_str();
    level.is_some_and(|level| level.starts_with("error"))
}

/// Whether it is an error only because a flag says so. The lints of our own manifests forbid, and do not deny.
fn is_by_flag(error: &Value) -> bool {
    let text = error["message"]["rendered"].as_str().unwrap_or_default();
    text.contains("`-D ")
}

/// Whether an error names a place in the code of `stage`.
fn is_about_the_code_of(stage: &Stage, error: &Value) -> bool {
    let message = &error["message"];
    let code = message["code"]["code"].as_str().unwrap_or_default();
    let mut spans = message["spans"].as_array().into_iter().flatten();
    message["level"] == "error"
        && !OF_THE_MACHINE.contains(&code)
        && spans.any(|span| is_in(stage, span))
}

/// Whether a place is in the code of `stage`, or the macro call that it comes from.
fn is_in(stage: &Stage, span: &Value) -> bool {
    let file = span["file_name"].as_str().unwrap_or_default();
    let is_own = Path::new(file).starts_with(Path::new("exercises").join(stage.slug));
    is_own || (!span["expansion"].is_null() && is_in(stage, &span["expansion"]["span"]))
}

/// The compiler's messages, as it would print them.
fn rendered<'a>(messages: impl Iterator<Item = &'a Value>) -> String {
    let texts = messages.filter_map(|message| message["message"]["rendered"].as_str());
    texts.collect()
}
