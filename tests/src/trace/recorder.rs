//! Records a run: starts a program under strace(1), lets the clients talk to it, ends it, and reads what strace has
//! written. Where there is no strace, or it may not look, the clients' own account is all there is.

use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use super::recording::{Event, Recording, Span};
use super::scenario::{self, Manner, Played, Zero};
use super::sight::{self, Wires};
use super::strace::{CALLS, Log};
use crate::deadline::Deadline;
use crate::platform::{self, LIMITS};
use crate::report::harmless;
use crate::running::{Input, Running};

/// How long a recording goes on before the first client comes, and after the last has left: to see where the server is
/// when nobody wants anything.
const LEAD: Duration = Duration::from_millis(60);
const TAIL: Duration = Duration::from_millis(40);

/// So many letters of a line that a program printed are shown.
const MOST: usize = 200;

/// How strace begins what it says itself.
const STRACE: &str = "strace: ";

/// What is to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    pub program: &'a Path,
    /// The stage's slug.
    pub stage: &'a str,
    pub label: Option<&'a str>,
    pub manner: Manner,
    /// A folder to write to meanwhile.
    pub scratch: &'a Path,
}

/// A run that was recorded.
#[derive(Debug)]
pub struct Recorded {
    pub recording: Recording,
    /// Why the server's side is missing, and what to do about it.
    pub missing: Option<String>,
    /// Whether a client got other bytes back than it had sent.
    pub is_unlike: bool,
    /// What the program printed on its standard error.
    pub stderr: String,
}

/// Records one run.
///
/// # Errors
///
/// When the program does not begin to listen; the message has its last words.
pub fn record(order: &Order) -> anyhow::Result<Recorded> {
    if !cfg!(all(target_os = "linux", not(elsewhere))) {
        let reason = "only Linux shows a program's calls: the server's rows need Linux";
        return record_clients(order, reason);
    }
    let Some(strace) = on_the_path("strace") else {
        let reason = "strace is not installed, and the server's rows need it: \
                      `apt-get install strace`, or your system's package of that name";
        return record_clients(order, reason);
    };
    fs::create_dir_all(order.scratch)
        .with_context(|| format!("cannot make {}", order.scratch.display()))?;
    let path = order.scratch.join(format!("{}.strace", std::process::id()));
    let mut log = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    // strace finds it without its name, so that nothing stays behind, however this ends.
    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    let mut command = Command::new(strace);
    command
        .args(["-f", "-ttt", "-T", "-yy", "-s", "16", "-e", "signal=none"])
        .args(["-e", &format!("trace={CALLS}"), "-o"])
        .arg(platform::path_to(&log))
        .arg(order.program);
    let started = match Started::new(command) {
        Ok(started) => started,
        Err(NotStarted::Strace(words)) => {
            let reason =
                format!("strace may not look, so that the server's rows are missing: {words}");
            return record_clients(order, &reason);
        }
        Err(NotStarted::Program(error)) => return Err(error),
    };
    let (mut recorded, wires) = started.play(order)?;
    let mut written = Vec::new();
    log.read_to_end(&mut written)
        .context("cannot read what strace has written")?;
    let log = Log::read(&String::from_utf8_lossy(&written));
    recorded.recording.server = Some(sight::server(&log, &wires));
    Ok(recorded)
}

/// Records the clients alone.
fn record_clients(order: &Order, missing: &str) -> anyhow::Result<Recorded> {
    let started = Started::new(Command::new(order.program)).map_err(|error| match error {
        NotStarted::Strace(words) => anyhow::anyhow!(words),
        NotStarted::Program(error) => error,
    })?;
    let (mut recorded, _) = started.play(order)?;
    recorded.missing = Some(missing.into());
    Ok(recorded)
}

/// A program that listens.
struct Started {
    running: Running,
    address: SocketAddr,
}

enum NotStarted {
    /// strace could not do it, and says why.
    Strace(String),
    Program(anyhow::Error),
}

impl From<anyhow::Error> for NotStarted {
    fn from(error: anyhow::Error) -> Self {
        Self::Program(error)
    }
}

impl Started {
    fn new(mut command: Command) -> Result<Self, NotStarted> {
        let asked = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        command.args(["--listen", &asked.to_string()]);
        let running = Running::start(command, LIMITS, Input::Nothing, None)?;
        let announced = Deadline::start().until(|| {
            let is_gone = running.exited().is_some();
            if is_gone {
                running.wait_for_output();
            }
            let text = running.stdout.text();
            let line = text.split_once('\n').map(|(line, _)| line.to_owned());
            line.map(Some).or(is_gone.then_some(None))
        });
        let stderr = running.stderr.text();
        let line = match announced {
            Some(Some(line)) => line,
            Some(None) if stderr.starts_with(STRACE) => {
                return Err(NotStarted::Strace(
                    stderr.lines().next().unwrap_or_default().into(),
                ));
            }
            Some(None) => Err(anyhow::anyhow!(
                "it ended before it listened{}",
                quoted(&stderr)
            ))?,
            None => Err(anyhow::anyhow!(
                "it ran for 20 s without a line that says where it listens"
            ))?,
        };
        let address = line.strip_prefix("listening on ");
        let address = address.and_then(|address| address.parse().ok());
        let line = shown(&line);
        let address = address
            .with_context(|| format!("its first line is \"{line}\", and no announcement"))?;
        let is_here =
            |address: SocketAddr| address.ip().is_loopback() || address.ip().is_unspecified();
        if !is_here(address) {
            Err(anyhow::anyhow!(
                "its first line is \"{line}\", and it was to listen on {}",
                asked.ip()
            ))?;
        }
        Ok(Self { running, address })
    }

    /// Lets the clients talk to it, and ends it.
    fn play(self, order: &Order) -> anyhow::Result<(Recorded, Wires)> {
        let Self { running, address } = self;
        let zero = Zero::after(LEAD);
        let Played {
            clients,
            connections,
            is_unlike,
        } = scenario::play(address, order.manner, zero);
        let moments = clients.iter().flat_map(|client| &client.moments);
        let gave_up = moments
            .clone()
            .filter(|moment| moment.event == Event::GaveUp);
        let to = match gave_up.map(|moment| moment.at).min() {
            // What a server does when its clients have lost patience is no part of the story.
            Some(at) => at,
            None => {
                std::thread::sleep(TAIL);
                zero.now()
            }
        };
        let ended = running.exited();
        running.kill();
        running.wait_for_output();
        let mut moments = moments;
        if moments.all(|moment| moment.event == Event::Lost) {
            if ended.is_some() {
                let words = quoted(&running.stderr.text());
                bail!("it ended before anybody came{words}");
            }
            bail!("nobody can connect to {address}, where it says that it listens");
        }
        let span = Span {
            from: -(LEAD.as_micros() as i64),
            to,
        };
        let wires = Wires {
            listener: address.port(),
            connections,
            zero: zero.since_the_epoch(),
            span,
        };
        let recording = Recording {
            stage: order.stage.into(),
            label: order.label.map(str::to_owned),
            system: platform::system(),
            span,
            clients,
            server: None,
            ended: ended.map(|status| match status.code() {
                Some(code) => format!("code {code}"),
                None => status.to_string(),
            }),
        };
        let recorded = Recorded {
            recording,
            missing: None,
            is_unlike,
            stderr: running.stderr.text(),
        };
        Ok((recorded, wires))
    }
}

/// The last line of what a program said, after a colon; a panic ends with a note on how to see more of it.
fn quoted(stderr: &str) -> String {
    let is_word = |line: &&str| !line.trim().is_empty() && !line.starts_with("note: ");
    let line = stderr.lines().rfind(is_word);
    line.map_or_else(String::new, |line| format!(": {}", shown(line.trim())))
}

/// What a program printed, which may hold anything, as a line for a terminal.
#[must_use]
pub fn shown(line: &str) -> String {
    let mut text = harmless(&line.chars().take(MOST).collect::<String>());
    if line.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}

/// The program of that name that a shell would start.
fn on_the_path(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
