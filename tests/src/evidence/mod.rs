//! All that can be seen of a program at the moment when a check fails, and how it is said in words.

pub mod connection;
pub mod heartbeat;
pub mod history;
pub mod settle;

use std::process::ExitStatus;
use std::time::Duration;

use crate::evidence::connection::Connection;
use crate::evidence::history::History;
use crate::evidence::settle::Activity;
use crate::platform::{
    CallKind, Descriptor, Registered, Sample, SleepingCall, TOO_MUCH_MEMORY, TcpRow, TcpState,
};
use crate::process::watchdog::CAP;
use crate::text::size;

/// All that can be seen of the program at the moment when a check fails.
#[derive(Debug)]
pub struct Evidence<'a> {
    pub look: Activity,
    pub exited: Option<ExitStatus>,
    pub stderr: String,
    pub sample: Option<Sample>,
    pub open: Vec<Descriptor>,
    /// What the kernel is to tell it of.
    pub registered: Vec<Registered>,
    pub table: Vec<TcpRow>,
    pub connections: &'a [Connection],
    /// The connection at which the symptom was seen.
    pub at: Option<&'a Connection>,
    /// What the program printed.
    pub said: String,
    pub history: History,
    /// The step that it died in because it is not written yet.
    pub unwritten: Option<u8>,
    /// It was ended because it had too many threads and processes.
    pub exceeded_thread_cap: bool,
    /// How many descriptors it may have.
    pub descriptors: u64,
    /// How much memory it has in use, in bytes.
    pub memory: u64,
    /// Its other work goes on.
    pub beats: bool,
}

impl Evidence<'_> {
    /// Where the program is, in one or two sentences.
    #[must_use]
    pub fn describe(&self) -> String {
        if self.exceeded_thread_cap {
            return format!("was ended by the lab: it had more than {CAP} threads and processes");
        }
        if let Some(status) = self.exited {
            return self.last_words(status);
        }
        let mut history = Vec::new();
        history.extend(
            self.panic()
                .map(|panic| format!("one of its threads {panic}")),
        );
        let stopped = self.sample.as_ref().is_some_and(Sample::is_stopped);
        match self.look {
            _ if stopped => history.push("was stopped by the lab".to_string()),
            Activity::Spinning if self.ticks() => {
                history.push("goes round in its loop".to_string())
            }
            Activity::Spinning if self.parked_calls().any(|call| call.timed) => {
                history.push("woke up again and again while nothing happened".to_string());
            }
            Activity::Spinning => {
                history.push("used the processor while nothing happened".to_string())
            }
            Activity::Running => {
                history.push("had not come to rest when the time was over".to_string())
            }
            Activity::Blocked | Activity::Exited => {}
        }
        if let Some(sample) = &self.sample {
            let mut places: Vec<String> = sample
                .threads
                .iter()
                .filter_map(|thread| Some(self.place(thread.call?)))
                .collect();
            places.dedup();
            if !places.is_empty() && self.look != Activity::Spinning && !stopped {
                shorten(&mut places, "more calls");
                history.push(format!("was inside {}", places.join(" and ")));
            }
        }
        if self.memory >= TOO_MUCH_MEMORY {
            history.push(format!("uses {} MiB of memory", self.memory >> 20));
        }
        history.extend(self.what_waits());
        history.extend(self.lacks_registration());
        // That somebody left is worth a word if nobody has ended a stream.
        let nobody_ended = !self.history.peer_ended && self.history.peer_sent;
        let departed = self.said.lines().rfind(|line| {
            line.contains(" lost after ") || (nobody_ended && line.contains(" left after "))
        });
        history.extend(departed.map(|line| format!("it said \"{line}\"")));
        if history.is_empty() {
            history.push("was running".into());
        }
        history.join("; ")
    }

    /// Where a thread panicked, and why.
    fn panic(&self) -> Option<String> {
        let (_, rest) = self.stderr.split_once("panicked at ")?;
        let mut lines = rest.lines();
        let place = lines.next().unwrap_or_default();
        let message = lines.next().unwrap_or_default();
        Some(format!("panicked at {place} {message}"))
    }

    fn last_words(&self, status: ExitStatus) -> String {
        let ending = match status.code() {
            Some(code) => format!("exited with code {code}"),
            None => format!("was ended: {status}"),
        };
        match self.panic() {
            _ if self.unwritten.is_some() => {
                let step = self.unwritten.unwrap_or_default();
                format!("went on to step {step}, which is not written yet, and {ending} there")
            }
            Some(panic) => format!("{ending}: {panic}"),
            None => match self.stderr.lines().find(|line| !line.is_empty()) {
                Some(line) => format!("{ending}; its error output begins: {}", start_of(line)),
                None => format!("{ending}, and said nothing on its error output"),
            },
        }
    }

    /// The call, and on what.
    fn place(&self, call: SleepingCall) -> String {
        let on = match (self.wire_of(call), call.descriptor) {
            (Some(connection), _) if self.history.is_client => {
                format!(" on the {}'s socket", connection.label)
            }
            (Some(connection), _) => format!(" on {}'s socket", connection.label),
            (None, Some(0)) => " on its standard input".into(),
            (None, Some(1)) => " on its standard output".into(),
            (None, Some(_)) if self.row_of(call).is_some() => " on a socket".into(),
            _ => String::new(),
        };
        match call.kind {
            CallKind::Accept => "accept".into(),
            CallKind::Connect => "connect".into(),
            CallKind::Recv if self.row_of(call).is_none() => format!("read{on}"),
            CallKind::Send if self.row_of(call).is_none() => format!("write{on}"),
            CallKind::Recv => format!("recv{on}"),
            CallKind::Send => format!("send{on}"),
            CallKind::Poll => match call.nap {
                Some(nap) => format!("a wait for readiness of at most {}", length(nap)),
                None => "a wait for readiness".into(),
            },
            CallKind::Sleep => match call.nap {
                Some(nap) => format!("a sleep of {}", length(nap)),
                None => "a sleep".into(),
            },
            CallKind::Futex => "a wait for another thread".into(),
            CallKind::Other => format!("a system call{on}"),
        }
    }

    /// What waits in the kernel for the program.
    fn what_waits(&self) -> Vec<String> {
        let mut waiting = Vec::new();
        // The one that it is about comes first.
        let others = self
            .connections
            .iter()
            .filter(|connection| Some(*connection) != self.at);
        for connection in self.at.into_iter().chain(others) {
            let Some(row) = connection.their_row(&self.table) else {
                continue;
            };
            if row.unread > 0 {
                let accepted = if row.inode == 0 { "connected and " } else { "" };
                waiting.push(format!(
                    "{} {accepted}has {} unread in the kernel",
                    connection.label,
                    unread(row)
                ));
            }
        }
        shorten(&mut waiting, "more clients have bytes unread");
        let backlog: u64 = self.listening().map(|row| row.unread).sum();
        let connections = match backlog {
            0 => return waiting,
            1 => "1 connection waits".to_string(),
            many => format!("{many} connections wait"),
        };
        let some = self.said.contains(" connected");
        let none = if some
            || self
                .connections
                .iter()
                .any(|connection| self.was_accepted(connection))
        {
            ""
        } else {
            ", and none was accepted"
        };
        waiting.push(format!("{connections} in the backlog{none}"));
        waiting
    }

    fn listening(&self) -> impl Iterator<Item = &TcpRow> {
        self.table.iter().filter(|row| {
            row.state == TcpState::Listen
                && self
                    .open
                    .iter()
                    .any(|descriptor| descriptor.socket == Some(row.inode))
        })
    }

    /// Whether the program got this connection: it has left the backlog, and the program holds it or has
    /// closed it. One that our peer has aborted leaves no trace of that.
    pub(crate) fn was_accepted(&self, connection: &Connection) -> bool {
        let row = connection.their_row(&self.table);
        row.map_or(!self.history.was_reset, |row| row.inode != 0)
    }

    /// Whether it has a heartbeat: it does not wait in calls, and is expected not to.
    pub(crate) fn ticks(&self) -> bool {
        self.said.lines().any(|line| line.starts_with("tick "))
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> usize {
        self.sample
            .as_ref()
            .map_or(0, |sample| sample.threads.len())
    }

    pub(crate) fn parked_calls(&self) -> impl Iterator<Item = SleepingCall> {
        self.sample
            .iter()
            .flat_map(|sample| &sample.threads)
            .filter_map(|thread| thread.call)
    }

    pub(crate) fn wire_of(&self, call: SleepingCall) -> Option<&Connection> {
        let row = self.row_of(call)?;
        self.connections
            .iter()
            .find(|connection| connection.theirs == row.local && connection.ours == row.remote)
    }

    fn row_of(&self, call: SleepingCall) -> Option<&TcpRow> {
        let descriptor = self
            .open
            .iter()
            .find(|one| Some(one.number) == call.descriptor)?;
        self.table
            .iter()
            .find(|row| Some(row.inode) == descriptor.socket)
    }
}

/// What lies unread in the kernel. It counts the end as one byte more.
fn unread(row: &TcpRow) -> String {
    match (row.state, row.unread as usize) {
        (TcpState::CloseWait, 1) => "the end".into(),
        (TcpState::CloseWait, more) => format!("{} and the end", size(more - 1)),
        (_, bytes) => size(bytes),
    }
}

/// How long a thread asked to sleep.
pub(crate) fn length(nap: Duration) -> String {
    match nap.as_secs() {
        0 => format!("{} ms", nap.as_millis()),
        seconds => format!("{seconds} s"),
    }
}

/// As many of `things` as a report has room for, and how many `more` there are.
fn shorten(things: &mut Vec<String>, more: &str) {
    const ROOM: usize = 10;
    if things.len() > ROOM {
        let left_out = things.len() - ROOM + 1;
        things.truncate(ROOM - 1);
        things.push(format!("{left_out} {more}"));
    }
}

/// As much of a line as a report has room for.
fn start_of(line: &str) -> String {
    const ROOM: usize = 200;
    match line.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_string(),
    }
}
