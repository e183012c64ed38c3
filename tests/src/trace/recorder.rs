//! Records a run: starts a program under strace(1), lets the clients talk to it, ends it, and reads what strace has
//! written. Where there is no strace, or it may not look, the clients' own account is all there is.

use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::course::Protocol;
use crate::evidence::kit_log::Event;
use crate::evidence::last_words::last_lines;
use crate::platform::{self, LIMITS, Limits};
use crate::process::child::{Launch, Process};
use crate::process::deadline::Deadline;
use crate::text::escape_control;
use crate::trace::recording::{ClientEvent, Recording, Span};
use crate::trace::resolve::{self, RecordingContext};
use crate::trace::scenario::{self, Zero};
use crate::trace::strace::{CALLS, Log};

/// How long a recording goes on before the first client comes, and after the last has left: to see where the server is
/// when nobody wants anything.
const LEAD: Duration = Duration::from_millis(60);
const TAIL: Duration = Duration::from_millis(40);

/// So many letters of a line that a program printed are shown.
const MOST: usize = 200;

/// How strace begins what it says itself.
const STRACE: &str = "strace: ";

/// Bytes that strace may write. A server that never waits makes some thousand calls a second, with a line each, and a run
/// takes as long as its clients have patience.
const LONGEST_LOG: u64 = 256 << 20;

/// What is to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct RecordOptions<'a> {
    pub program: &'a Path,
    /// The stage's slug.
    pub stage: &'a str,
    pub label: Option<&'a str>,
    pub protocol: Protocol,
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
pub fn record(order: &RecordOptions) -> anyhow::Result<Recorded> {
    if !cfg!(target_os = "linux") {
        let reason = "only Linux shows a program's calls: the server's rows need Linux";
        return record_clients(order, reason);
    }
    let Some(strace) = on_the_path("strace") else {
        let reason = "strace is not installed, and the server's rows need it: \
                      `apt-get install strace`, or your system's package of that name";
        return record_clients(order, reason);
    };
    let mut log = file_without_a_name(order.scratch)?;
    let mut command = Command::new(strace);
    command
        .args(["-f", "-ttt", "-T", "-yy", "-s", "16", "-e", "signal=none"])
        .args(["-e", &format!("trace={CALLS}"), "-o"])
        .arg(platform::path_to(&log))
        .arg(order.program);
    let started = match Started::new(command) {
        Err(error) if error.to_string().starts_with(STRACE) => {
            let reason =
                format!("strace may not look, so that the server's rows are missing: {error}");
            return record_clients(order, &reason);
        }
        started => started?,
    };
    let (mut recorded, wires) = started.play(order)?;
    let mut written = Vec::new();
    log.read_to_end(&mut written)
        .context("cannot read what strace has written")?;
    let log = Log::read(&String::from_utf8_lossy(&written));
    recorded.recording.server = Some(resolve::server(&log, &wires));
    Ok(recorded)
}

/// Records the clients alone.
fn record_clients(order: &RecordOptions, missing: &str) -> anyhow::Result<Recorded> {
    let started = Started::new(Command::new(order.program))?;
    let (mut recorded, _) = started.play(order)?;
    recorded.missing = Some(missing.into());
    Ok(recorded)
}

/// A file for strace to write to, which finds it without its name, so that nothing stays behind, however this ends.
fn file_without_a_name(folder: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(format!("{}.strace", std::process::id()));
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(true);
    let file = options.open(&path);
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    Ok(file)
}

/// A program that listens.
struct Started {
    running: Process,
    address: SocketAddr,
}

impl Started {
    /// The message of an error is strace's own where it begins as strace does.
    fn new(mut command: Command) -> anyhow::Result<Self> {
        let asked = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        command.args(["--listen", &asked.to_string()]);
        let limits = Limits {
            file_size: LONGEST_LOG,
            ..LIMITS
        };
        let launch = Launch {
            limits,
            ..Launch::usual()
        };
        let running = Process::start(command, launch)?;
        let announced = Deadline::start().until(|| {
            let is_gone = running.exited().is_some();
            if is_gone {
                running.wait_for_output();
            }
            running
                .stdout
                .first_line()
                .map(Some)
                .or(is_gone.then_some(None))
        });
        let stderr = running.stderr.text();
        let line = match announced {
            Some(Some(line)) => line,
            Some(None) if stderr.starts_with(STRACE) => {
                bail!("{}", stderr.lines().next().unwrap_or_default())
            }
            Some(None) => bail!("it ended before it listened{}", quoted(&stderr)),
            None => bail!("it ran for 20 s without a line that says where it listens"),
        };
        let announced = Event::parse(&line);
        let line = display_line(&line);
        let Some(Event::Listening(address)) = announced else {
            bail!("its first line is \"{line}\", and no announcement");
        };
        ensure!(
            address.ip().is_loopback() || address.ip().is_unspecified(),
            "its first line is \"{line}\", and it was to listen on {}",
            asked.ip()
        );
        Ok(Self { running, address })
    }

    /// Lets the clients talk to it, and ends it.
    fn play(self, order: &RecordOptions) -> anyhow::Result<(Recorded, RecordingContext)> {
        let Self { running, address } = self;
        let zero = Zero::after(LEAD);
        let played = scenario::play(address, order.protocol, zero);
        let moments = || played.clients.iter().flat_map(|client| &client.moments);
        // What a server does when its clients have lost patience is no part of the story.
        let gave_up = moments().filter(|moment| moment.what == ClientEvent::GaveUp);
        let to = gave_up.map(|moment| moment.at).min().unwrap_or_else(|| {
            std::thread::sleep(TAIL);
            zero.now()
        });
        let ended = running.exited();
        running.kill();
        running.wait_for_output();
        let stderr = running.stderr.text();
        if moments().all(|moment| moment.what == ClientEvent::Lost) {
            if ended.is_some() {
                bail!("it ended before anybody came{}", quoted(&stderr));
            }
            bail!("nobody can connect to {address}, where it says that it listens");
        }
        let span = Span::new(-(LEAD.as_micros() as i64), to);
        let wires = RecordingContext {
            listener: address.port(),
            connections: played.connections,
            zero: zero.since_the_epoch(),
            span,
        };
        let recording = Recording {
            stage: order.stage.into(),
            label: order.label.map(str::to_owned),
            system: platform::system(),
            span,
            clients: played.clients,
            server: None,
            ended: ended.map(|status| match status.code() {
                Some(code) => format!("code {code}"),
                None => status.to_string(),
            }),
        };
        let recorded = Recorded {
            recording,
            missing: None,
            is_unlike: played.is_unlike,
            stderr,
        };
        Ok((recorded, wires))
    }
}

/// The last line of what a program said, after a colon.
fn quoted(stderr: &str) -> String {
    let line = last_lines(stderr, 1).pop();
    line.map_or_else(String::new, |line| {
        format!(": {}", display_line(line.trim()))
    })
}

/// What a program printed, which may hold anything, as a line for a terminal.
#[must_use]
pub fn display_line(line: &str) -> String {
    let mut text = escape_control(&line.chars().take(MOST).collect::<String>());
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
