//! What can be counted in a recording.

use crate::trace::intervals::{length, minus, union, within};
use crate::trace::recording::{
    CallResult, ClientEvent, ClientSide, Kind, Moment, Recording, ServerSide, Sockets, Span,
    Syscall,
};

/// Waits that are longer than any pause of a server that polls well, on a machine that does other things too, in
/// microseconds.
pub const LONG: i64 = 100_000;

/// From so many refused calls on they are the way in which a server waits: there is no use in a mark for each.
pub const MANY: usize = 200;

/// Of one client.
#[derive(Debug)]
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
    pub fn of(client: &ClientSide) -> Self {
        let mut waits = Self {
            answers: 0,
            spans: Vec::new(),
            is_unanswered: false,
            is_cut_off: false,
        };
        let mut since = None;
        for &Moment { what, at } in &client.moments {
            if matches!(
                what,
                ClientEvent::Connected | ClientEvent::Sent | ClientEvent::HalfClosed
            ) {
                since = Some(at);
            } else if let Some(from) = since.take() {
                // After an answer it thinks. Where it is greeted, it waits for the end then, which comes at once.
                waits.spans.push(Span::new(from, at));
            }
            match what {
                ClientEvent::Connected | ClientEvent::Sent => waits.is_unanswered = true,
                ClientEvent::Answered => {
                    waits.answers += 1;
                    waits.is_unanswered = false;
                }
                ClientEvent::Lost => {
                    waits.is_unanswered |= waits.answers == 0;
                    waits.is_cut_off = true;
                }
                ClientEvent::Closed => waits.is_cut_off |= waits.is_unanswered,
                ClientEvent::GaveUp => waits.is_unanswered |= waits.answers == 0,
                ClientEvent::HalfClosed => {}
            }
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
#[derive(Debug)]
pub struct Work {
    /// When each of its threads lived; the first is `main`.
    pub threads: Vec<Span>,
    /// Which of them have to do with sockets, in order; all, where none has.
    pub serving: Vec<usize>,
    /// The calls of those threads, in the order in which they began.
    pub calls: Vec<Syscall>,
    /// How many of them asked the kernel for something.
    pub asked: usize,
    /// Calls that were told "would block".
    pub refused: usize,
    /// Calls that asked about many sockets, and came back at once with no news.
    pub in_vain: usize,
    /// The parts of the time in which all of its serving threads slept, from 0 to 1: until something would arrive, and in
    /// naps, which nothing can end.
    pub asleep: f64,
    pub napping: f64,
}

impl Work {
    /// `None` where the server's side was not recorded.
    #[must_use]
    pub fn of(recording: &Recording) -> Option<Self> {
        let ServerSide { threads, calls } = recording.server.as_ref()?;
        let serving = serving(threads.len(), calls);
        let mut calls = calls.clone();
        calls.retain(|call| serving.binary_search(&call.thread).is_ok());

        let life = union(serving.iter().map(|thread| threads[*thread]).collect());
        let mut awake = Vec::new();
        for &thread in &serving {
            let own = |call: &Syscall| call.thread == thread && call.sleeps();
            awake.extend(minus(&[threads[thread]], &during(&calls, own)));
        }
        let quiet = minus(&life, &union(awake));
        let naps = during(&calls, |call| call.kind == Kind::Nap);
        let part = |spans: &[Span]| {
            let whole = [recording.span];
            let life = length(&within(&life, &whole)).max(1);
            length(&within(spans, &whole)) as f64 / life as f64
        };
        let napping = part(&within(&quiet, &naps));
        let count = |is_meant: &dyn Fn(&Syscall) -> bool| {
            calls.iter().filter(|call| is_meant(call)).count()
        };
        let is_refused = |call: &Syscall, answer| call.is_refused() && call.answer == answer;
        let asks = |call: &Syscall| !matches!(call.kind, Kind::Nap | Kind::Futex | Kind::Other);
        Some(Self {
            threads: threads.clone(),
            asked: count(&asks),
            refused: count(&|call| is_refused(call, CallResult::WouldBlock)),
            in_vain: count(&|call| is_refused(call, CallResult::Nothing)),
            asleep: part(&quiet) - napping,
            napping,
            serving,
            calls,
        })
    }

    /// The part of the time in which somebody was awake.
    #[must_use]
    pub fn awake(&self) -> f64 {
        1.0 - self.asleep - self.napping
    }

    /// The sockets that one of its serving threads has to do with.
    #[must_use]
    pub fn sockets(&self, thread: usize) -> Sockets {
        Sockets::of(self.calls.iter().filter(|call| call.thread == thread))
    }
}

/// When there are such calls, in stretches that do not touch.
#[must_use]
pub fn during(calls: &[Syscall], is_meant: impl Fn(&Syscall) -> bool) -> Vec<Span> {
    let meant = calls.iter().filter(|call| is_meant(call));
    union(meant.map(Syscall::span).collect())
}

fn serving(threads: usize, calls: &[Syscall]) -> Vec<usize> {
    let mut has_sockets = vec![false; threads];
    for call in calls {
        has_sockets[call.thread] |= !call.at.is_empty();
    }
    let mut serving: Vec<usize> = (0..threads).collect();
    if has_sockets.contains(&true) {
        serving.retain(|thread| has_sockets[*thread]);
    }
    serving
}
