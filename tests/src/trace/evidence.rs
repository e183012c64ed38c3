//! What can be counted in a recording.

use super::recording::{Answer, Client, Event, Kind, Recording, Server, Span};
use super::spans::{length, minus, union, within};

/// Waits that are longer than any pause of a server that polls well, on a machine that does other things too, in
/// microseconds.
pub const LONG: i64 = 100_000;

/// Of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// How often it was answered.
    pub answers: usize,
    /// When it waited for the server: for an answer, or for the end of the stream.
    pub spans: Vec<Span>,
    /// Whether it never got an answer that it had asked for.
    pub is_unanswered: bool,
    /// Whether the server hung up on it, or the connection broke, before it was done.
    pub is_cut_off: bool,
}

impl Waits {
    #[must_use]
    pub fn of(client: &Client) -> Self {
        let mut waits = Self {
            answers: 0,
            spans: Vec::new(),
            is_unanswered: false,
            is_cut_off: false,
        };
        let mut since = None;
        for moment in &client.moments {
            let ends = !matches!(
                moment.event,
                Event::Connected | Event::Sent | Event::HalfClosed
            );
            if let (true, Some(from)) = (ends, since) {
                waits.spans.push(Span {
                    from,
                    to: moment.at,
                });
            }
            match moment.event {
                Event::Connected | Event::Sent => waits.is_unanswered = true,
                Event::Answered => {
                    waits.answers += 1;
                    waits.is_unanswered = false;
                }
                Event::GaveUp if waits.answers == 0 => waits.is_unanswered = true,
                Event::Lost => {
                    waits.is_unanswered |= waits.answers == 0;
                    waits.is_cut_off = true;
                }
                Event::Closed => waits.is_cut_off |= waits.is_unanswered,
                Event::HalfClosed | Event::GaveUp => {}
            }
            // After an answer it thinks. Where it is greeted, it waits for the end then, which comes at once.
            since = match moment.event {
                Event::Connected | Event::Sent | Event::HalfClosed => Some(moment.at),
                _ => None,
            };
        }
        waits
    }

    #[must_use]
    pub fn longest(&self) -> i64 {
        let lengths = self.spans.iter().map(|span| span.length());
        lengths.max().unwrap_or_default()
    }

    /// The long ones among them.
    #[must_use]
    pub fn long(&self) -> Vec<Span> {
        let spans = self.spans.iter().copied();
        spans.filter(|span| span.length() >= LONG).collect()
    }
}

/// Of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// How many threads it had, and which of them have to do with sockets.
    pub threads: usize,
    pub serving: Vec<usize>,
    pub calls: usize,
    /// Calls that were told "would block".
    pub refused: usize,
    /// Calls that asked about many sockets, and came back at once with no news.
    pub in_vain: usize,
    /// How long a nap is at the median, in microseconds, and how many there were.
    pub nap: i64,
    pub naps: usize,
    /// The parts of the time in which all of its serving threads slept, from 0 to 1: until something would arrive, and in
    /// naps, which nothing can end.
    pub asleep: f64,
    pub napping: f64,
}

impl Work {
    #[must_use]
    pub fn of(recording: &Recording, server: &Server) -> Self {
        let serving = serving(server);
        let ours = |thread: usize| serving.binary_search(&thread).is_ok();
        let calls = server.calls.iter().filter(|call| ours(call.thread));
        let lives = serving.iter().map(|thread| server.threads[*thread]);
        let life = union(lives.clone());
        let awake = union(serving.iter().zip(lives).flat_map(|(thread, life)| {
            let own = calls.clone().filter(|call| call.thread == *thread);
            let sleeps = union(own.filter(|call| call.sleeps()).map(|call| call.span()));
            minus(&[life], &sleeps)
        }));
        let quiet = minus(&life, &awake);
        let naps = calls.clone().filter(|call| call.kind == Kind::Nap);
        let napping = within(&quiet, &union(naps.clone().map(|call| call.span())));
        let whole = union([recording.span]);
        let part = |spans: &[Span]| {
            let life = length(&within(&life, &whole)).max(1);
            length(&within(spans, &whole)) as f64 / life as f64
        };
        let mut lengths: Vec<i64> = naps.map(|call| call.duration).collect();
        lengths.sort_unstable();
        let count = |answer: Answer| {
            let alike = calls
                .clone()
                .filter(|call| call.answer == answer && call.is_refused());
            alike.count()
        };
        let asks = |kind: Kind| !matches!(kind, Kind::Nap | Kind::Futex | Kind::Other);
        Self {
            threads: server.threads.len(),
            calls: calls.clone().filter(|call| asks(call.kind)).count(),
            refused: count(Answer::WouldBlock),
            in_vain: count(Answer::Nothing),
            nap: lengths.get(lengths.len() / 2).copied().unwrap_or_default(),
            naps: lengths.len(),
            asleep: part(&quiet) - part(&napping),
            napping: part(&napping),
            serving,
        }
    }

    /// The part of the time in which somebody was awake.
    #[must_use]
    pub fn awake(&self) -> f64 {
        1.0 - self.asleep - self.napping
    }
}

/// The threads that have to do with sockets, in order; all, where none has.
#[must_use]
pub fn serving(server: &Server) -> Vec<usize> {
    let sockets = server.sockets();
    let all = 0..server.threads.len();
    let has = |thread: &usize| !sockets[*thread].is_empty();
    let some: Vec<usize> = all.clone().filter(has).collect();
    if some.is_empty() { all.collect() } else { some }
}
