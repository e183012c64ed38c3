//! The context of one check: the program, our peers, and what has happened between them so far.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use crate::evidence::connection::Connection;
use crate::evidence::history::History;
use crate::evidence::last_words::LastWords;
use crate::evidence::settle::{Activity, Observation, SettleDetector};
use crate::evidence::wait::{Wait, Waited, wait_until, wait_until_going_round};
use crate::harness::context::failing::Look;
use crate::harness::scripted_server::loopback_of_our_own;
use crate::harness::transcript::Transcript;
use crate::platform::{Power, Powers, TcpRow};
use crate::process::child::Process;
use crate::process::deadline::Deadline;

mod calls;
mod failing;
mod seeing;
mod sleeping;

/// How many bytes are much, for which a check has time anew.
const MUCH: u64 = 1 << 18;

#[derive(Debug)]
pub struct CheckContext {
    /// What this machine can show, as far as this check may know.
    powers: Powers,
    program: RefCell<Option<Rc<Process>>>,
    /// All that it printed is here, since it has exited.
    output_is_whole: Cell<bool>,
    connections: RefCell<Vec<Connection>>,
    /// Where the program listens.
    listener: Cell<Option<SocketAddr>>,
    /// Where our clients come from.
    pub(crate) home: Cell<Ipv4Addr>,
    transcript: RefCell<Transcript>,
    history: Cell<History>,
    /// The program when it was found to have settled, unless it was seen at work since then.
    settled: RefCell<Option<Look>>,
    /// The sockets as they were at the first look of a wait.
    first_rows: RefCell<Option<Vec<TcpRow>>>,
    /// What the program had slept when we began to count, and for how long it has slept once that is too long.
    slept_before: Cell<Duration>,
    overslept: Cell<Option<Duration>>,
    /// When this check has waited for long enough, and how many bytes its peers have moved.
    end: Cell<Deadline>,
    moved: Cell<u64>,
    /// Until when its waits may last, where nothing is to be hoped for.
    hurry: Cell<Option<Deadline>>,
    /// The step that is judged.
    step: u8,
    /// Steps whose `todo!` stands in the student's files: only these may excuse a program's end.
    not_started: Vec<u8>,
    /// What this machine could not show, so that a part of the check was left out.
    without: RefCell<Vec<Power>>,
}

impl CheckContext {
    /// The context of a check of `step` before it begins, for a program in which the steps `not_started` still stand as they
    /// were shipped.
    #[must_use]
    pub fn new(step: u8, not_started: Vec<u8>, powers: Powers, end: Deadline) -> Self {
        Self {
            home: Cell::new(loopback_of_our_own(&powers)),
            powers,
            program: RefCell::default(),
            output_is_whole: Cell::default(),
            connections: RefCell::default(),
            listener: Cell::default(),
            transcript: RefCell::default(),
            history: Cell::default(),
            settled: RefCell::default(),
            first_rows: RefCell::default(),
            slept_before: Cell::default(),
            overslept: Cell::default(),
            end: Cell::new(end),
            moved: Cell::default(),
            hurry: Cell::default(),
            step,
            not_started,
            without: RefCell::default(),
        }
    }

    /// A deadline for one wait that starts now.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        let usual = Deadline::start().or(self.end.get());
        self.hurry.get().map_or(usual, |hurry| usual.or(hurry))
    }

    /// True once this check has waited for as long as it may: its waits end at once.
    #[must_use]
    pub fn is_out_of_time(&self) -> bool {
        self.end.get().has_passed()
    }

    /// Whether the last look found that the program has done all that it will do.
    #[must_use]
    pub fn has_settled(&self) -> bool {
        self.settled.borrow().is_some()
    }

    /// What `act` returns. Its waits end by `hurry`, and those behind it as before.
    pub fn within<T>(&self, hurry: Deadline, act: impl FnOnce() -> T) -> T {
        self.hurry.set(Some(hurry));
        let done = act();
        self.hurry.set(None);
        done
    }

    /// So many bytes more have gone to the program, or come from it. True with each quarter of a mebibyte: from then on the
    /// check has as long as one that begins, since much takes long on a busy machine. A trickle is no progress.
    pub fn has_moved(&self, bytes: usize) -> bool {
        let before = self.moved.get();
        let now = before + bytes as u64;
        self.moved.set(now);
        let is_much = now / MUCH > before / MUCH;
        if is_much {
            self.end
                .set(self.end.get().or_later(Deadline::of_a_check()));
        }
        is_much
    }

    /// Whether a program was started before.
    #[must_use]
    pub fn has_program(&self) -> bool {
        self.program.borrow().is_some()
    }

    /// From now on `program` is the one that is judged.
    pub fn set_program(&self, program: &Rc<Process>) {
        *self.program.borrow_mut() = Some(Rc::clone(program));
        self.output_is_whole.set(false);
        self.settled.take();
        self.slept_before.take();
        self.overslept.take();
    }

    /// Lets the program go on, if it was stopped.
    pub(crate) fn resume(&self) {
        if let Some(program) = self.program.borrow().as_ref() {
            program.resume();
        }
    }

    pub fn add_connection(&self, connection: Connection) {
        self.connections.borrow_mut().push(connection);
    }

    /// Changes what is remembered of what happened.
    pub fn remember(&self, change: impl FnOnce(&mut History)) {
        let mut history = self.history.get();
        change(&mut history);
        self.history.set(history);
    }

    #[must_use]
    pub fn history(&self) -> History {
        self.history.get()
    }

    /// A name for the next peer: `client 1`, `client 2`, as the program numbers them too.
    #[must_use]
    pub fn next_label(&self, role: &str) -> String {
        format!("{role} {}", self.connections.borrow().len() + 1)
    }

    /// The connections so far.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.connections.borrow().clone()
    }

    /// The program listens at `address`.
    pub fn set_listener(&self, address: SocketAddr) {
        self.listener.set(Some(address));
        self.count_naps_from_now();
    }

    /// One look at the program. It counts as blocked when there is none, and when it sleeps so much by itself that there is
    /// nothing left to find out.
    pub fn observe(&self, detector: &mut SettleDetector) -> Activity {
        let program = self.program.borrow();
        let Some(program) = program.as_ref() else {
            return Activity::Blocked;
        };
        let mut seen = Observation::of(program, detector, || self.rows());
        if !self.powers.has(Power::ProcessState) {
            seen.sample = None;
        }
        let is_whole = !seen.is_of_threads_alone;
        if self.first_rows.borrow().is_none() {
            self.first_rows.replace(seen.table.clone());
        }
        let mut look = Look {
            activity: Activity::Running,
            sample: seen.sample.clone(),
            table: seen.table.clone().unwrap_or_default(),
            open: seen.open.clone(),
        };
        look.activity = detector.judge(seen, &self.connections.borrow());
        if look.activity != Activity::Exited && self.has_overslept(program) {
            look.activity = Activity::Blocked;
        }
        let activity = look.activity;
        let has_settled = matches!(activity, Activity::Blocked | Activity::Spinning) && is_whole;
        *self.settled.borrow_mut() = has_settled.then_some(look);
        // What it printed last is here for the next look.
        if activity == Activity::Exited && !self.output_is_whole.replace(true) {
            program.wait_for_output();
        }
        activity
    }

    /// Looks with `reached` until there is something to see, the program has settled without, or the deadline has passed.
    pub fn wait_until<T>(&self, mut reached: impl FnMut() -> Option<T>) -> Waited<T> {
        self.anew_while_much_moves(|deadline| {
            wait_until(deadline, |detector| self.observe(detector), &mut reached)
        })
    }

    /// As [`wait_until`](Self::wait_until), for a program that goes round in a loop: that it does nothing which could be
    /// seen does not mean that it has done all that it will do.
    pub fn wait_until_going_round<T>(&self, mut reached: impl FnMut() -> Option<T>) -> Waited<T> {
        self.anew_while_much_moves(|deadline| {
            wait_until_going_round(deadline, |detector| self.observe(detector), &mut reached)
        })
    }

    /// Waits, and once more where the time was over while the program was taking much of what our peers had sent it: on a busy
    /// machine that takes long.
    fn anew_while_much_moves<T>(&self, mut wait: impl FnMut(Deadline) -> Waited<T>) -> Waited<T> {
        loop {
            self.first_rows.take();
            let waited = wait(self.deadline());
            let is_over = || self.hurry.get().is_some() || self.is_out_of_time();
            match waited {
                Waited::TimedOut if self.has_read_much() && !is_over() => {}
                over => return over,
            }
        }
    }

    /// Whether the program has read much of what our peers sent, since the first look of this wait.
    fn has_read_much(&self) -> bool {
        let (before, now) = (self.first_rows.borrow(), self.rows());
        let connections = self.connections.borrow();
        let read = |table: &Option<Vec<TcpRow>>| {
            let table = table.as_deref().unwrap_or_default();
            let each = connections.iter().filter_map(|one| one.consumed(table));
            each.sum::<u64>()
        };
        before.is_some() && read(&now).saturating_sub(read(&before)) >= MUCH
    }

    /// Whether a wait that is under way makes sense any longer: see [`Wait::goes_on`].
    pub fn goes_on(&self, wait: &mut Wait) -> Result<(), Waited<()>> {
        wait.goes_on(|detector| self.observe(detector))
    }

    /// Puts into the transcript what `actor` did.
    pub fn note(&self, actor: &str, text: impl Into<String>) {
        self.transcript.borrow_mut().note(actor, text);
    }

    /// As [`note`](Self::note), where the check has waited for it: what is noted next came after it.
    pub fn note_and_wait(&self, actor: &str, text: impl Into<String>) {
        let mut transcript = self.transcript.borrow_mut();
        transcript.note(actor, text);
        transcript.wait();
    }

    /// One of our peers sent something, or ended its stream.
    pub fn note_sent(&self, peer: &str, what: impl Into<String>) {
        self.transcript.borrow_mut().peer_sent(peer, what);
    }

    /// The lab did something to the program.
    pub fn note_act_of_the_lab(&self, what: impl Into<String>) {
        self.transcript.borrow_mut().lab_did(what);
    }

    /// The transcript so far.
    #[must_use]
    pub fn story(&self) -> String {
        self.transcript.borrow().render()
    }

    /// Waits until the program has done all that it will do. [`Activity::Running`] when the deadline passed before.
    ///
    /// Where nobody can tell, the deadline is a short one: time enough to exit for a program that has panicked.
    pub fn wait_until_settled(&self) -> Activity {
        if !self.can_see_it_settle() {
            return self.wait_until_settled_or(self.deadline());
        }
        match self.wait_until(|| None::<()>) {
            Waited::Settled(activity) => activity,
            Waited::Reached(()) | Waited::TimedOut => Activity::Running,
        }
    }

    fn wait_until_settled_or(&self, deadline: Deadline) -> Activity {
        let deadline = match self.can_see_it_settle() {
            true => deadline,
            false => Deadline::short(),
        };
        let never = || None::<()>;
        match wait_until(deadline, |detector| self.observe(detector), never) {
            Waited::Settled(activity) => activity,
            Waited::Reached(()) | Waited::TimedOut => Activity::Running,
        }
    }

    /// The step that a program died in because it is not written yet, if its last words say so.
    #[must_use]
    pub fn step_in_panic(&self, stderr: &str) -> Option<u8> {
        let step = LastWords::read(stderr).unwritten_step();
        step.filter(|step| self.not_started.contains(step))
    }

    /// Whether the program died in a step behind the one that is judged, which is not written yet.
    #[must_use]
    pub fn died_in_a_later_step(&self) -> bool {
        let program = self.program.borrow();
        let died_in = program.as_ref().and_then(|program| {
            program.wait_for_output();
            self.step_in_panic(&program.stderr.text())
        });
        died_in.is_some_and(|step| step > self.step)
    }
}
