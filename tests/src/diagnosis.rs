//! Why did that happen? From what a check saw and what the program was doing, the cause; and in words, where
//! the program is.

use std::process::ExitStatus;

use crate::calm::Look;
use crate::cause::Cause;
use crate::payload::size;
use crate::platform::{Call, CallKind, Descriptor, Sample, TcpRow, TcpState};
use crate::scene::Wire;

/// What a check saw that it should not have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symptom {
    /// Nothing, or too little, came; the stream is open.
    Silence,
    /// The stream ended too early.
    End,
    /// The connection was reset.
    Reset,
    /// Other bytes came.
    OtherBytes,
    /// The right bytes came, and more behind them.
    MoreBytes,
    /// The stream did not end.
    NoEnd,
    /// The program's address cannot be connected to.
    Refused,
    /// The program does not sleep.
    NoRest,
    /// The check knows the cause.
    Known(Cause),
}

/// All that can be seen of the program at the moment when a check fails.
#[derive(Debug)]
pub struct Situation<'a> {
    pub look: Look,
    pub exited: Option<ExitStatus>,
    pub stderr: String,
    pub sample: Option<Sample>,
    pub open: Vec<Descriptor>,
    pub table: Vec<TcpRow>,
    pub wires: &'a [Wire],
    /// The connection at which the symptom was seen.
    pub at: Option<&'a Wire>,
    /// One of our peers has aborted its connection.
    pub was_reset: bool,
    /// The program was stopped while it had something to send.
    pub send_was_interrupted: bool,
}

impl Situation<'_> {
    /// The cause that explains `symptom` here.
    #[must_use]
    pub fn cause(&self, symptom: Symptom) -> Cause {
        if self.panicked() && self.was_reset {
            return Cause::EndedByAClient;
        }
        match (symptom, self.exited) {
            _ if self.panicked() => Cause::Panicked,
            (Symptom::Known(cause), _) => cause,
            (Symptom::OtherBytes, _) => Cause::WrongBytes,
            (Symptom::MoreBytes, _) => Cause::StaleBytes,
            (_, Some(_)) if self.was_reset => Cause::EndedByAClient,
            (Symptom::End | Symptom::Reset | Symptom::Silence | Symptom::Refused, Some(_)) => {
                Cause::ExitedEarly
            }
            (Symptom::Refused, None) => Cause::WrongAddress,
            (Symptom::NoRest, _) => Cause::Busy,
            (Symptom::Reset, None) => Cause::ResetInsteadOfEnd,
            (Symptom::End, None) => self.if_send_was_interrupted(Cause::ClosedTooEarly),
            (Symptom::NoEnd, _) if self.look == Look::Busy => Cause::EndIgnored,
            (Symptom::NoEnd, _) => self.why_unserved().unwrap_or(Cause::NotClosed),
            (Symptom::Silence, None) => match self.why_unserved() {
                Some(cause) => cause,
                None if self.look == Look::Moving => Cause::TooLong,
                None if self.look == Look::Busy => Cause::Busy,
                None => self.if_send_was_interrupted(Cause::WaitsForMore),
            },
        }
    }

    /// Where the program is, in one or two sentences.
    #[must_use]
    pub fn describe(&self) -> String {
        if let Some(status) = self.exited {
            return self.last_words(status);
        }
        let mut facts: Vec<String> = self
            .panic()
            .map(|panic| format!("one of its threads {panic}"))
            .into_iter()
            .collect();
        match self.look {
            Look::Busy => facts.push("used the processor while nothing happened".to_string()),
            Look::Moving => facts.push("was still busy when the time was over".to_string()),
            Look::Parked | Look::Exited => {}
        }
        if let Some(sample) = &self.sample {
            let mut places: Vec<String> = sample
                .threads
                .iter()
                .filter_map(|thread| Some(self.place(thread.call?)))
                .collect();
            places.dedup();
            if !places.is_empty() && self.look != Look::Busy {
                facts.push(format!("was inside {}", places.join(" and ")));
            }
        }
        facts.extend(self.what_waits());
        if facts.is_empty() {
            facts.push("was running".into());
        }
        facts.join("; ")
    }

    fn panicked(&self) -> bool {
        self.stderr.contains("panicked at ")
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
            Some(panic) => format!("{ending}: {panic}"),
            None => match self.stderr.lines().next() {
                Some(line) => format!("{ending}; its error output begins: {line}"),
                None => format!("{ending}, and said nothing on its error output"),
            },
        }
    }

    /// Why a connection got nothing, if the reason is that the program is not reading from it.
    fn why_unserved(&self) -> Option<Cause> {
        let row = self.at?.their_row(&self.table)?;
        let waits_for_another = self.parked_calls().any(|call| {
            call.kind == CallKind::Recv
                && self.wire_of(call).is_some_and(|wire| Some(wire) != self.at)
        });
        if row.inode == 0 {
            // Still in the backlog.
            return Some(match (waits_for_another, self.accepted_before()) {
                (true, _) => Cause::WaitsForAnother,
                (false, true) => Cause::AcceptsOnce,
                (false, false) => Cause::NeverAccepted,
            });
        }
        (row.unread > 0 && waits_for_another).then_some(Cause::WaitsForAnother)
    }

    /// Whether the program has accepted any connection yet, as far as our peers can tell.
    fn accepted_before(&self) -> bool {
        let Some(at) = self.at else { return false };
        let earlier = self.wires.iter().take_while(|wire| *wire != at);
        // An earlier connection that left the backlog is held by the program, or gone.
        earlier
            .into_iter()
            .any(|wire| wire.their_row(&self.table).is_none_or(|row| row.inode != 0))
    }

    fn if_send_was_interrupted(&self, otherwise: Cause) -> Cause {
        if self.send_was_interrupted {
            Cause::TailLost
        } else {
            otherwise
        }
    }

    fn parked_calls(&self) -> impl Iterator<Item = Call> {
        self.sample
            .iter()
            .flat_map(|sample| &sample.threads)
            .filter_map(|thread| thread.call)
    }

    fn wire_of(&self, call: Call) -> Option<&Wire> {
        let row = self.row_of(call)?;
        self.wires
            .iter()
            .find(|wire| wire.theirs == row.local && wire.ours == row.remote)
    }

    fn row_of(&self, call: Call) -> Option<&TcpRow> {
        let descriptor = self
            .open
            .iter()
            .find(|one| Some(one.number) == call.descriptor)?;
        self.table
            .iter()
            .find(|row| Some(row.inode) == descriptor.socket)
    }

    /// The call, and on what.
    fn place(&self, call: Call) -> String {
        let on = match (self.wire_of(call), call.descriptor) {
            (Some(wire), _) => format!(" on {}'s socket", wire.label),
            (None, Some(0)) => " on its standard input".into(),
            (None, Some(1)) => " on its standard output".into(),
            (None, Some(_)) if self.row_of(call).is_some() => " on a socket".into(),
            _ => String::new(),
        };
        match call.kind {
            CallKind::Accept => "accept".into(),
            CallKind::Connect => "connect".into(),
            CallKind::Recv => format!("recv{on}"),
            CallKind::Send => format!("send{on}"),
            CallKind::Poll => "a wait for readiness".into(),
            CallKind::Sleep => "sleep".into(),
            CallKind::Futex => "a wait for another thread".into(),
            CallKind::Other => format!("a system call{on}"),
        }
    }

    /// What waits in the kernel for the program.
    fn what_waits(&self) -> Vec<String> {
        let mut waiting = Vec::new();
        for wire in self.wires {
            let Some(row) = wire.their_row(&self.table) else {
                continue;
            };
            if row.unread > 0 {
                let accepted = if row.inode == 0 { "connected and " } else { "" };
                let bytes = size(row.unread as usize);
                waiting.push(format!(
                    "{} {accepted}has {bytes} unread in the kernel",
                    wire.label
                ));
            }
        }
        let backlog: u64 = self.listening().map(|row| row.unread).sum();
        let connections = match backlog {
            0 => return waiting,
            1 => "1 connection waits".to_string(),
            many => format!("{many} connections wait"),
        };
        let accepted = |wire: &Wire| wire.their_row(&self.table).is_none_or(|row| row.inode != 0);
        let none = if self.wires.iter().any(accepted) {
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
}
