//! Watching the system calls of a program: the kernel reports them to a thread of ours when they begin, which lets them go on or
//! answers them itself. See seccomp_unotify(2).

mod clock;
mod decode;
mod filter;
mod listener;
mod peers;
mod short_send;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::platform::linux::memory_of::Memory;
use crate::platform::linux::watch::clock::Clock;
use crate::platform::linux::watch::listener::{Handover, Listener, Report, Verdict};
use crate::platform::linux::watch::peers::Peers;
use crate::platform::{Answer, CallCounts, CallKind, Fault, SystemError, WatchedCall, Watching};

/// How many calls are kept. A server that goes round in a loop makes many.
const KEPT: usize = 1 << 16;

/// A program that is about to be started, and will be watched. A thread of ours waits for its reports already: where exec
/// fails, the child makes calls on the list before it ends.
#[derive(Debug)]
pub struct CallWatchSetup(Receiver<Arc<Shared>>);

impl CallWatchSetup {
    /// Makes the program that `command` starts be watched: all that its child does after this, too.
    ///
    /// # Errors
    ///
    /// When this system does not do that, or refuses a thread for it.
    pub fn prepare(command: &mut Command, watching: Watching) -> io::Result<Self> {
        let filter = filter::filter(watching).ok_or(io::ErrorKind::Unsupported)?;
        let handover = Handover::prepare(command, filter)?;
        let (begun, begins) = mpsc::sync_channel(1);
        thread::Builder::new().name("watch".into()).spawn(move || {
            // Where the program is never started, there is nothing to receive.
            let Ok(listener) = handover.receive() else {
                return;
            };
            listener.wake_on_the_same_processor();
            let shared = Arc::new(Shared {
                listener,
                is_answering: AtomicBool::new(false),
                record: Mutex::default(),
                faults: Mutex::default(),
            });
            // Nobody waits for it where exec has failed.
            let _ = begun.send(Arc::clone(&shared));
            shared.answer_all();
        })?;
        Ok(Self(begins))
    }

    /// Watches the program, which was started.
    ///
    /// # Errors
    ///
    /// When the program has not handed its reports over.
    pub fn watch(self) -> io::Result<CallWatch> {
        let shared = self.0.recv().map_err(|_| io::ErrorKind::UnexpectedEof)?;
        Ok(CallWatch(shared))
    }
}

/// A program whose calls are watched, for as long as it lives.
#[derive(Debug)]
pub struct CallWatch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    listener: Listener,
    /// A call was received, and not answered yet.
    is_answering: AtomicBool,
    record: Mutex<Record>,
    faults: Mutex<Vec<Fault>>,
}

/// What was reported so far.
#[derive(Debug, Default)]
struct Record {
    /// The last calls, each with the thread that made it.
    calls: VecDeque<(u32, WatchedCall)>,
    /// Those before them that a program makes seldom. None of these is ever forgotten.
    rare: Vec<(u32, WatchedCall)>,
    counts: CallCounts,
}

impl CallWatch {
    /// No call waits for an answer of ours: a thread that sleeps does so in the call itself.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let is_idle = || !self.0.is_answering.load(Ordering::SeqCst);
        is_idle() && !self.0.listener.has_waiting() && is_idle()
    }

    /// The calls so far, each with its thread: all that are rare, and of the others the last.
    #[must_use]
    pub fn calls(&self) -> Vec<(u32, WatchedCall)> {
        let record = self.0.record();
        record.rare.iter().chain(&record.calls).cloned().collect()
    }

    /// How long `thread` asked to sleep, or to wait, when it did so last.
    #[must_use]
    pub fn last_nap_of(&self, thread: u32) -> Option<Duration> {
        let record = self.0.record();
        let of_thread = record.calls.iter().rev().filter(|(by, _)| *by == thread);
        let mut naps = of_thread.map(|(_, call)| match call {
            WatchedCall::Nap(length) => Some(*length),
            WatchedCall::Wait { limit, .. } => *limit,
            _ => None,
        });
        naps.next()?
    }

    #[must_use]
    pub fn counts(&self) -> CallCounts {
        self.0.record().counts.clone()
    }

    /// See [`CallCounts::most_slept`].
    #[must_use]
    pub fn most_slept(&self) -> Duration {
        self.0.record().counts.most_slept()
    }

    /// From now on such calls are answered by us.
    pub fn answer(&self, fault: Fault) {
        lock(&self.0.faults).push(fault);
    }

    /// From now on the kernel answers calls of this kind again.
    pub fn leave_to_the_kernel(&self, kind: CallKind) {
        lock(&self.0.faults).retain(|fault| fault.kind != kind);
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }

    /// Answers calls until the program is gone.
    fn answer_all(&self) {
        let (mut peers, mut clock) = (Peers::default(), Clock::default());
        while let Some(()) = self.listener.wait() {
            self.is_answering.store(true, Ordering::SeqCst);
            if let Some(report) = self.listener.receive() {
                self.answer_one(&report, &mut peers, &mut clock);
            }
            self.is_answering.store(false, Ordering::SeqCst);
        }
    }

    /// What the program can bring about by the call is recorded before it can: whoever sees the one finds the other.
    fn answer_one(&self, report: &Report, peers: &mut Peers, clock: &mut Clock) {
        let memory = Memory::of(report.thread);
        let mut call = decode::call(report.number, report.arguments, report.thread, &memory);
        peers.add_to(&mut call, report.thread);
        if let WatchedCall::Print(_) = call
            && let Some(cpu) = clock.of(report.thread)
        {
            self.record().add(report.thread, WatchedCall::Used(cpu));
        }
        self.record().add(report.thread, call.clone());
        let verdict = self.verdict(report, &call);
        if !self.listener.answer(report, verdict) {
            // It was interrupted before, and begins anew: it is reported again.
            self.record().take_back();
        }
    }

    fn verdict(&self, report: &Report, call: &WatchedCall) -> Verdict {
        let (kind, peer) = match call {
            WatchedCall::On { kind, peer, .. } => (*kind, *peer),
            WatchedCall::Wait { kind, .. } => (*kind, None),
            WatchedCall::NewThread | WatchedCall::NewProcess => (CallKind::Start, None),
            _ => return Verdict::GoOn,
        };
        match self.fault(kind, peer) {
            None => Verdict::GoOn,
            Some(Answer::Error(error)) => Verdict::Fail(number(error)),
            Some(Answer::AtMost(bytes)) => short_send::send(report, bytes),
        }
    }

    /// The answer to a call of this kind, if one is left.
    fn fault(&self, kind: CallKind, peer: Option<SocketAddr>) -> Option<Answer> {
        let mut faults = lock(&self.faults);
        let fault = faults.iter_mut().find(|fault| {
            fault.kind == kind && fault.times > 0 && fault.peer.is_none_or(|one| Some(one) == peer)
        })?;
        fault.times -= 1;
        Some(fault.answer)
    }
}

impl Record {
    fn add(&mut self, thread: u32, call: WatchedCall) {
        self.counts.add(thread, &call);
        if self.calls.len() == KEPT {
            let oldest = self.calls.pop_front();
            self.rare.extend(oldest.filter(|(_, call)| call.is_rare()));
        }
        self.calls.push_back((thread, call));
    }

    /// The last call was none.
    fn take_back(&mut self) {
        if let Some((thread, call)) = self.calls.pop_back() {
            self.counts.take_back(thread, &call);
        }
    }
}

/// The number of an error: errno(3).
fn number(error: SystemError) -> i32 {
    match error {
        SystemError::TooManyOpenFiles => libc::EMFILE,
        SystemError::ConnectionReset => libc::ECONNRESET,
        SystemError::BrokenPipe => libc::EPIPE,
        SystemError::Interrupted => libc::EINTR,
        SystemError::WouldBlock => libc::EAGAIN,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
