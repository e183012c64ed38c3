//! The program as a running server.

mod calls;
pub mod event_driven;
pub mod event_log;
pub mod fairness;
pub mod polling;
pub mod resources;
pub mod threaded;

use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::diagnose::symptom::Symptom;

use crate::evidence::kit_log::Event;
use crate::evidence::settle::Activity;
use crate::harness::client::interrupt_in_send;
use crate::harness::context::CheckContext;
use crate::harness::peer::Peer;
use crate::harness::server::resources::count_sockets;
use crate::platform::{CallCounts, SleepingCall, VERY_LONG, time_limit};
use crate::process::child::Process;
use crate::text::{counted, duration, quote};

#[derive(Debug)]
pub struct Server {
    pub(crate) process: Rc<Process>,
    pub(crate) context: Rc<CheckContext>,
    address: SocketAddr,
    /// How many sockets it had when it announced its address.
    own_sockets: usize,
}

/// What a server has used so far.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    cpu: Duration,
    naps: u64,
    /// None where not all of its calls are reported.
    calls: Option<CallCounts>,
}

/// What a server has used between two moments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// Processor time.
    pub cpu: Duration,
    /// How often it went to sleep.
    naps: u64,
    /// Where its calls are reported: how often it called on the socket that it calls on most, and how many calls it made.
    rounds: Option<u64>,
    reported: u64,
}

/// How many rounds there may be to a nap: each client has one turn in a round, or a few.
const ROUNDS_TO_A_NAP: u64 = 10;

/// How much processor time a nap may cost on average, with the round before it. A nap of a millisecond costs about 20 µs; a
/// program that spins uses it all and does not sleep once.
const COST_OF_A_NAP: Duration = Duration::from_micros(500);

/// How much more each call may cost that is reported. It costs about 10 µs, and in a round there may be fifty of them.
const COST_OF_A_REPORT: Duration = Duration::from_micros(50);

impl Usage {
    pub fn since(&self, before: &Self) -> Used {
        let calls = self.calls.as_ref().zip(before.calls.as_ref());
        Used {
            cpu: self.cpu.saturating_sub(before.cpu),
            naps: self.naps.saturating_sub(before.naps),
            rounds: calls.map(|(now, then)| now.most_on_one_since(then)),
            reported: calls.map_or(0, |(now, then)| now.reported_since(then)),
        }
    }
}

impl Used {
    /// Whether it is that of a program that naps again and again, and not of one that spins.
    pub fn is_napping(self) -> bool {
        let times = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let most = COST_OF_A_NAP * times(self.naps) + COST_OF_A_REPORT * times(self.reported);
        let rounds = self.rounds.unwrap_or(0);
        self.naps > 0 && rounds <= ROUNDS_TO_A_NAP * self.naps && self.cpu <= most
    }
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (naps, cpu) = (counted(self.naps as usize, "nap"), duration(self.cpu));
        match self.rounds {
            Some(rounds) => {
                let rounds = counted(rounds as usize, "round");
                write!(f, "{naps} in {rounds}, which took {cpu} of processor time")
            }
            None => write!(f, "{naps} in {cpu} of processor time"),
        }
    }
}

impl Server {
    /// Waits for the line `listening on ADDRESS` of a server that was asked to listen at `asked`. Where it says
    /// nothing, `silence` is the cause.
    pub(crate) fn announced(
        process: Rc<Process>,
        context: &Rc<CheckContext>,
        asked: SocketAddr,
        silence: Cause,
    ) -> Result<Self> {
        let host = match asked {
            SocketAddr::V4(asked) => asked.ip().to_string(),
            SocketAddr::V6(asked) => format!("[{}]", asked.ip()),
        };
        let wanted = match asked.port() {
            0 => format!("the line \"listening on {host}:PORT\" first, with the real port"),
            _ => format!("the line \"listening on {asked}\" first"),
        };
        let Some(line) = first_line(&process, context) else {
            let printed = match process.stdout.bytes().as_slice() {
                [] => "nothing".into(),
                some => format!("{}, and no end of that line", quote(some)),
            };
            let is_late = context.is_out_of_time() && process.exited().is_none();
            let silence = if is_late { Cause::TooLong } else { silence };
            return Err(context.fail_because(silence, wanted, printed));
        };
        let address = match Event::parse(&line) {
            Some(Event::Listening(address)) => Some(address),
            _ => None,
        };
        let is_right = |address: SocketAddr| {
            address.ip() == asked.ip()
                && address.port() != 0
                && (asked.port() == 0 || address == asked)
        };
        match address {
            Some(address) if is_right(address) => {
                context.note_and_wait("server", line);
                context.set_listener(address);
                Ok(Self {
                    own_sockets: count_sockets(process.pid()).unwrap_or(0).max(1),
                    process,
                    context: Rc::clone(context),
                    address,
                })
            }
            Some(address) => {
                let is_there = context.listens_at().contains(&address);
                let cause = if is_there {
                    Cause::NotAtItsAddress
                } else {
                    Cause::WrongAddress
                };
                Err(context.fail_because(cause, wanted, quote(line.as_bytes())))
            }
            None => Err(context.fail_because(Cause::NotAnnounced, wanted, quote(line.as_bytes()))),
        }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// It listens at the address that it announced, and has done so before.
    pub fn expect_listening(&self) -> Outcome {
        self.context.wait_until_settled();
        let calls = self.context.calls();
        if calls.is_some_and(|calls| calls.announces_too_early()) {
            return Err(self.context.fail_because(
                Cause::NeverListened,
                "a server that listens before it announces its address",
                "it has announced its address before",
            ));
        }
        self.connect_peer().map(drop)
    }

    /// Connects a new peer to it.
    pub fn connect_peer(&self) -> Result<Peer> {
        Peer::connect(&self.context, self.address, None)
    }

    /// Connects so many new peers.
    pub fn connect_peers(&self, count: usize) -> Result<Vec<Peer>> {
        (0..count).map(|_| self.connect_peer()).collect()
    }

    /// Connects a new peer whose kernel has room for little: `SO_RCVBUF`, socket(7).
    pub fn connect_slow_peer(&self) -> Result<Peer> {
        Peer::connect(&self.context, self.address, Some(64 * 1024))
    }

    /// Stops all its threads until [`resume`](Self::resume): what arrives meanwhile arrives at once for it.
    pub fn stop(&self) -> Outcome {
        if self.process.stop() {
            self.context.note_act_of_the_lab("stops your server");
            return Ok(());
        }
        Err(self.context.fail(
            Symptom::Silence,
            "a server that runs",
            "it has exited",
            None,
        ))
    }

    pub fn resume(&self) {
        self.context.note_act_of_the_lab("lets it go on");
        self.process.resume();
    }

    /// Stops it and lets it go on while it sleeps in `send`, because `peer` does not read; see
    /// [`Client::interrupt_in_send`](crate::harness::client::Client::interrupt_in_send).
    pub fn interrupt_in_send(&self, peer: &Peer) -> Outcome {
        interrupt_in_send(&self.process, &self.context, peer)
    }

    pub fn kill(&self) {
        self.context.note_act_of_the_lab("kills your server");
        self.process.kill();
    }

    /// Whatever has happened so far, it has had the time to see it.
    pub fn wait_until_settled(&self) {
        self.context.wait_until_settled();
    }

    /// It sleeps in the kernel: every thread is parked, without a timeout, and nothing is on its way.
    pub fn expect_sleeping(&self) -> Result<&Self> {
        let expected = "a server that sleeps until something arrives";
        match self.context.wait_until_settled() {
            Activity::Blocked => Ok(self),
            Activity::Exited => {
                Err(self
                    .context
                    .fail(Symptom::End, expected, "the server is gone", None))
            }
            Activity::Spinning => {
                Err(self
                    .context
                    .fail(Symptom::NoRest, expected, "it never came to rest", None))
            }
            Activity::Running => Err(self.context.fail_because(
                Cause::TooLong,
                expected,
                "it was still at work when the time was over",
            )),
        }
    }

    /// None of the calls that it sleeps in gives up after some time. That a socket has such a limit does not show in the
    /// call, but at the socket.
    pub fn expect_no_timeouts(&self) -> Outcome {
        let sample = self.context.sample();
        let threads = sample.iter().flat_map(|sample| &sample.threads);
        let limit =
            |call: SleepingCall| time_limit(self.process.pid(), call.descriptor?, call.kind);
        let limits = threads.filter_map(|thread| limit(thread.call?));
        match limits.min().filter(|limit| *limit < VERY_LONG) {
            None => Ok(()),
            Some(limit) => Err(self.context.fail_because(
                Cause::WakesOnATimer,
                "a server that sleeps until something arrives",
                format!(
                    "it sleeps in a call that gives up after {}",
                    duration(limit)
                ),
            )),
        }
    }

    /// What it has done so far. Nothing, where nobody can tell.
    pub(crate) fn usage(&self) -> Usage {
        let sample = self.context.sample();
        sample.map_or_else(Usage::default, |sample| Usage {
            cpu: sample.cpu(),
            naps: sample.sleeps(),
            calls: self.process.call_counts(),
        })
    }
}

/// The first whole line that the program prints. `None` when it settled without.
fn first_line(process: &Process, context: &CheckContext) -> Option<String> {
    context.wait_until(|| process.stdout.first_line()).reached()
}
