//! What a program's calls, reported when they began, tell about it: its own sleeps, timers, threads, listeners and options.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use crate::platform::{CallKind, SocketOption, VERY_LONG, WatchedCall};

/// What the announcement of a server begins with.
const ANNOUNCEMENT: &[u8] = b"listening on ";

/// What a tick begins with, which is printed about every 50 ms.
const TICK: &[u8] = b"tick ";

/// For how long a loop may nap from one tick to the next. One that comes by its heartbeat between two naps ticks before that.
const MOST_NAPS_IN_A_TICK: Duration = Duration::from_millis(60);

/// How often a loop that has to tick by the clock comes round at least, and how much it may work if it does not. On a busy
/// machine it may come round less often, but then it does not work either.
const ROUNDS_IN_A_TICK: u64 = 3;
const MOST_WORK_IN_A_TICK: Duration = Duration::from_millis(20);

/// In how many of its last calls on a socket a program that has something to send tries to.
const LAST_CALLS: usize = 4;

/// How often that has to be seen: a machine may charge a program for time that it did not have.
const LONG_WORK_SEEN: usize = 3;

/// The calls of a program in the order in which they began, each with the thread that made it.
#[derive(Debug, Clone, Default)]
pub struct CallLog(Vec<(u32, WatchedCall)>);

/// A wait that ends although nothing has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnWait {
    Sleep(Duration),
    /// A wait for sockets with a timeout.
    ForSockets(Duration),
    /// A wait for another thread with a timeout.
    ForAThread(Duration),
    Timer,
}

/// In place of a descriptor.
const ALL: i32 = -1;

/// What keeps a loop from its other work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongRound {
    /// So much napping between two ticks.
    Naps(Duration),
    /// So much work in one round or two, or without a look at a socket.
    Work(Duration),
}

/// What a loop does from one tick to the next.
#[derive(Debug, Default)]
struct BetweenTicks {
    cpu: Duration,
    naps: Duration,
    calls: HashMap<(CallKind, i32), u64>,
}

impl BetweenTicks {
    fn add(&mut self, call: &WatchedCall) {
        match call {
            WatchedCall::Nap(length) => self.naps += *length,
            WatchedCall::On {
                kind, descriptor, ..
            } => *self.calls.entry((*kind, *descriptor)).or_default() += 1,
            // A question for all sockets at once.
            WatchedCall::Wait {
                kind: kind @ CallKind::Poll,
                ..
            } => *self.calls.entry((*kind, ALL)).or_default() += 1,
            _ => {}
        }
    }

    /// It has come round hardly once or twice, or has asked no socket at all, and was at work meanwhile.
    fn is_long_work(&self) -> bool {
        let rounds = self.calls.values().max().copied().unwrap_or(0);
        rounds < ROUNDS_IN_A_TICK && self.cpu > MOST_WORK_IN_A_TICK
    }
}

impl CallLog {
    #[must_use]
    pub fn new(calls: Vec<(u32, WatchedCall)>) -> Self {
        Self(calls)
    }

    /// The calls after the one that announced the address. Before that a server may prepare as it likes.
    #[must_use]
    pub fn since_the_announcement(&self) -> Self {
        let announces = |call: &WatchedCall| matches!(call, WatchedCall::Print(line) if line.starts_with(ANNOUNCEMENT));
        let at = self.0.iter().position(|(_, call)| announces(call));
        Self(self.0[at.map_or(0, |at| at + 1)..].to_vec())
    }

    /// Whether an address was announced before a socket listened.
    #[must_use]
    pub fn announces_too_early(&self) -> bool {
        let listens = |call: &WatchedCall| matches!(call, WatchedCall::Listen { .. });
        let announces = |call: &WatchedCall| matches!(call, WatchedCall::Print(line) if line.starts_with(ANNOUNCEMENT));
        let first = self.calls().find(|call| listens(call) || announces(call));
        first.is_some_and(announces)
    }

    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &WatchedCall> {
        self.0.iter().map(|(_, call)| call)
    }

    /// Waits that end by themselves, but for those that outlast every check. One with a timeout of zero does not wait.
    pub fn own_waits(&self) -> impl Iterator<Item = OwnWait> {
        let wait = |call: &WatchedCall| match *call {
            WatchedCall::Nap(length) => Some((length, OwnWait::Sleep(length))),
            WatchedCall::Wait {
                kind,
                limit: Some(length),
            } => Some(match kind {
                CallKind::Futex => (length, OwnWait::ForAThread(length)),
                _ => (length, OwnWait::ForSockets(length)),
            }),
            WatchedCall::Timer => Some((Duration::MAX, OwnWait::Timer)),
            _ => None,
        };
        let is_short = |(length, wait): &(Duration, OwnWait)| {
            *wait == OwnWait::Timer || (!length.is_zero() && *length < VERY_LONG)
        };
        let waits = self.calls().filter_map(wait).filter(is_short);
        waits.map(|(_, wait)| wait)
    }

    /// The longest sleep, where one took longer than `most`.
    #[must_use]
    pub fn sleep_of_more_than(&self, most: Duration) -> Option<Duration> {
        let naps = self.calls().filter_map(|call| match call {
            WatchedCall::Nap(length) => Some(*length),
            _ => None,
        });
        naps.max().filter(|longest| *longest > most)
    }

    /// Rounds that are so long that ticks come late.
    #[must_use]
    pub fn long_round(&self) -> Option<LongRound> {
        let ticks = self.between_ticks();
        let naps = ticks.iter().map(|between| between.naps).max();
        let mut work: Vec<Duration> = ticks
            .iter()
            .filter(|between| between.is_long_work())
            .map(|between| between.cpu)
            .collect();
        work.sort_unstable();
        match naps.filter(|naps| *naps > MOST_NAPS_IN_A_TICK) {
            Some(naps) => Some(LongRound::Naps(naps)),
            None if work.len() >= LONG_WORK_SEEN => work.pop().map(LongRound::Work),
            None => None,
        }
    }

    /// What it did from each tick to the next.
    fn between_ticks(&self) -> Vec<BetweenTicks> {
        let (mut all, mut current) = (Vec::new(), None::<BetweenTicks>);
        let (mut cpu, mut cpu_at_tick) = (Duration::ZERO, Duration::ZERO);
        for call in self.calls() {
            match call {
                WatchedCall::Used(so_far) => cpu = *so_far,
                WatchedCall::Print(line) if line.starts_with(TICK) => {
                    let mut last = current.replace(BetweenTicks::default());
                    if let Some(last) = &mut last {
                        last.cpu = cpu.saturating_sub(cpu_at_tick);
                    }
                    all.extend(last);
                    cpu_at_tick = cpu;
                }
                _ => {
                    if let Some(between) = &mut current {
                        between.add(call);
                    }
                }
            }
        }
        all
    }

    /// Whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The descriptors on which it has called `recv`, the last call first.
    pub fn received_from(&self) -> impl Iterator<Item = i32> {
        self.calls().rev().filter_map(|call| match call {
            WatchedCall::On {
                kind: CallKind::Recv,
                descriptor,
                ..
            } => Some(*descriptor),
            _ => None,
        })
    }

    /// How often it has tried to send the same again, with no other call on a socket in between. A single byte may be another.
    #[must_use]
    pub fn most_tries_to_send(&self) -> usize {
        let (mut last, mut tries, mut most) = (None, 0, 0);
        for call in self.calls() {
            let WatchedCall::On {
                kind,
                descriptor,
                bytes,
                ..
            } = *call
            else {
                continue;
            };
            let this = (kind == CallKind::Send && bytes > 1).then_some((descriptor, bytes));
            tries = match this.is_some() && this == last {
                true => tries + 1,
                false => 0,
            };
            (last, most) = (this, most.max(tries));
        }
        most
    }

    /// Whether it has called `accept`.
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.calls().any(|call| {
            matches!(
                call,
                WatchedCall::On {
                    kind: CallKind::Accept,
                    ..
                }
            )
        })
    }

    /// Whether it is known of each `recv` on which connection it was, and none was on that to `peer`.
    #[must_use]
    pub fn never_received_from(&self, peer: SocketAddr) -> bool {
        self.calls().all(|call| match call {
            WatchedCall::On {
                kind: CallKind::Recv,
                peer: other,
                ..
            } => other.is_some_and(|other| other != peer),
            _ => true,
        })
    }

    /// How often it has called `recv` on the connection to `peer`.
    #[must_use]
    pub fn received_times(&self, peer: SocketAddr) -> usize {
        let is_it = |call: &&WatchedCall| matches!(call, WatchedCall::On { kind: CallKind::Recv, peer: other, .. } if *other == Some(peer));
        self.calls().filter(is_it).count()
    }

    /// Whether one of its last `count` calls on sockets was `recv` on the connection to `peer`. `None` where there were fewer.
    #[must_use]
    pub fn last_received_from(&self, count: usize, peer: SocketAddr) -> Option<bool> {
        let on_a_socket = |call: &WatchedCall| match *call {
            WatchedCall::On { kind, peer, .. } => Some((kind, peer)),
            _ => None,
        };
        let last: Vec<_> = self
            .calls()
            .rev()
            .filter_map(on_a_socket)
            .take(count)
            .collect();
        (last.len() == count).then(|| last.contains(&(CallKind::Recv, Some(peer))))
    }

    /// Of its last `count` calls on the connection to `peer`, on whichever descriptors: how often it has called `recv` before
    /// the first `send`.
    #[must_use]
    pub fn receives_before_a_send(&self, count: u64, peer: SocketAddr) -> usize {
        let kind_with_peer = |call: &WatchedCall| match *call {
            WatchedCall::On {
                kind, peer: other, ..
            } => (other == Some(peer)).then_some(kind),
            _ => None,
        };
        let kinds: Vec<_> = self.calls().filter_map(kind_with_peer).collect();
        let last = &kinds[kinds.len().saturating_sub(count as usize)..];
        let before = last.iter().take_while(|kind| **kind != CallKind::Send);
        before.filter(|kind| **kind == CallKind::Recv).count()
    }

    /// The most naps one after the other, with no call on a socket between them.
    #[must_use]
    pub fn most_naps_in_a_row(&self) -> usize {
        most_in_a_row(self.calls())
    }

    /// The same up to its first call on the socket of a client.
    #[must_use]
    pub fn most_naps_in_a_row_before_the_first_client(&self) -> usize {
        let is_on_a_client = |call: &&WatchedCall| matches!(call, WatchedCall::On { kind, .. } if *kind != CallKind::Accept);
        most_in_a_row(self.calls().take_while(|call| !is_on_a_client(call)))
    }

    /// How many bytes the last `recv` on `descriptor` could bring.
    #[must_use]
    pub fn last_room(&self, descriptor: i32) -> Option<u64> {
        let is_it = |call: &WatchedCall| match *call {
            WatchedCall::On {
                kind: CallKind::Recv,
                descriptor: number,
                bytes,
                ..
            } => (number == descriptor).then_some(bytes),
            _ => None,
        };
        self.calls().rev().find_map(is_it)
    }

    /// The most calls of `accept` between two waits for sockets.
    #[must_use]
    pub fn most_accepts_in_a_round(&self) -> usize {
        let (mut accepts, mut most) = (0, 0);
        for call in self.calls() {
            match call {
                WatchedCall::Wait {
                    kind: CallKind::Poll,
                    ..
                } => accepts = 0,
                WatchedCall::On {
                    kind: CallKind::Accept,
                    ..
                } => accepts += 1,
                _ => {}
            }
            most = most.max(accepts);
        }
        most
    }

    /// The most naps in one round. A round is over when a socket is asked again what it was asked before.
    #[must_use]
    pub fn most_naps_in_a_round(&self) -> usize {
        let (mut asked, mut naps, mut most) = (HashSet::new(), 0, 0);
        for call in self.calls() {
            match call {
                WatchedCall::On {
                    kind, descriptor, ..
                } if !asked.insert((*kind, *descriptor)) => {
                    asked = HashSet::from([(*kind, *descriptor)]);
                    naps = 0;
                }
                WatchedCall::Nap(_) | WatchedCall::Wait { limit: Some(_), .. } => naps += 1,
                _ => {}
            }
            most = most.max(naps);
        }
        most
    }

    /// Whether it still tries to send on `descriptor`, and never more than one read may bring: what came in several has not
    /// come together.
    #[must_use]
    pub fn sends_one_read_at_most(&self, descriptor: i32) -> bool {
        let on_it = |call: &WatchedCall| match *call {
            WatchedCall::On {
                kind,
                descriptor: number,
                bytes,
                ..
            } if number == descriptor => Some((kind, bytes)),
            _ => None,
        };
        let calls: Vec<_> = self.calls().filter_map(on_it).collect();
        let most = |wanted: CallKind| {
            let of_kind = calls.iter().filter(|(kind, _)| *kind == wanted);
            of_kind.map(|(_, bytes)| *bytes).max()
        };
        let mut last = calls.iter().rev().take(LAST_CALLS);
        last.any(|(kind, _)| *kind == CallKind::Send)
            && most(CallKind::Send) <= most(CallKind::Recv)
    }

    /// How many threads and processes it has started.
    #[must_use]
    pub fn started_tasks(&self) -> usize {
        let is_new =
            |call: &&WatchedCall| matches!(call, WatchedCall::NewThread | WatchedCall::NewProcess);
        self.calls().filter(is_new).count()
    }

    /// The addresses that it has bound, as it gave them.
    pub fn bound(&self) -> impl Iterator<Item = SocketAddr> {
        self.calls().filter_map(|call| match call {
            WatchedCall::Bind { address, .. } => *address,
            _ => None,
        })
    }

    /// By what it has told the kernel to keep small pieces back: an option that it has not taken back, or a flag for a piece
    /// after which its thread received or waited before another followed.
    #[must_use]
    pub fn holds_back(&self) -> Option<&'static str> {
        let mut corked = HashSet::new();
        // Each with the thread that sent the piece.
        let mut unfinished = HashMap::new();
        for (thread, call) in &self.0 {
            match call {
                WatchedCall::Option {
                    descriptor,
                    option: SocketOption::Cork,
                } => _ = corked.insert(*descriptor),
                WatchedCall::Option {
                    descriptor,
                    option: SocketOption::NoCork,
                } => _ = corked.remove(descriptor),
                WatchedCall::On {
                    kind: CallKind::Send,
                    descriptor,
                    more,
                    ..
                } => {
                    _ = match more {
                        true => unfinished.insert(*descriptor, *thread),
                        false => unfinished.remove(descriptor),
                    }
                }
                // With the socket goes all that is left.
                WatchedCall::Close { descriptor } => _ = unfinished.remove(descriptor),
                WatchedCall::On {
                    kind: CallKind::Recv | CallKind::Accept,
                    ..
                }
                | WatchedCall::Wait { .. }
                | WatchedCall::Nap(_)
                    if unfinished.values().any(|sender| sender == thread) =>
                {
                    return Some("MSG_MORE");
                }
                _ => {}
            }
        }
        let by_flag = (!unfinished.is_empty()).then_some("MSG_MORE");
        by_flag.or((!corked.is_empty()).then_some("TCP_CORK"))
    }

    /// The options that it has set, on whichever socket.
    pub fn options(&self) -> impl Iterator<Item = SocketOption> {
        self.calls().filter_map(|call| match call {
            WatchedCall::Option { option, .. } => Some(*option),
            _ => None,
        })
    }

    /// The limits of time that it has set, as far as they count, on whichever socket, by the names of their options.
    pub fn time_limits(
        &self,
        counts: impl Fn(SocketOption) -> bool,
    ) -> impl Iterator<Item = &'static str> {
        let options = self.options().filter(move |option| counts(*option));
        options.filter_map(name_of_limit)
    }
}

fn name_of_limit(option: SocketOption) -> Option<&'static str> {
    match option {
        SocketOption::ReceiveTimeout => Some("SO_RCVTIMEO"),
        SocketOption::SendTimeout => Some("SO_SNDTIMEO"),
        SocketOption::UserTimeout => Some("TCP_USER_TIMEOUT"),
        _ => None,
    }
}

/// The most naps one after the other, with no call on a socket between them.
fn most_in_a_row<'a>(calls: impl Iterator<Item = &'a WatchedCall>) -> usize {
    let (mut naps, mut most) = (0, 0);
    for call in calls {
        match call {
            WatchedCall::On { .. } => naps = 0,
            WatchedCall::Nap(_) | WatchedCall::Wait { limit: Some(_), .. } => naps += 1,
            _ => {}
        }
        most = most.max(naps);
    }
    most
}
