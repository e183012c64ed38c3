//! One measurement: a server that is started for it, some clients, and a while.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use lab::bench::server::BenchServer;
use lab::process::deadline::Deadline;

use crate::contestant::Contestant;
use crate::crowd::{Answers, Crowd};

/// How long the parts of a measurement take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Before anything counts.
    pub warm: Duration,
    pub busy: Duration,
    pub idle: Duration,
}

pub const USUAL: Times = Times {
    warm: Duration::from_millis(100),
    busy: Duration::from_millis(500),
    idle: Duration::from_millis(300),
};

pub const QUICK: Times = Times {
    warm: Duration::from_millis(30),
    busy: Duration::from_millis(100),
    idle: Duration::from_millis(100),
};

/// What one measurement has found.
pub struct Found {
    pub answers: Answers,
    /// The processor time that the server used while it was asked, in microseconds for each request.
    pub cost: Option<f64>,
    /// What it used of a core while nobody asked, in per cent.
    pub idle: Option<f64>,
}

/// Measures once.
///
/// The silence comes last, so that everybody who will ever be accepted has been.
pub fn measure(
    contestant: &Contestant,
    clients: usize,
    size: usize,
    times: Times,
) -> anyhow::Result<Found> {
    let mut server = contestant.start()?;
    let found = ask_and_be_silent(&server, clients, size, times);
    if found.is_err() {
        // What its clients saw may be the beginning of its end, and its own words say more.
        let gone = || server.has_exited().then_some(());
        if Deadline::short().until(gone).is_some() {
            bail!("it ended{}", server.last_words());
        }
    }
    found
}

/// The processor time that a server uses for so many clients which say nothing for so long.
pub fn silence(
    contestant: &Contestant,
    clients: usize,
    size: usize,
    idle: Duration,
) -> anyhow::Result<Option<Duration>> {
    let server = contestant.start()?;
    let mut crowd = Crowd::connect(server.address(), clients, size)?;
    crowd.ask(QUICK.warm)?;
    let before = server.cpu();
    thread::sleep(idle);
    Ok(between(before, server.cpu()))
}

fn ask_and_be_silent(
    server: &BenchServer,
    clients: usize,
    size: usize,
    times: Times,
) -> anyhow::Result<Found> {
    let mut crowd = Crowd::connect(server.address(), clients, size)?;
    crowd.ask(times.warm)?;
    let before = server.cpu();
    let answers = crowd.ask(times.busy)?;
    let used = between(before, server.cpu());
    let requests = answers.times.len();
    let cost = used.filter(|_| requests > 0);
    let (begun, before) = (Instant::now(), server.cpu());
    // Not to wait for anything: this is what is measured.
    thread::sleep(times.idle);
    let used = between(before, server.cpu());
    Ok(Found {
        cost: cost.map(|cost| cost.as_secs_f64() * 1e6 / requests as f64),
        idle: used.map(|used| 100.0 * used.as_secs_f64() / begun.elapsed().as_secs_f64()),
        answers,
    })
}

fn between(before: Option<Duration>, after: Option<Duration>) -> Option<Duration> {
    Some(after?.saturating_sub(before?))
}
