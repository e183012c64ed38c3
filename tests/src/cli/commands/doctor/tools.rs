//! The tools of the lab: cargo, the compiler, a linker, and the crates that were fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::build::repo::Repo;
use crate::build::{cargo, files};
use crate::cli::commands::doctor::Trial;

/// Without these there is no use in looking for the others.
pub(super) const FIRST: [Trial; 2] = [
    ("cargo", |repo| version("cargo", repo), RUSTUP),
    ("rustc", |repo| version("rustc", repo), RUSTUP),
];

pub(super) const OTHERS: [Trial; 5] = [
    ("target folder", may_write, TARGET),
    ("linker", linker, LINKER),
    ("time stamps", time_stamps, TARGET),
    ("dependencies", |repo| dependencies(&repo.root), FETCH),
    ("solutions", solutions, FETCH_TWIN),
];

pub(super) const EXTRAS: [Trial; 1] = [("strace", |_| strace(), STRACE)];

const RUSTUP: &str = "install Rust, or a newer one: https://rustup.rs, or `rustup update stable`";
const LINKER: &str = if cfg!(windows) {
    "install the C++ part of the Visual Studio Build Tools"
} else if cfg!(target_os = "macos") {
    "xcode-select --install"
} else {
    "install a C compiler, such as the package gcc or build-essential; where there is one, look at what was said"
};
const STRACE: &str = if cfg!(target_os = "linux") {
    "with it `cargo lab trace` shows the server's side, too: install the package of that name"
} else {
    "only Linux has it; `cargo lab trace` shows the clients alone"
};
const FETCH: &str = "with a network, once: cargo fetch --locked; where that speaks of the lock file, \
                     it or a manifest was changed: git restore Cargo.lock Cargo.toml";
const FETCH_TWIN: &str = "the same, in the folder solutions";
const TARGET: &str =
    "set CARGO_TARGET_DIR to a folder that you may write to, on a disk of this machine";

fn version(tool: &str, repo: &Repo) -> anyhow::Result<String> {
    let text = output(Command::new(tool).arg("--version").current_dir(&repo.root))?;
    let found = text.split_whitespace().nth(1).unwrap_or_default();
    let wanted = env!("CARGO_PKG_RUST_VERSION");
    ensure!(
        numbers(found) >= numbers(wanted),
        "{found} is too old, {wanted} is needed"
    );
    Ok(found.to_owned())
}

/// The numbers of a version; `1.91.0-nightly` has the same as `1.91.0`.
fn numbers(version: &str) -> Vec<u32> {
    let release = version.split('-').next().unwrap_or_default();
    release
        .split('.')
        .map_while(|number| number.parse().ok())
        .collect()
}

fn strace() -> anyhow::Result<String> {
    let text = output(Command::new("strace").arg("--version"))?;
    let version = text.lines().next().and_then(|line| line.rsplit(' ').next());
    Ok(format!(
        "{}, for `cargo lab trace`",
        version.unwrap_or_default()
    ))
}

/// The target folder must be writable, even in a read-only checkout.
fn may_write(repo: &Repo) -> anyhow::Result<String> {
    Scratch::new(&repo.target)?;
    Ok(repo.target.display().to_string())
}

/// Cargo is asked, and not the compiler: its configuration may name another linker.
fn linker(repo: &Repo) -> anyhow::Result<String> {
    let folder = Scratch::new(&repo.target)?;
    let manifest = folder.0.join("Cargo.toml");
    let package = "[package]\nname = \"doctor\"\nedition = \"2024\"\n\n[workspace]\n";
    files::mirror(package.as_bytes(), &manifest)?;
    files::mirror(b"fn main() {}\n", &folder.0.join("src/main.rs"))?;
    output(
        cargo()
            .args(["build", "--quiet", "--offline", "--manifest-path"])
            .arg(&manifest)
            .arg("--target-dir")
            .arg(folder.0.join("target"))
            .current_dir(&repo.root),
    )?;
    Ok("a program compiles and links".to_owned())
}

/// What has to be built is told by time stamps that the lab sets.
fn time_stamps(repo: &Repo) -> anyhow::Result<String> {
    let folder = Scratch::new(&repo.target)?;
    let file = folder.0.join("file");
    files::mirror(b"", &file)?;
    for time in [files::OLD, files::NEW] {
        files::set_time(&file, time)?;
    }
    Ok("the file system of the target folder keeps them".to_owned())
}

/// Only what this platform needs: other platforms' crates may be missing.
fn dependencies(workspace: &Path) -> anyhow::Result<String> {
    let about = output(Command::new("rustc").arg("-vV").current_dir(workspace))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not name its host")?;
    output(
        cargo()
            .args(["fetch", "--locked", "--offline", "--target", host])
            .current_dir(workspace),
    )?;
    Ok("what they need is fetched".to_owned())
}

fn solutions(repo: &Repo) -> anyhow::Result<String> {
    let workspace = repo.root.join("solutions");
    match workspace.is_dir() {
        true => dependencies(&workspace),
        false => Ok("none in this copy of the lab".to_owned()),
    }
}

/// What a command prints; what it says about an error, where it fails.
fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output();
    let done = done.with_context(|| format!("cannot start {name}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let error = said.lines().find(|line| line.starts_with("error"));
    bail!(
        "{}",
        error
            .or(said.lines().next())
            .unwrap_or("it failed without a word")
    )
}

/// A folder that goes when this value does.
pub(super) struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(parent: &Path) -> anyhow::Result<Scratch> {
        let path = parent.join(format!("lab-doctor-{:08x}", fastrand::u32(..)));
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
