//! Has a program done all that it will do? This is what replaces sleeping in checks.
//!
//! A program is settled when every thread is parked in a call that does not return by itself, also those of processes
//! that it started, and nothing is on its way between it and our peers. A program that never parks is settled when nothing
//! changed that could be seen from outside while it used a good amount of its own processor time, or went to sleep many
//! times. Where each of its calls is reported, it is settled when it has asked each socket that has something for it again
//! and again, and nothing changed. Its ticks are not looked at: they go on by the clock.

use std::collections::HashMap;
use std::time::Duration;

use crate::evidence::connection::Connection;
use crate::platform::{
    CallCounts, CallKind, Descriptor, Sample, TOO_MUCH_MEMORY, TcpRow, TcpState, Thread,
    descriptors, memory,
};
use crate::process::child::Process;

/// Smallest growth of memory that shows, in bytes.
const MEMORY_STEP: u64 = 16 << 20;

/// Consecutive samples that must agree.
pub const STABLE_SAMPLES: u32 = 3;

/// Processor time without effect after which a program counts as spinning. It may have had much to do with itself.
pub const IDLE_CPU_BUDGET: Duration = Duration::from_millis(100);

/// The same for a program with a heartbeat, which comes round many times in a millisecond.
const IDLE_CPU_BUDGET_IN_A_LOOP: Duration = Duration::from_millis(50);

/// Naps without effect after which it counts as spinning, of all its threads together, and how many of them one thread alone
/// has to take: each of many threads may go to sleep a few times before the first of them has an answer.
pub const IDLE_NAPS: u64 = 50;
const IDLE_NAPS_OF_ONE: u64 = 10;

/// Long naps of one thread after which it does: each thread goes to sleep once when it has nothing to do.
const IDLE_LONG_NAPS: u64 = 3;

/// Rounds without effect after which a program whose calls are reported counts as spinning: calls on each socket that has
/// something for it.
const IDLE_ROUNDS: u64 = 5;

/// The same where it does not call on one of these: it may do so in a later round.
const IDLE_ROUNDS_ELSEWHERE: u64 = 50;

/// The same for one that calls on no socket any more: processor time, and naps of all its threads together.
const IDLE_CPU_BUDGET_WITHOUT_CALLS: Duration = Duration::from_millis(500);
const IDLE_NAPS_WITHOUT_CALLS: u64 = 200;

/// Shortest nap that counts as long.
const LONG_NAP: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It may still do something by itself.
    Running,
    /// Every thread sleeps until another side does something.
    Blocked,
    /// It does not sleep, and does nothing either that could be seen.
    Spinning,
    Exited,
}

/// What can be seen from outside at one moment.
#[derive(Debug, PartialEq, Eq)]
struct Fingerprint {
    rows: Vec<TcpRow>,
    descriptors: Vec<Descriptor>,
    /// How many threads there are, in all processes.
    population: usize,
    /// How much memory there is, in large steps, up to where it is too much.
    memory: u64,
    printed: u64,
    stdin_written: u64,
}

/// Looks at a program again and again, and compares.
#[derive(Debug, Default)]
pub struct SettleDetector {
    /// Only sleep and exit settle it.
    goes_round: bool,
    parked: Option<Sample>,
    times: u32,
    /// The view that has not changed since, and the program at the look after it: what it had done by then, it had done
    /// while nothing changed, or before.
    unchanged: Option<(Fingerprint, Option<Since>)>,
}

/// Looks at a program that does nothing which could be seen.
#[derive(Debug)]
struct Since {
    /// The first of them.
    then: Moment,
    /// The first of them after its last call on one of its sockets, if it has made any since: it may never make another.
    last_call: Option<Moment>,
}

/// What a program had done up to one moment.
#[derive(Debug)]
struct Moment {
    sample: Sample,
    calls: Option<CallCounts>,
    /// One of its calls waited for the lab to let it go on.
    is_held: bool,
}

/// What can be seen of a program at one moment, as far as it tells whether the program has settled.
#[derive(Debug, Clone)]
pub struct Observation {
    pub exited: bool,
    /// Its threads and those of processes that it started. `None` where the system does not show them.
    pub sample: Option<Sample>,
    /// Its sockets, its descriptors and its memory were not looked at: nothing hung on them.
    pub is_of_threads_alone: bool,
    /// The sockets that matter. `None` where the system does not show them.
    pub table: Option<Vec<TcpRow>>,
    /// All that it has printed so far was read, or cannot be read before it does something.
    pub is_drained: bool,
    /// We do not read its standard output for now.
    pub is_unread: bool,
    pub open: Vec<Descriptor>,
    /// Memory in use, in bytes.
    pub memory: u64,
    /// Bytes printed so far but for ticks and repetitions.
    pub printed: u64,
    /// Ticks of its heartbeat so far.
    pub ticks: u64,
    /// Bytes of its standard input that were written so far, and true if there will be no more.
    pub stdin: (u64, bool),
    /// How often it made which calls. `None` where they are not all reported.
    pub calls: Option<CallCounts>,
    /// One of its calls waits for the lab to let it go on.
    pub is_held: bool,
}

impl Observation {
    /// Looks at `process`: at its threads first, and where the `detector` wants it, at the rest; `rows` asks the kernel for the
    /// sockets that matter.
    pub fn of(
        process: &Process,
        detector: &SettleDetector,
        rows: impl FnOnce() -> Option<Vec<TcpRow>>,
    ) -> Self {
        let exited = process.exited().is_some();
        let holds_one = || process.watch().is_some_and(|watch| !watch.is_idle());
        let held_before = holds_one();
        let sample = if exited { None } else { process.family() };
        let is_held = held_before || holds_one();
        // Before the look at the sockets: on a busy machine much may be done while we look, and shows only at the next.
        let calls = process.call_counts();
        let is_whole = sample
            .as_ref()
            .is_some_and(|sample| detector.wants_more(sample, is_held));
        let table = if is_whole { rows() } else { None };
        let holds_its_output = sample.as_ref().is_some_and(holds_its_output);
        let open = is_whole.then(|| descriptors(process.pid())).flatten();
        Self {
            exited,
            sample,
            is_of_threads_alone: !is_whole,
            table,
            // What it prints after this look is no part of it.
            is_drained: holds_its_output
                || (process.stdout.is_drained() && process.stderr.is_drained()),
            is_unread: process.stdout.is_paused(),
            open: open.unwrap_or_default(),
            memory: if is_whole { memory(process.pid()) } else { 0 },
            printed: process.stdout.news(),
            ticks: process.stdout.ticks(),
            stdin: (process.stdin_written(), process.is_fed()),
            calls,
            is_held,
        }
    }
}

impl SettleDetector {
    /// Looks for a program that goes round in a loop: that it does nothing which could be seen tells nothing.
    #[must_use]
    pub fn of_one_that_goes_round() -> Self {
        Self {
            goes_round: true,
            ..Self::default()
        }
    }

    /// Whether a program that is seen like this may have settled, so that its sockets, its descriptors and its memory are
    /// worth a look: it has slept since the last one, or it does not sleep. Sockets at which nothing travels, and a program that
    /// has not run before and after that look, are enough to tell.
    #[must_use]
    pub fn wants_more(&self, sample: &Sample, is_held: bool) -> bool {
        match sample.is_parked() && !is_held {
            true => self.parked.as_ref() == Some(sample),
            false => !self.goes_round && !sample.is_stopped(),
        }
    }

    /// Takes one more observation into account. The caller pauses between two of them.
    pub fn judge(&mut self, seen: Observation, connections: &[Connection]) -> Activity {
        if seen.exited {
            return Activity::Exited;
        }
        let Some(sample) = seen.sample else {
            return Activity::Running;
        };
        // What it has printed may still be on its way to us. If it is a tick, nothing has changed.
        if !seen.is_drained {
            self.parked = None;
            return Activity::Running;
        }
        if seen.is_of_threads_alone {
            if sample.is_parked() && !seen.is_held {
                return self.parked_again(sample);
            }
            self.parked = None;
            return Activity::Running;
        }
        let Some(table) = seen.table else {
            return Activity::Running;
        };
        let nothing_travels = connections
            .iter()
            .all(|connection| is_quiet(connection, &table));
        let waits_for_us = || {
            let has_room = || !connections.iter().any(|one| is_full(one, &table));
            let mut calls = sample.threads.iter().filter_map(|thread| thread.call);
            calls.any(|call| match (call.kind, call.descriptor) {
                (CallKind::Recv, Some(0)) => !seen.stdin.1,
                (CallKind::Send, Some(1)) => !seen.is_unread,
                (CallKind::Send, Some(2)) => true,
                // It takes the input and sends it in one call: it waits for the one, or for room for the other.
                (CallKind::Send, _) if call.other_end == Some(0) => !seen.stdin.1 && has_room(),
                _ => false,
            })
        };
        let is_parked = sample.is_parked() && !seen.is_held && !waits_for_us();
        if is_parked && nothing_travels && !is_about_to_wake(&sample, &seen.open, &table) {
            return self.parked_again(sample);
        }
        self.parked = None;
        if self.goes_round || sample.is_stopped() {
            return Activity::Running;
        }
        let enough = match seen.ticks {
            0 => IDLE_CPU_BUDGET,
            _ => IDLE_CPU_BUDGET_IN_A_LOOP,
        };
        let moment = Moment {
            sample,
            calls: seen.calls,
            is_held: seen.is_held,
        };
        // That a kernel knocks again at a closed window is no doing of the program.
        let without_probes = |row| TcpRow {
            retransmits: 0,
            ..row
        };
        let now = Fingerprint {
            rows: table.into_iter().map(without_probes).collect(),
            descriptors: seen.open,
            population: moment.sample.threads.len(),
            memory: seen.memory.min(TOO_MUCH_MEMORY) / MEMORY_STEP,
            printed: seen.printed,
            stdin_written: seen.stdin.0,
        };
        match &mut self.unchanged {
            Some((before, Some(since))) if *before == now => {
                // What is on its way may still wake it up to do something.
                if nothing_travels && is_idle(since, &moment, &now, enough) {
                    return Activity::Spinning;
                }
                if calls_on_sockets(since.at_last_call(), &moment, &now)
                    .is_some_and(|some| some > 0)
                {
                    since.last_call = Some(moment);
                }
                Activity::Running
            }
            Some((before, since)) if *before == now => {
                *since = Some(Since {
                    then: moment,
                    last_call: None,
                });
                Activity::Running
            }
            _ => {
                self.unchanged = Some((now, None));
                Activity::Running
            }
        }
    }

    fn parked_again(&mut self, sample: Sample) -> Activity {
        self.unchanged = None;
        let is_same = self.parked.as_ref() == Some(&sample);
        self.times = if is_same { self.times + 1 } else { 1 };
        self.parked = Some(sample);
        if self.times >= STABLE_SAMPLES {
            Activity::Blocked
        } else {
            Activity::Running
        }
    }
}

impl Since {
    fn at_last_call(&self) -> &Moment {
        self.last_call.as_ref().unwrap_or(&self.then)
    }
}

/// True if all that a program did since it was seen first was without effect, and enough to tell.
fn is_idle(since: &Since, now: &Moment, view: &Fingerprint, enough: Duration) -> bool {
    let then = &since.then;
    let (Some(before), Some(after)) = (&then.calls, &now.calls) else {
        return is_for_nothing(&then.sample, &now.sample, enough, IDLE_NAPS);
    };
    let rounds_on = |descriptor: i32| after.on_since(before, descriptor);
    let rounds = calls_on_sockets(then, now, view).unwrap_or(0);
    let mut with_something = view.sockets_with_something();
    let are_enough = rounds >= IDLE_ROUNDS_ELSEWHERE
        || (rounds >= IDLE_ROUNDS
            && with_something.all(|descriptor| rounds_on(descriptor) >= IDLE_ROUNDS));
    if are_enough && each_has_come_round(then, now, enough) {
        return true;
    }
    let last = since.at_last_call();
    calls_on_sockets(last, now, view) == Some(0)
        && is_for_nothing(
            &last.sample,
            &now.sample,
            IDLE_CPU_BUDGET_WITHOUT_CALLS,
            IDLE_NAPS_WITHOUT_CALLS,
        )
}

/// Whether each thread that is awake, or has just made a call, has had its share since `then`: on a busy machine one may have
/// made all the calls, and another none.
fn each_has_come_round(then: &Moment, now: &Moment, enough: Duration) -> bool {
    let reported_of = |moment: &Moment, thread: &Thread| {
        let calls = moment.calls.as_ref();
        calls.map_or(0, |calls| calls.reported_of(thread.id))
    };
    let mut threads = now.sample.threads.iter();
    threads.all(|thread| {
        let calls = reported_of(now, thread).saturating_sub(reported_of(then, thread));
        let is_awake = matches!(thread.state, 'R' | 'D') || (now.is_held && calls > 0);
        !is_awake || calls >= IDLE_ROUNDS || has_had_its_share(&then.sample, thread, enough)
    })
}

/// How often it called since `then` on the socket that it called on most, or waited at several. `None` where that is not
/// reported.
fn calls_on_sockets(then: &Moment, now: &Moment, view: &Fingerprint) -> Option<u64> {
    let (before, after) = (then.calls.as_ref()?, now.calls.as_ref()?);
    let on_each = view.sockets().map(|one| after.on_since(before, one));
    Some(on_each.max().unwrap_or(0).max(after.polls_since(before)))
}

impl Fingerprint {
    /// The program's sockets, by descriptor.
    fn sockets(&self) -> impl Iterator<Item = i32> {
        let sockets = self.descriptors.iter().filter(|one| one.socket.is_some());
        sockets.map(|one| one.number)
    }

    /// Those at which something waits for it: clients, bytes or an end.
    fn sockets_with_something(&self) -> impl Iterator<Item = i32> {
        let has_something = |row: &&TcpRow| row.unread > 0 || row.state == TcpState::CloseWait;
        let rows = self.rows.iter().filter(has_something);
        rows.filter_map(|row| {
            let mut open = self.descriptors.iter();
            open.find(|one| one.socket == Some(row.inode))
        })
        .map(|one| one.number)
    }
}

/// Whether a program has used so much processor time since `then`, or gone to sleep so often, and with it each of its
/// threads that wants a processor: on a busy machine one may have had all of it, and another none.
#[must_use]
pub fn is_for_nothing(then: &Sample, now: &Sample, enough: Duration, naps: u64) -> bool {
    let uses = || {
        now.threads
            .iter()
            .filter_map(|thread| Use::since(then, thread))
    };
    let cpu = now.cpu().saturating_sub(then.cpu());
    let has_napped = match now.longest_nap() {
        Some(nap) if nap >= LONG_NAP => uses().any(|own| own.sleeps >= IDLE_LONG_NAPS),
        _ => {
            // Each thread goes to sleep once when it has nothing to do, and there may be many of them.
            let all = uses().map(|own| own.sleeps.saturating_sub(1)).sum::<u64>();
            all >= naps && uses().any(|own| own.sleeps >= IDLE_NAPS_OF_ONE)
        }
    };
    let mut awake = now
        .threads
        .iter()
        .filter(|thread| matches!(thread.state, 'R' | 'D'));
    (cpu >= enough || has_napped) && awake.all(|thread| has_had_its_share(then, thread, enough))
}

/// Whether one thread has used so much processor time since `then`, or gone to sleep as often as tells.
fn has_had_its_share(then: &Sample, thread: &Thread, enough: Duration) -> bool {
    Use::since(then, thread).is_some_and(|own| own.cpu >= enough || own.sleeps >= IDLE_NAPS)
}

/// What was used since an earlier moment.
struct Use {
    cpu: Duration,
    sleeps: u64,
}

impl Use {
    /// By one thread. `None` when it was not there yet.
    fn since(then: &Sample, now: &Thread) -> Option<Self> {
        let known = then.threads.iter().find(|known| known.id == now.id)?;
        Some(Self {
            cpu: now.cpu.saturating_sub(known.cpu),
            sleeps: now.sleeps.saturating_sub(known.sleeps),
        })
    }
}

/// Whether a thread moves bytes from a socket to its output in one call, and waits for them. Nobody else can get at the
/// output meanwhile: splice(2) holds a pipe for as long as it waits.
#[must_use]
pub fn holds_its_output(sample: &Sample) -> bool {
    let mut calls = sample.threads.iter().filter_map(|thread| thread.call);
    calls.any(|call| call.kind == CallKind::Recv && matches!(call.other_end, Some(1 | 2)))
}

/// True if the program's kernel has bytes to send for which there is no room at our end.
fn is_full(connection: &Connection, table: &[TcpRow]) -> bool {
    let theirs = connection
        .their_row(table)
        .is_some_and(|row| row.unsent > 0);
    theirs && connection.our_row(table).is_some_and(|row| row.unread > 0)
}

/// True if nothing is on its way on this connection.
fn is_quiet(connection: &Connection, table: &[TcpRow]) -> bool {
    match (connection.our_row(table), connection.their_row(table)) {
        (None, None) => true,
        (Some(ours), Some(theirs)) => !is_on_its_way(ours, theirs) && !is_on_its_way(theirs, ours),
        // Their end is gone and ours has not heard of it, or the other way round: unless all is over, a
        // reset or an acknowledgement is on its way.
        (Some(only), None) | (None, Some(only)) => only.state == TcpState::Other,
    }
}

/// Whether something is on its way on one of the connections of which `table` has both ends.
#[must_use]
pub fn travels(table: &[TcpRow]) -> bool {
    let ends: HashMap<_, _> = table
        .iter()
        .map(|row| ((row.local, row.remote), row))
        .collect();
    let mut each = table.iter();
    each.any(|from| {
        let other = ends.get(&(from.remote, from.local));
        other.is_some_and(|to| is_on_its_way(from, to))
    })
}

/// Bytes, an opening or an end on the way from one end to the other. Bytes that the receiver's kernel has no
/// room for are not on their way: they wait for the receiver to read.
fn is_on_its_way(from: &TcpRow, to: &TcpRow) -> bool {
    let travels = from.unsent > 0 || from.state == TcpState::FinSent;
    from.state == TcpState::Handshake || (travels && to.unread == 0)
}

/// Whether a thread sleeps at a socket that already has what it waits for: it is awake in a moment.
fn is_about_to_wake(sample: &Sample, open: &[Descriptor], table: &[TcpRow]) -> bool {
    // A close that lingers waits for the end to be acknowledged, which takes a kernel 40 ms at most: socket(7).
    let is_closing = table.iter().any(|row| row.state == TcpState::FinSent);
    sample
        .threads
        .iter()
        .filter_map(|thread| thread.call)
        .any(|call| {
            if call.kind == CallKind::Other {
                return is_closing;
            }
            let waits_for_input = matches!(call.kind, CallKind::Accept | CallKind::Recv);
            let descriptor = open.iter().find(|one| Some(one.number) == call.descriptor);
            let socket = descriptor.and_then(|one| one.socket);
            waits_for_input
                && socket.is_some_and(|inode| {
                    table.iter().any(|row| {
                        row.inode == inode && (row.unread > 0 || row.state == TcpState::CloseWait)
                    })
                })
        })
}
