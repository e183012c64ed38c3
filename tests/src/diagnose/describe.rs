//! What a program was doing, in one or two sentences: the row "program" of a report.

use std::process::ExitStatus;

use crate::diagnose::event_driven::missing_registration;
use crate::evidence::Evidence;
use crate::evidence::kit_log::Event;
use crate::evidence::last_words::Panic;
use crate::evidence::settle::Activity;
use crate::platform::{CallKind, Sample, SleepingCall, TOO_MUCH_MEMORY, TcpRow, TcpState};
use crate::process::watchdog::CAP;
use crate::text::{duration, joined, size};

/// Where the program is, in one or two sentences.
#[must_use]
pub fn describe(seen: &Evidence) -> String {
    if seen.exceeded_thread_cap {
        return format!("was ended by the lab: it had more than {CAP} threads and processes");
    }
    if let Some(status) = seen.exited {
        return ending(seen, status);
    }
    let mut facts = Vec::new();
    let panic = seen.last_words.panic.as_ref();
    facts.extend(panic.map(|panic| format!("one of its threads {}", said(panic))));
    facts.extend(activity(seen));
    facts.extend(calls(seen));
    if seen.memory >= TOO_MUCH_MEMORY {
        facts.push(format!("uses {} MiB of memory", seen.memory >> 20));
    }
    facts.extend(what_waits(seen));
    facts.extend(missing_registration(seen));
    facts.extend(last_departure(seen).map(|event| format!("it said \"{event}\"")));
    if facts.is_empty() {
        facts.push("was running".into());
    }
    facts.join("; ")
}

/// Nothing for a program that sleeps until something happens, or is gone. One that woke up again and again has spent its
/// naps, in calls with a timeout, without an effect.
fn activity(seen: &Evidence) -> Option<String> {
    let what = match seen.activity {
        _ if is_stopped(seen) => "was stopped by the lab",
        Activity::Spinning if seen.ticks() => "goes round in its loop",
        Activity::Spinning if seen.parked_calls().any(|call| call.timed) => {
            "woke up again and again while nothing happened"
        }
        Activity::Spinning => "used the processor while nothing happened",
        Activity::Running => "had not come to rest when the time was over",
        Activity::Blocked | Activity::Exited => return None,
    };
    Some(what.to_string())
}

fn is_stopped(seen: &Evidence) -> bool {
    seen.sample.as_ref().is_some_and(Sample::is_stopped)
}

/// The calls that its threads sleep in, each once.
fn calls(seen: &Evidence) -> Option<String> {
    if seen.activity == Activity::Spinning || is_stopped(seen) {
        return None;
    }
    let mut places: Vec<String> = seen.parked_calls().map(|call| place(seen, call)).collect();
    places.dedup();
    shorten(&mut places, "more calls");
    (!places.is_empty()).then(|| format!("was inside {}", joined(&places)))
}

/// That a client left is worth a word if it was the last thing to happen; that it did so well, only if none has ended its
/// stream, and a server owed it more than a greeting.
fn last_departure<'a>(seen: &'a Evidence) -> Option<&'a Event> {
    let none_ended = !seen.history.peer_ended;
    let owes = seen.history.peer_sent || !seen.history.only_greets;
    let mut events = seen.log.events().iter();
    let last = events.rfind(|event| !matches!(event, Event::Tick(_)))?;
    match last {
        Event::Lost { .. } => Some(last),
        Event::Left { .. } => (none_ended && owes).then_some(last),
        _ => None,
    }
}

fn said(panic: &Panic) -> String {
    format!("panicked at {} {}", panic.place, panic.message)
}

/// How it ended, and its last words.
fn ending(seen: &Evidence, status: ExitStatus) -> String {
    let ending = match status.code() {
        Some(code) => format!("exited with code {code}"),
        None => format!("was ended: {status}"),
    };
    if let Some(step) = seen.unwritten {
        return format!("went on to step {step}, which is not written yet, and {ending} there");
    }
    match (&seen.last_words.panic, &seen.last_words.first_line) {
        (Some(panic), _) => format!("{ending}: {}", said(panic)),
        (None, Some(line)) => format!("{ending}; its error output begins: {}", start_of(line)),
        (None, None) => format!("{ending}, and said nothing on its error output"),
    }
}

/// The call, and on what.
fn place(seen: &Evidence, call: SleepingCall) -> String {
    let row = seen.row_of(call);
    let on = match (seen.connection_of(call), call.descriptor) {
        (Some(connection), _) if seen.history.is_client => {
            format!(" on the {}'s socket", connection.label)
        }
        (Some(connection), _) => format!(" on {}'s socket", connection.label),
        (None, Some(0)) => " on its standard input".into(),
        (None, Some(1)) => " on its standard output".into(),
        (None, Some(_)) if row.is_some() => " on a socket".into(),
        _ => String::new(),
    };
    match call.kind {
        CallKind::Accept => "accept".into(),
        CallKind::Connect => "connect".into(),
        CallKind::Recv if row.is_none() => format!("read{on}"),
        CallKind::Send if row.is_none() => format!("write{on}"),
        CallKind::Recv => format!("recv{on}"),
        CallKind::Send => format!("send{on}"),
        CallKind::Poll => match call.nap {
            Some(nap) => format!("a wait for readiness of at most {}", duration(nap)),
            None => "a wait for readiness".into(),
        },
        CallKind::Sleep => match call.nap {
            Some(nap) => format!("a sleep of {}", duration(nap)),
            None => "a sleep".into(),
        },
        CallKind::Futex => "a wait for another thread, or for a lock".into(),
        CallKind::Start => "the start of a thread or a process".into(),
        CallKind::Other => format!("a system call{on}"),
    }
}

/// What waits in the kernel for the program.
fn what_waits(seen: &Evidence) -> Vec<String> {
    let mut waiting = Vec::new();
    // The connection that it is about comes first.
    let others = seen.connections.iter().filter(|one| Some(*one) != seen.at);
    for connection in seen.at.into_iter().chain(others) {
        let Some(row) = connection.their_row(&seen.table) else {
            continue;
        };
        if row.unread > 0 {
            let accepted = match row.inode {
                0 => ", which it has not accepted",
                _ => "",
            };
            waiting.push(format!(
                "has not received {} from {}{accepted}",
                unread(row),
                connection.label
            ));
        }
    }
    shorten(
        &mut waiting,
        "more clients have sent what it has not received",
    );
    waiting.extend(what_waits_in_the_backlog(seen));
    waiting
}

fn what_waits_in_the_backlog(seen: &Evidence) -> Option<String> {
    let connections = match seen.listening().map(|row| row.unread).sum() {
        0u64 => return None,
        1 => "1 connection waits".to_string(),
        many => format!("{many} connections wait"),
    };
    let mut clients = seen.connections.iter();
    let none = if seen.log.connected() > 0 || clients.any(|client| seen.was_accepted(client)) {
        ""
    } else {
        ", and none was accepted"
    };
    Some(format!("{connections} in the backlog{none}"))
}

/// What lies unread in the kernel. It counts the end as one byte more.
fn unread(row: &TcpRow) -> String {
    match (row.state, row.unread as usize) {
        (TcpState::CloseWait, 1) => "the end".into(),
        (TcpState::CloseWait, more) => format!("{} and the end", size(more - 1)),
        (_, bytes) => size(bytes),
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
