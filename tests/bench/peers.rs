//! The servers in `.bench`: what others have written for the same purpose. Where there is no C compiler or no Python,
//! theirs are left out.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use lab::build::cargo;
use lab::build::repo::Repo;
use lab::process::deadline::Deadline;
use lab::process::output::Output;
use lab::process::reaper;

use crate::contestant::{Contestant, Field};

/// How much of what a compiler says is kept.
const MOST: usize = 1 << 20;

/// Adds the peers to the field.
pub fn join(field: &mut Field, repo: &Repo) -> anyhow::Result<()> {
    let folder = repo.root.join(".bench");
    ensure!(
        folder.join("Cargo.toml").is_file(),
        "there is no {}: --peers measures the servers in it",
        folder.display()
    );
    let built = repo.target.join("bench");
    fs::create_dir_all(&built).with_context(|| format!("cannot make {}", built.display()))?;
    let python = |script: &str| {
        let interpreter = ["python3", "python"].into_iter().find(|name| runs(name));
        let interpreter = interpreter.context("there is no Python")?;
        Ok(vec![interpreter.into(), folder.join(script).into()])
    };
    eprintln!("building the peers");
    field.joins("tokio", "current-thread", tokio(&folder, &built));
    if cfg!(target_os = "linux") {
        let compiled = c(&folder.join("epoll.c"), &built.join("epoll"));
        field.joins("C and epoll", "epoll.c", compiled);
    }
    field.joins("Python, polling", "polling.py", python("polling.py"));
    field.joins(
        "Python, selectors",
        "selectors_echo.py",
        python("selectors_echo.py"),
    );
    Ok(())
}

impl Field {
    fn joins(&mut self, name: &str, program: &str, line: anyhow::Result<Vec<OsString>>) {
        match line {
            Ok(line) => self.contestants.push(Contestant::new(name, program, line)),
            Err(error) => eprintln!("{name} is left out: {error:#}"),
        }
    }
}

/// The tokio server, from its own workspace.
fn tokio(folder: &Path, target: &Path) -> anyhow::Result<Vec<OsString>> {
    let mut command = cargo();
    command
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--manifest-path",
        ])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target);
    succeeds(&mut command)?;
    let program = target.join("release/tokio-echo");
    let program: PathBuf = program.with_extension(std::env::consts::EXE_EXTENSION);
    Ok(vec![program.into()])
}

/// A C program, by whatever is called `cc`.
fn c(source: &Path, program: &Path) -> anyhow::Result<Vec<OsString>> {
    ensure!(runs("cc"), "there is no C compiler (`cc`)");
    let mut command = Command::new("cc");
    command.args(["-O2", "-Wall", "-Wextra", "-Werror", "-o"]);
    succeeds(command.arg(program).arg(source))?;
    Ok(vec![program.into()])
}

/// Whether there is such a command.
fn runs(name: &str) -> bool {
    let mut command = Command::new(name);
    succeeds(command.arg("--version")).is_ok()
}

fn succeeds(command: &mut Command) -> anyhow::Result<()> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let started = reaper::start(command);
    let mut child = started.with_context(|| format!("cannot start {command:?}"))?;
    let said = Output::drain(child.stderr.take().context("no pipe")?, MOST)?;
    let waited = child.wait();
    reaper::block_if_interrupted();
    said.wait_for_the_end(Deadline::start());
    reaper::end(&mut child);
    let status = waited.with_context(|| format!("cannot wait for {command:?}"))?;
    ensure!(
        status.success(),
        "{command:?} failed\n{}",
        said.text().trim_end()
    );
    Ok(())
}
