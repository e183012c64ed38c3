//! The machine around the lab: its ports, what tells of changed files, and a filter on system calls.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, ensure};

use crate::build::repo::Repo;
use crate::cli::address;
use crate::cli::commands::doctor::Trial;
use crate::cli::commands::doctor::tools::Scratch;
use crate::platform;

/// How many ports are tried at the same time: as many as the checks of a minute need.
const PORTS: usize = 100;

pub(super) const EXTRAS: [Trial; 4] = [
    ("ports", |_| ports(), PORTS_COST),
    ("default port", |_| default_port(), DEFAULT_PORT),
    ("file events", file_events, EVENTS_COST),
    ("seccomp", |_| seccomp(), SECCOMP_COST),
];

const PORTS_COST: &str = "checks with many clients could not be graded at times, and cost no points then: \
                          look at net.ipv4.ip_local_port_range, and at what else is running";
const DEFAULT_PORT: &str = "perhaps by a server that still runs; with `cargo lab run 1 -- --listen 127.0.0.1:0` yours takes a free \
                            one, as the checks always do";
const EVENTS_COST: &str =
    "costs no check: whoever waits for a file to be saved has to look again and again";
const SECCOMP_COST: &str = "it costs what is not here above, and nothing else";

/// Ports that the kernel chooses.
fn ports() -> anyhow::Result<String> {
    let listeners = (0..PORTS).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let found = listeners.take_while(Result::is_ok).count();
    ensure!(found == PORTS, "only {found} of {PORTS} are free");
    Ok(format!("{PORTS} at the same time"))
}

/// Where `lab run` starts servers; checks choose ports of their own.
fn default_port() -> anyhow::Result<String> {
    ensure!(!address::is_taken(address::DEFAULT), "it is taken");
    Ok(format!("{} is free, for `cargo lab run`", address::DEFAULT))
}

/// Whether the system tells of a file that changes, where the target folder is.
fn file_events(repo: &Repo) -> anyhow::Result<String> {
    let folder = Scratch::new(&repo.target)?;
    let came = platform::tells_of_changes(&folder.0).context("the system does not tell of them")?;
    ensure!(came, "none came when a file was written");
    Ok("one came when a file was written".to_owned())
}

fn seccomp() -> anyhow::Result<String> {
    let filter = platform::call_filter();
    ensure!(
        filter != Some(true),
        "a filter, as containers have it, may refuse system calls"
    );
    Ok(match filter {
        Some(_) => "no filter on system calls".to_owned(),
        None => "this system has nothing of the kind".to_owned(),
    })
}
