//! What a server takes of the machine, and whether it gives that back: descriptors, threads, child processes, memory.

use std::time::Duration;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Problem, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::connection::Connection;
use crate::evidence::wait::Waited;
use crate::harness::server::Server;
use crate::platform::{TcpState, descendants, descriptors, private_memory};
use crate::text::{counted, memory};

/// Descriptors, threads or child processes that a program may take for itself, once. Thirty clients that each leave
/// something behind leave far more.
const A_FEW: usize = 5;

/// Memory that a program may take besides, in bytes, after many clients: the stacks of six threads, which are kept for the
/// next ones.
const FOR_CLIENTS: u64 = 12 << 20;

/// The same for a program with one thread. It takes 52 KiB more at most, measured over all solutions and variants, and an
/// allocator asks for 132 KiB at a time.
const FOR_CLIENTS_OF_ONE_THREAD: u64 = 300 << 10;

/// The same after many bytes of one client. A program that keeps them takes three times as much.
const FOR_A_STREAM: u64 = 1 << 20;

/// Memory that a list takes at least, in bytes, which gets longer in each of many rounds. A right program takes none.
const A_LIST: u64 = 256 << 10;

/// Processor time of many rounds, which is that of some ten thousand, and ticks that come meanwhile where each round naps.
const MANY_ROUNDS: Duration = Duration::from_millis(100);
const MANY_TICKS: u64 = 5;

/// Ticks after which a loop has gone round as often as the machine let it: one that yields in each round gets hardly any
/// processor time beside programs that want all of it.
const TICKS_ON_A_BUSY_MACHINE: u64 = 60;

/// What a server has taken of the machine at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Resources {
    descriptors: usize,
    threads: usize,
    processes: usize,
    memory: u64,
    /// How many clients there had been.
    clients: usize,
}

/// Something of which a server has more than before.
struct Growth {
    cause: Cause,
    before: String,
    now: String,
}

impl Resources {
    /// What there is more of than in `before`.
    fn growth_since(&self, before: &Self) -> Option<Growth> {
        let counts = [
            (before.descriptors, self.descriptors),
            (before.threads, self.threads),
            (before.processes, self.processes),
        ];
        let names = [
            ("open descriptors", Cause::DescriptorsKept),
            ("threads", Cause::ThreadsKept),
            ("child processes", Cause::ProcessesKept),
        ];
        let counted = counts.into_iter().zip(names);
        let mut grown = counted.filter(|((before, now), _)| *now > before + A_FEW);
        let of_memory = || {
            let (most, cause) = match self.clients > before.clients {
                true if self.threads == 1 => (FOR_CLIENTS_OF_ONE_THREAD, Cause::MemoryKept),
                true => (FOR_CLIENTS, Cause::MemoryKept),
                false => (FOR_A_STREAM, Cause::HistoryKept),
            };
            (self.memory > before.memory + most).then(|| Growth {
                cause,
                before: format!("{} of memory", memory(before.memory)),
                now: format!("{} of memory", memory(self.memory)),
            })
        };
        match grown.next() {
            Some(((before, now), (what, cause))) => Some(Growth {
                cause,
                before: format!("{before} {what}"),
                now: format!("{now} {what}"),
            }),
            None => of_memory(),
        }
    }
}

impl Server {
    /// What it has taken of the machine, once it has settled: threads that are still being started will be there later.
    pub fn count_resources(&self) -> Result<Resources> {
        self.context.wait_until_settled();
        self.resources().ok_or_else(|| self.is_gone())
    }

    fn resources(&self) -> Option<Resources> {
        let pid = self.process.pid();
        Some(Resources {
            descriptors: descriptors(pid)?.len(),
            threads: self.context.sample()?.threads.len(),
            processes: descendants(pid).len(),
            memory: private_memory(pid)?,
            clients: self.context.connections().len(),
        })
    }

    /// It has about as many threads as `before`, or will have, once it has settled.
    pub fn expect_threads_given_back(&self, before: Resources) -> Outcome {
        let threads = || Some(self.context.sample()?.threads.len());
        let most = before.threads + A_FEW;
        let is_given_back = || threads().filter(|now| *now <= most).map(drop);
        match (self.context.wait_until(is_given_back), threads()) {
            (Waited::Reached(()), _) => Ok(()),
            (_, None) => Err(self.is_gone()),
            (_, Some(now)) => Err(self.context.fail_because(
                Cause::ThreadsKept,
                format!(
                    "no more than the {} threads that it had before all came at once",
                    before.threads
                ),
                format!("{now} threads"),
            )),
        }
    }

    fn is_gone(&self) -> Box<Problem> {
        self.context.fail(
            Symptom::End,
            "a server that runs",
            "the server is gone",
            None,
        )
    }

    /// It has about as much of everything as `before`, or will have, once it has settled.
    pub fn expect_given_back(&self, before: Resources) -> Outcome {
        let growth = || self.resources().map(|now| now.growth_since(&before));
        let is_given_back = || growth().filter(Option::is_none).map(drop);
        if let Waited::Reached(()) = self.context.wait_until(is_given_back) {
            return Ok(());
        }
        let Some(growth) = growth() else {
            return Err(self.is_gone());
        };
        let meanwhile = match self.context.connections().len() > before.clients {
            true => "so many clients came and left",
            false => "so many bytes came",
        };
        growth.map_or(Ok(()), |Growth { cause, before, now }| {
            let expected = format!("no more than the {before} that it had before {meanwhile}");
            Err(self.context.fail_because(cause, expected, now))
        })
    }

    /// It has no more sockets than when it began to listen, and those of clients that are still there.
    pub fn expect_no_sockets_of_those_who_left(&self) -> Outcome {
        let is_open = |one: &&Connection| {
            let table = self.context.rows_of(one).unwrap_or_default();
            one.our_row(&table)
                .is_some_and(|row| matches!(row.state, TcpState::Established | TcpState::CloseWait))
        };
        let open = self.context.connections().iter().filter(is_open).count();
        let most = self.own_sockets + open;
        let sockets = || count_sockets(self.process.pid());
        let is_given_back = || sockets().filter(|now| *now <= most).map(drop);
        match (self.context.wait_until(is_given_back), sockets()) {
            (Waited::Reached(()), _) => Ok(()),
            (_, None) => Err(self.is_gone()),
            (_, Some(now)) => Err(self.context.fail_because(
                Cause::DescriptorsKept,
                match open {
                    0 => format!("a server that holds {}: its own", counted(most, "socket")),
                    _ => format!(
                        "a server that holds {most} sockets: its own, and one for each client"
                    ),
                },
                format!("it holds {now}, although the other clients have left"),
            )),
        }
    }

    /// After `rounds` of clients, which all have left, it has about as much of everything as before, and none of their sockets.
    /// Memory that is still there may be what an allocator keeps for the next ones, which has a bound: what a program keeps is
    /// more again after twice as many.
    pub fn expect_given_back_after(&self, mut rounds: impl FnMut() -> Outcome) -> Outcome {
        let before = self.count_resources()?;
        rounds()?;
        self.expect_no_sockets_of_those_who_left()?;
        match self.expect_given_back(before) {
            Err(problem) if is_about_memory(&problem) => {
                let before = self.count_resources()?;
                rounds()?;
                rounds()?;
                self.expect_given_back(before)
            }
            ended => ended,
        }
    }

    /// It goes round in its loop some ten thousand times, and takes no memory for that.
    pub fn expect_same_memory_each_round(&self) -> Outcome {
        let before = self.count_resources()?.memory;
        let (usage, ticks) = (self.usage(), self.process.stdout.ticks());
        let has_gone_round = || {
            let used = self.usage().since(&usage);
            // On a busy machine ticks go on by the clock, and rounds do not, unless most of the time is napped away.
            let naps_for_long =
                used.is_napping() && self.process.stdout.ticks() >= ticks + MANY_TICKS;
            let is_kept_waiting = self.process.stdout.ticks() >= ticks + TICKS_ON_A_BUSY_MACHINE;
            used.cpu >= MANY_ROUNDS || naps_for_long || is_kept_waiting
        };
        let seen = self.context.wait_until_going_round(|| {
            let went_round = has_gone_round();
            let now = self.resources()?.memory;
            let grown = (now > before + A_LIST).then_some(now);
            (went_round || grown.is_some()).then_some(grown)
        });
        let expected = "a server that goes round in its loop in the same memory";
        match seen {
            Waited::Reached(None) => Ok(()),
            Waited::Reached(Some(now)) => Err(self.context.fail_because(
                Cause::HistoryKept,
                format!("{expected}, {}", memory(before)),
                memory(now),
            )),
            Waited::Settled(_) | Waited::TimedOut => {
                let received = "it does not go round";
                Err(self
                    .context
                    .fail(Symptom::NoTicks, expected, received, None))
            }
        }
    }
}

fn is_about_memory(problem: &Problem) -> bool {
    matches!(problem, Problem::Failed(failure) if failure.cause == Cause::MemoryKept)
}

/// How many sockets process `pid` has open.
pub(super) fn count_sockets(pid: u32) -> Option<usize> {
    let open = descriptors(pid)?;
    Some(open.iter().filter(|one| one.socket.is_some()).count())
}
