//! `lab doctor`: whether this machine has what the lab needs, and what to do where it has not.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::ArgMatches;

use super::address;
use super::style::{BAD, GOOD, QUIET, STRONG, paint, print, width, wrap};

#[must_use]
pub fn command() -> clap::Command {
    clap::Command::new("doctor").about("Looks whether this machine has what the lab needs")
}

/// `powers` are the names of what a platform may be able to show, each with why it cannot. The exit
/// code is 1 when something is missing that the lab cannot do without; a power is not.
///
/// # Errors
///
/// When standard output takes nothing.
pub fn run(
    _matches: &ArgMatches,
    root: &Path,
    powers: &[(&str, Result<(), String>)],
) -> anyhow::Result<ExitCode> {
    let width = width();
    print(&(paint(STRONG, "What the lab needs") + "\n"))?;
    let healthy = are_here(&TOOLS, root, width)? && are_here(&OTHERS, root, width)?;
    for (name, look, remedy) in &EXTRAS {
        print(&extra(name, look(root), remedy, width))?;
    }
    print(&show_powers(powers, width))?;
    let verdict = if healthy {
        "All that is needed is here."
    } else {
        "Something is missing."
    };
    print(&format!("\n{verdict}\n"))?;
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Something the lab cannot do without: its name, how to find it, what to do where it is missing.
type Need = (
    &'static str,
    fn(&Path) -> anyhow::Result<String>,
    &'static str,
);

/// Without these there is no use in looking for the others.
const TOOLS: [Need; 2] = [
    ("cargo", |root| version("cargo", root), RUSTUP),
    ("rustc", |root| version("rustc", root), RUSTUP),
];

const OTHERS: [Need; 5] = [
    ("linker", linker, LINKER),
    ("loopback", |_| loopback(), LOOPBACK),
    ("target folder", target_folder, TARGET),
    ("dependencies", dependencies, FETCH),
    (
        "solutions",
        |root| solutions(&root.join("solutions")),
        FETCH_TWIN,
    ),
];

/// What some commands make more of, or take if nothing else is asked for.
const EXTRAS: [Need; 2] = [
    ("default port", |_| default_port(), DEFAULT_PORT),
    ("strace", |_| strace(), STRACE),
];

const RUSTUP: &str = "install Rust, or a newer one: https://rustup.rs, or `rustup update stable`";
const LINKER: &str = if cfg!(windows) {
    "install the C++ part of the Visual Studio Build Tools"
} else if cfg!(target_os = "macos") {
    "xcode-select --install"
} else {
    "install a C compiler, such as the package gcc or build-essential"
};
const DEFAULT_PORT: &str = "it is taken, perhaps by a server that still runs; with \
                            `cargo lab run 1 -- --listen 127.0.0.1:0` yours takes a free one, as the checks always do";
const STRACE: &str = if cfg!(target_os = "linux") {
    "with it `cargo lab trace` shows the server's side, too: install the package of that name"
} else {
    "only Linux has it; `cargo lab trace` shows the clients alone"
};
const LOOPBACK: &str = "let programs talk to each other on 127.0.0.1: look at firewall and sandbox";
const FETCH: &str = "with a network, once: cargo fetch --locked; where that speaks of the lock file, \
                     it or a manifest was changed: git restore Cargo.lock Cargo.toml";
const FETCH_TWIN: &str = "the same, in the folder solutions";
const TARGET: &str = "set CARGO_TARGET_DIR to a folder that you may write to";

fn are_here(needs: &[Need], root: &Path, width: usize) -> anyhow::Result<bool> {
    let mut all = true;
    for (name, look, remedy) in needs {
        let found = look(root);
        all &= found.is_ok();
        print(&report(name, found, remedy, width))?;
    }
    Ok(all)
}

fn report(name: &str, found: anyhow::Result<String>, remedy: &str, width: usize) -> String {
    match found {
        Ok(what) => wrap(&format!("{name}: {what}"), &paint(GOOD, "ok       "), width),
        Err(why) => {
            let text = format!("{name}: {why:#}");
            wrap(&text, &paint(BAD, "missing  "), width)
                + &wrap(&format!("To mend it: {remedy}"), "         ", width)
        }
    }
}

fn extra(name: &str, found: anyhow::Result<String>, remedy: &str, width: usize) -> String {
    match found {
        Ok(_) => report(name, found, remedy, width),
        Err(_) => wrap(
            &format!("{name}: {remedy}"),
            &paint(QUIET, "not here "),
            width,
        ),
    }
}

fn show_powers(powers: &[(&str, Result<(), String>)], width: usize) -> String {
    let mut text = String::new();
    if !powers.is_empty() {
        text = format!("\n{}\n", paint(STRONG, "What this platform can show"));
    }
    for (name, power) in powers {
        text += &match power {
            Ok(()) => wrap(name, &paint(GOOD, "ok       "), width),
            Err(why) => wrap(&format!("{name}: {why}"), &paint(QUIET, "not here "), width),
        };
    }
    if powers.iter().any(|(_, power)| power.is_err()) {
        text += &wrap(
            "Checks that need what is not here are not judged here.",
            "",
            width,
        );
    }
    text
}

fn version(tool: &str, root: &Path) -> anyhow::Result<String> {
    let text = output(Command::new(tool).arg("--version").current_dir(root))?;
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

fn linker(root: &Path) -> anyhow::Result<String> {
    let folder = Scratch::new(&env::temp_dir())?;
    let source = folder.0.join("program.rs");
    fs::write(&source, "fn main() {}\n").with_context(|| source.display().to_string())?;
    let program = folder.0.join("program");
    output(
        Command::new("rustc")
            .arg("-o")
            .arg(&program)
            .arg(&source)
            .current_dir(root),
    )?;
    Ok("a program compiles and links".to_owned())
}

fn loopback() -> anyhow::Result<String> {
    let patience = Duration::from_secs(2);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut client = TcpStream::connect_timeout(&listener.local_addr()?, patience)?;
    let (mut server, _) = listener.accept()?;
    client.write_all(b"?")?;
    server.set_read_timeout(Some(patience))?;
    server.read_exact(&mut [0])?;
    Ok("a byte went through 127.0.0.1".to_owned())
}

/// Where `lab run` starts servers; checks choose ports of their own.
fn default_port() -> anyhow::Result<String> {
    ensure!(!address::is_taken(address::DEFAULT), "it is taken");
    Ok(format!("{} is free, for `cargo lab run`", address::DEFAULT))
}

/// Where cargo builds to, which must be writable even in a read-only checkout.
fn target_folder(root: &Path) -> anyhow::Result<String> {
    let mut cargo = Command::new("cargo");
    cargo
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root);
    let metadata: serde_json::Value = serde_json::from_str(&output(&mut cargo)?)?;
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo does not say where it is")?;
    fs::create_dir_all(target).with_context(|| target.to_owned())?;
    Scratch::new(Path::new(target))?;
    Ok(target.to_owned())
}

/// Only what this platform needs: other platforms' crates may be missing.
fn dependencies(workspace: &Path) -> anyhow::Result<String> {
    let about = output(Command::new("rustc").arg("-vV").current_dir(workspace))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not name its host")?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["fetch", "--locked", "--offline", "--target", host])
        .current_dir(workspace);
    output(&mut cargo)?;
    Ok("what they need is fetched".to_owned())
}

fn solutions(workspace: &Path) -> anyhow::Result<String> {
    if workspace.is_dir() {
        return dependencies(workspace);
    }
    Ok("none in this copy of the lab".to_owned())
}

/// What a command prints; its first line about an error, where it fails.
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
struct Scratch(PathBuf);

impl Scratch {
    fn new(parent: &Path) -> anyhow::Result<Scratch> {
        let name = format!("lab-doctor-{:08x}", fastrand::u32(..));
        let path = parent.join(name);
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
