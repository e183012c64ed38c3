//! The last calls that a program made, in the words of the stages: the row "calls" of a report.

use crate::evidence::Evidence;
use crate::platform::{CallKind, WatchedCall};
use crate::text::{duration, size};

/// How many calls a report has room for, before those that are repeated.
const ROOM: usize = 6;

/// The longest round that is recognised, in calls.
const LONGEST_ROUND: usize = 24;

/// How many of the last calls are looked at.
const LOOKED_AT: usize = 2000;

/// The last calls, the very last one last. `None` where not each of them was reported.
#[must_use]
pub fn last_calls(seen: &Evidence) -> Option<String> {
    let last = seen
        .calls
        .calls()
        .rev()
        .filter_map(|call| words(seen, call));
    let mut calls: Vec<String> = last.take(LOOKED_AT).collect();
    calls.reverse();
    let (before, round) = split_off_round(&calls);
    let before = before[before.len().saturating_sub(ROOM)..].join(" · ");
    let round = round.join(" · ");
    match (before.is_empty(), round.is_empty()) {
        (true, true) => None,
        (false, true) => Some(before),
        (true, false) => Some(format!("again and again: {round}")),
        (false, false) => Some(format!("{before}; then again and again: {round}")),
    }
}

/// The calls before the round with which they end, and that round: the shortest one that came three times at least.
fn split_off_round(calls: &[String]) -> (&[String], &[String]) {
    let length_of_repetition = |round: usize| {
        let later = calls.iter().rev();
        let earlier = calls.iter().rev().skip(round);
        round
            + later
                .zip(earlier)
                .take_while(|(one, other)| one == other)
                .count()
    };
    let mut rounds =
        (1..=LONGEST_ROUND.min(calls.len())).map(|round| (round, length_of_repetition(round)));
    match rounds.find(|(round, length)| *length >= 3 * round) {
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
            kind,
            descriptor,
            bytes,
        } => {
            let connection = seen.connection_at(*descriptor)?;
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
