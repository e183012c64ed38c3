//! Has a program done all that it will do? This is what replaces sleeping in checks.
//!
//! A program is settled when every thread is parked in a call that does not return by itself, also those of processes
//! that it started, and nothing is on its way between it and our peers. A program that never parks is settled when nothing
//! changed that could be seen from outside while it used a good amount of its own processor time, or went to sleep many
//! times. Its ticks are not looked at: they go on by the clock.

use std::collections::HashMap;
use std::time::Duration;

use crate::evidence::connection::Wire;
use crate::platform::{
    CallKind, Descriptor, Sample, TOO_MUCH_MEMORY, TcpRow, TcpState, Thread, descriptors, memory,
};
use crate::process::child::Running;

/// By how much memory has to grow to show, in bytes.
const MEMORY_STEP: u64 = 16 << 20;

/// How often in a row the same must be seen.
pub const TIMES: u32 = 3;

/// After how much processor time for nothing a program counts as busy for nothing. It may have had much to do with
/// itself.
pub const FOR_NOTHING: Duration = Duration::from_millis(100);

/// After how much a program with a heartbeat does, which comes round many times in a millisecond.
const FOR_NOTHING_IN_A_LOOP: Duration = Duration::from_millis(50);

/// After how many naps for nothing, of all its threads together.
const NAPS: u64 = 50;

/// After how many long ones of one and the same thread: each goes to sleep once when it has nothing to do.
const LONG_NAPS: u64 = 3;

/// A nap that is a long one.
const LONG_NAP: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It may still do something by itself.
    Moving,
    /// It sleeps until somebody does something.
    Parked,
    /// It does not sleep, and does nothing either that could be seen.
    Busy,
    Exited,
}

/// What can be seen from outside at one moment.
#[derive(Debug, PartialEq, Eq)]
struct View {
    rows: Vec<TcpRow>,
    descriptors: Vec<Descriptor>,
    /// How many threads there are, in all processes.
    population: usize,
    /// How much memory there is, in large steps, up to where it is too much.
    memory: u64,
    printed: u64,
    fed: u64,
}

/// Looks at a program again and again, and compares.
#[derive(Debug, Default)]
pub struct Calm {
    parked: Option<Sample>,
    times: u32,
    /// The view that has not changed since, and the program at that time.
    unchanged: Option<(View, Sample)>,
}

impl Calm {
    /// One look; `rows` are the sockets that matter. The caller pauses between two looks, by reading or sleeping.
    pub fn look(
        &mut self,
        program: &Running,
        wires: &[Wire],
        rows: impl FnOnce() -> Option<Vec<TcpRow>>,
    ) -> Look {
        if program.exited().is_some() {
            return Look::Exited;
        }
        let (Some(sample), Some(table)) = (program.family(), rows()) else {
            return Look::Moving;
        };
        // What it has printed may still be on its way to us.
        if !program.stdout.is_drained() || !program.stderr.is_drained() {
            *self = Self::default();
            return Look::Moving;
        }
        let open = descriptors(program.pid()).unwrap_or_default();
        if sample.is_parked()
            && !waits_for_us(program, &sample)
            && is_quiet(&sample, &open, &table, wires)
        {
            self.unchanged = None;
            self.times = if self.parked.as_ref() == Some(&sample) {
                self.times + 1
            } else {
                1
            };
            self.parked = Some(sample);
            return if self.times >= TIMES {
                Look::Parked
            } else {
                Look::Moving
            };
        }
        self.parked = None;
        if sample.is_stopped() {
            return Look::Moving;
        }

        // What is on its way may still wake it up to do something.
        let is_quiet = wires.iter().all(|wire| wire_is_quiet(wire, &table));
        let view = View {
            rows: table,
            descriptors: open,
            population: sample.threads.len(),
            memory: memory(program.pid()).min(TOO_MUCH_MEMORY) / MEMORY_STEP,
            printed: program.stdout.news(),
            fed: program.fed(),
        };
        let enough = match program.stdout.ticks() {
            0 => FOR_NOTHING,
            _ => FOR_NOTHING_IN_A_LOOP,
        };
        match &self.unchanged {
            Some((before, then)) if *before == view => {
                if is_quiet && is_for_nothing(then, &sample, enough) {
                    Look::Busy
                } else {
                    Look::Moving
                }
            }
            _ => {
                self.unchanged = Some((view, sample));
                Look::Moving
            }
        }
    }
}

/// Whether a program has used so much processor time since `then`, or gone to sleep so often, and with it each of its
/// threads that wants a processor: on a busy machine one may have had all of it, and another none.
#[must_use]
pub fn is_for_nothing(then: &Sample, now: &Sample, enough: Duration) -> bool {
    let of_all = Use {
        cpu: now.cpu().saturating_sub(then.cpu()),
        sleeps: now.sleeps().saturating_sub(then.sleeps()),
    };
    let has_napped = match now.longest_nap() {
        Some(nap) if nap >= LONG_NAP => {
            let mut threads = now.threads.iter();
            threads
                .any(|thread| Use::since(then, thread).is_some_and(|own| own.sleeps >= LONG_NAPS))
        }
        _ => of_all.sleeps >= NAPS,
    };
    let mut awake = now.threads.iter().filter(|thread| thread.state == 'R');
    (of_all.cpu >= enough || has_napped)
        && awake.all(|thread| {
            Use::since(then, thread).is_some_and(|own| own.cpu >= enough || own.sleeps >= NAPS)
        })
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

/// Whether a thread waits for us: for standard input that is still to come, or for room in an output that
/// we have not drained yet.
fn waits_for_us(program: &Running, sample: &Sample) -> bool {
    let mut calls = sample.threads.iter().filter_map(|thread| thread.call);
    calls.any(|call| match (call.kind, call.descriptor) {
        (CallKind::Recv, Some(0)) => !program.is_fed(),
        (CallKind::Send, Some(1 | 2)) => true,
        _ => false,
    })
}

/// Whether nothing is on its way that could wake the program, or reach one of our peers.
fn is_quiet(sample: &Sample, open: &[Descriptor], table: &[TcpRow], wires: &[Wire]) -> bool {
    wires.iter().all(|wire| wire_is_quiet(wire, table)) && !is_about_to_wake(sample, open, table)
}

fn wire_is_quiet(wire: &Wire, table: &[TcpRow]) -> bool {
    match (wire.our_row(table), wire.their_row(table)) {
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
    let travels = from.unsent > 0 || from.state == TcpState::EndUnderWay;
    from.state == TcpState::Opening || (travels && to.unread == 0)
}

/// Whether a thread sleeps at a socket that already has what it waits for: it is awake in a moment.
fn is_about_to_wake(sample: &Sample, open: &[Descriptor], table: &[TcpRow]) -> bool {
    sample
        .threads
        .iter()
        .filter_map(|thread| thread.call)
        .any(|call| {
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
