//! The last calls that a program made, in the words of the stages: the row "calls" of a report.

use crate::evidence::Evidence;
use crate::platform::{CallKind, WatchedCall};
use crate::text::{duration, size};

/// How many calls on connections a report has room for.
const ROOM: usize = 6;

/// The longest round that is recognised, in calls.
const LONGEST_ROUND: usize = 24;

/// How many of the last calls are looked at.
const LOOKED_AT: usize = 4000;

/// The last calls on connections, the very last one last, and the round that the program goes round in since. `None` where
/// not each of its calls was reported.
#[must_use]
pub fn last_calls(seen: &Evidence) -> Option<String> {
    let all: Vec<&WatchedCall> = seen.calls.calls().collect();
    let last = &all[all.len().saturating_sub(LOOKED_AT)..];
    let calls: Vec<(bool, String)> = last
        .iter()
        .filter_map(|call| Some((moves_bytes(call), words(seen, call)?)))
        .collect();
    let (before, round) = split_off_round(&calls);
    let on_connections = before.iter().filter(|(moves_bytes, _)| *moves_bytes);
    let mut before: Vec<&str> = on_connections.map(|(_, words)| words.as_str()).collect();
    before.dedup();
    let before = before[before.len().saturating_sub(ROOM)..].join(" · ");
    let round: Vec<&str> = round.iter().map(|(_, words)| words.as_str()).collect();
    let round = round.join(" · ");
    match (before.is_empty(), round.is_empty()) {
        (true, true) => None,
        (false, true) => Some(before),
        (true, false) => Some(format!("again and again: {round}")),
        (false, false) => Some(format!("{before}; then again and again: {round}")),
    }
}

fn moves_bytes(call: &WatchedCall) -> bool {
    let WatchedCall::On { kind, .. } = call else {
        return false;
    };
    matches!(kind, CallKind::Recv | CallKind::Send)
}

/// What came before the round in which all ends, and that round: the shortest one that came three times at least.
fn split_off_round<T: PartialEq>(calls: &[T]) -> (&[T], &[T]) {
    let length_of_repetition = |round: usize| {
        let later = calls.iter().rev();
        let earlier = calls.iter().rev().skip(round);
        let same = later.zip(earlier).take_while(|(one, other)| one == other);
        round + same.count()
    };
    let rounds = 1..=LONGEST_ROUND.min(calls.len());
    let mut repeated = rounds.map(|round| (round, length_of_repetition(round)));
    match repeated.find(|(round, length)| *length >= 3 * round) {
        Some((round, length)) => (
            &calls[..calls.len() - length],
            &calls[calls.len() - round..],
        ),
        None => (calls, &[]),
    }
}

/// A call as people speak of it. `None` for what says nothing about clients, such as a tick.
fn words(seen: &Evidence, call: &WatchedCall) -> Option<String> {
    Some(match call {
        WatchedCall::On {
            kind: CallKind::Accept,
            ..
        } => "accept".into(),
        WatchedCall::On {
            kind, bytes, peer, ..
        } => {
            let mut connections = seen.connections.iter();
            let connection = connections.find(|one| Some(one.ours) == *peer)?;
            let (name, most) = match kind {
                CallKind::Send => ("send", format!(" with {}", size(*bytes as usize))),
                CallKind::Other => ("a question", String::new()),
                _ => ("recv", String::new()),
            };
            format!("{name} on {}'s socket{most}", connection.label)
        }
        WatchedCall::Wait {
            kind: CallKind::Poll,
            limit,
        } => match limit {
            None => "a wait for readiness".into(),
            Some(limit) => format!("a wait for readiness of at most {}", duration(*limit)),
        },
        WatchedCall::Nap(length) => format!("a sleep of {}", duration(*length)),
        WatchedCall::NewThread => "a new thread".into(),
        WatchedCall::NewProcess => "a new process".into(),
        _ => return None,
    })
}
