//! System calls of a program that the kernel reported to us when they began, as values.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::platform::{CallKind, VERY_LONG};

/// Which calls are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watching {
    /// Calls that change what the program is: naps, waits with a timeout, timers, threads and processes, addresses and
    /// socket options. A server makes few of them, so watching costs it nothing while it serves.
    Rare,
    /// Those, and each call on a socket, each wait for sockets and each line that it prints.
    Every,
}

/// A call that a program began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchedCall {
    /// `accept`, `connect`, `recv` or `send`, or `read` or `write`, and the most bytes that it may move. Of another kind are
    /// `getsockopt` and `ioctl`, which only ask.
    On {
        kind: CallKind,
        descriptor: i32,
        bytes: u64,
        /// A `send` with `MSG_MORE` of send(2): little is not sent for 200 ms, unless something follows before.
        more: bool,
        /// The other end of the connection that the descriptor stands for, if it is one.
        peer: Option<SocketAddr>,
    },
    Close {
        descriptor: i32,
    },
    /// `poll`, `select` or `epoll_wait`, or a wait for another thread. `None`: for as long as it takes.
    Wait {
        kind: CallKind,
        limit: Option<Duration>,
    },
    /// A sleep of so long: `nanosleep`, `clock_nanosleep`.
    Nap(Duration),
    /// A timer of its own: `timerfd_create`, `timer_create`, `setitimer`, `alarm`.
    Timer,
    NewThread,
    NewProcess,
    Bind {
        descriptor: i32,
        address: Option<SocketAddr>,
    },
    Listen {
        descriptor: i32,
    },
    /// An option of a socket: setsockopt(2).
    Option {
        descriptor: i32,
        option: SocketOption,
    },
    /// A write to its standard output, as far as it shows.
    Print(Vec<u8>),
    /// No call: how much processor time the thread has used by the time of the next line that it prints.
    Used(Duration),
}

/// Shortest nap that is kept however many calls follow it. Shorter ones are a loop's, and mean something only together with
/// the calls between them.
const LONG_NAP: Duration = Duration::from_millis(10);

impl WatchedCall {
    /// Whether a program makes it seldom enough to keep all of them, also when it goes round in a loop.
    #[must_use]
    pub fn is_rare(&self) -> bool {
        match self {
            Self::On { .. } | Self::Close { .. } | Self::Used(_) => false,
            Self::Nap(length) => *length >= LONG_NAP,
            Self::Wait { limit, .. } => limit.is_some_and(|limit| limit >= LONG_NAP),
            _ => true,
        }
    }
}

/// Options of a socket that change when its calls return, or when its bytes leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketOption {
    /// `SO_RCVTIMEO` of socket(7): `recv` and `accept` give up.
    ReceiveTimeout,
    /// `SO_SNDTIMEO` of socket(7): `send` gives up.
    SendTimeout,
    /// `TCP_USER_TIMEOUT` of tcp(7): the connection breaks when what was sent is not taken.
    UserTimeout,
    /// `TCP_CORK` of tcp(7): little is not sent for 200 ms, unless the option is taken back before.
    Cork,
    NoCork,
    /// `SO_LINGER` of socket(7), with a time: `close` waits for the other side.
    Linger,
    /// `SO_REUSEADDR` of socket(7).
    ReuseAddress,
    Other,
}

/// What to answer in place of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Error(SystemError),
    /// The call takes no more than so many bytes. Only for `send` and its like.
    AtMost(usize),
}

/// An error that a call may fail with: errno(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemError {
    /// `EMFILE`
    TooManyOpenFiles,
    /// `ECONNRESET`
    ConnectionReset,
    /// `EPIPE`
    BrokenPipe,
    /// `EINTR`
    Interrupted,
    /// `EAGAIN`
    WouldBlock,
}

impl fmt::Display for SystemError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::TooManyOpenFiles => "too many open files",
            Self::ConnectionReset => "connection reset by peer",
            Self::BrokenPipe => "broken pipe",
            Self::Interrupted => "interrupted",
            Self::WouldBlock => "would block",
        })
    }
}

/// An answer of ours to calls of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub kind: CallKind,
    /// The other end of the connection that the call is on, by whichever descriptor. `None`: any.
    pub peer: Option<SocketAddr>,
    pub answer: Answer,
    /// How many such calls are still answered.
    pub times: u64,
}

/// How often a program has made which calls, up to one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Calls of each thread, of all kinds that are reported.
    reported: HashMap<u32, u64>,
    /// Naps and waits of each thread.
    naps: HashMap<u32, u64>,
    /// Calls on each descriptor.
    on_descriptor: HashMap<i32, u64>,
    /// Waits for sockets: `poll` and calls like it.
    polls: u64,
    sleepers: HashMap<u32, Sleeper>,
}

/// The long naps of one thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sleeper {
    /// The one that it began last, unless it has made another call since.
    current: Duration,
    /// All before that.
    slept: Duration,
}

impl CallCounts {
    /// One more call of `thread` has begun.
    pub fn add(&mut self, thread: u32, call: &WatchedCall) {
        self.change(thread, call, |count| *count += 1);
        let sleeper = self.sleepers.entry(thread).or_default();
        sleeper.slept += std::mem::take(&mut sleeper.current);
        if let WatchedCall::Nap(length) = call
            && (LONG_NAP..VERY_LONG).contains(length)
        {
            sleeper.current = *length;
        }
    }

    /// It has not begun: something came between.
    pub fn take_back(&mut self, thread: u32, call: &WatchedCall) {
        self.change(thread, call, |count| *count -= 1);
        if let Some(sleeper) = self.sleepers.get_mut(&thread) {
            sleeper.current = Duration::ZERO;
        }
    }

    fn change(&mut self, thread: u32, call: &WatchedCall, change: impl Fn(&mut u64)) {
        if !matches!(call, WatchedCall::Used(_)) {
            change(self.reported.entry(thread).or_default());
        }
        match call {
            WatchedCall::On { descriptor, .. } => {
                change(self.on_descriptor.entry(*descriptor).or_default());
            }
            WatchedCall::Wait { kind, .. } => {
                change(self.naps.entry(thread).or_default());
                if *kind == CallKind::Poll {
                    change(&mut self.polls);
                }
            }
            WatchedCall::Nap(_) => change(self.naps.entry(thread).or_default()),
            _ => {}
        }
    }

    /// How many calls of `thread` were reported. It slept in each of them until the lab let it go on.
    #[must_use]
    pub fn reported_of(&self, thread: u32) -> u64 {
        self.reported.get(&thread).copied().unwrap_or(0)
    }

    /// How often `thread` has taken a nap, or waited for several sockets or for another thread.
    #[must_use]
    pub fn naps_of(&self, thread: u32) -> u64 {
        self.naps.get(&thread).copied().unwrap_or(0)
    }

    /// For how long the thread that sleeps most has slept, in naps of 10 ms and more that are over. Naps that outlast every
    /// check are none.
    #[must_use]
    pub fn most_slept(&self) -> Duration {
        let slept = self.sleepers.values().map(|sleeper| sleeper.slept);
        slept.max().unwrap_or_default()
    }

    /// How many calls it has made on `descriptor` since `then`.
    #[must_use]
    pub fn on_since(&self, then: &Self, descriptor: i32) -> u64 {
        let on = |counts: &Self| counts.on_descriptor.get(&descriptor).copied().unwrap_or(0);
        on(self).saturating_sub(on(then))
    }

    /// How many of its calls were reported since `then`.
    #[must_use]
    pub fn reported_since(&self, then: &Self) -> u64 {
        let all = |counts: &Self| counts.reported.values().sum::<u64>();
        all(self).saturating_sub(all(then))
    }

    /// How many calls it has made since `then` on the descriptor that it has called on most.
    #[must_use]
    pub fn most_on_one_since(&self, then: &Self) -> u64 {
        let descriptors = self.on_descriptor.keys();
        let calls = descriptors.map(|descriptor| self.on_since(then, *descriptor));
        calls.max().unwrap_or(0)
    }

    /// How often it has waited for several sockets since `then`, or asked about them.
    #[must_use]
    pub fn polls_since(&self, then: &Self) -> u64 {
        self.polls.saturating_sub(then.polls)
    }
}
