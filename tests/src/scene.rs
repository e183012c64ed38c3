//! What one check put on stage: the program, our peers, and the record of what happened between them.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use crate::calm::{Calm, Look};
use crate::cause::Cause;
use crate::deadline::Deadline;
use crate::diagnosis::Symptom;
use crate::facts::Facts;
use crate::failure::{Failure, Problem};
use crate::listener::loopback_of_our_own;
use crate::platform::{
    CallKind, Power, Powers, Sample, TcpRow, TcpState, descriptors, memory, registered, tcp_rows,
    tcp_table,
};
use crate::pulse::beats;
use crate::running::Running;
use crate::situation::Situation;
use crate::transcript::Transcript;
use crate::wire::Wire;

#[derive(Debug)]
pub struct Scene {
    program: RefCell<Option<Rc<Running>>>,
    wires: RefCell<Vec<Wire>>,
    /// Where the program listens.
    listener: Cell<Option<SocketAddr>>,
    /// Where our clients come from.
    pub(crate) home: Cell<Ipv4Addr>,
    pub transcript: RefCell<Transcript>,
    facts: Cell<Facts>,
    /// When this check has waited for long enough.
    end: Deadline,
    /// The step that is judged.
    step: u8,
    /// Steps whose `todo!` stands in the student's files: only these may excuse a program's end.
    not_started: Vec<u8>,
    /// The later one of them that the program got to, and that excused its end.
    got_to: Cell<Option<u8>>,
}

impl Scene {
    /// An empty stage on which `step` is judged, for a program in which the steps `not_started` still stand as they
    /// were shipped.
    #[must_use]
    pub fn new(step: u8, not_started: Vec<u8>) -> Self {
        Self {
            program: RefCell::default(),
            wires: RefCell::default(),
            listener: Cell::default(),
            home: Cell::new(loopback_of_our_own()),
            transcript: RefCell::default(),
            facts: Cell::default(),
            end: Deadline::of_a_check(),
            step,
            not_started,
            got_to: Cell::default(),
        }
    }

    /// A deadline for one wait that starts now.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        Deadline::start().or(self.end)
    }

    /// From now on `program` is the one that is judged.
    pub fn enters(&self, program: &Rc<Running>) {
        *self.program.borrow_mut() = Some(Rc::clone(program));
    }

    /// Lets the program go on, if it was stopped.
    pub(crate) fn resumes(&self) {
        if let Some(program) = self.program.borrow().as_ref() {
            program.resume();
        }
    }

    pub fn connects(&self, wire: Wire) {
        self.wires.borrow_mut().push(wire);
    }

    /// Changes what is remembered of what happened.
    pub fn remember(&self, change: impl FnOnce(&mut Facts)) {
        let mut facts = self.facts.get();
        change(&mut facts);
        self.facts.set(facts);
    }

    #[must_use]
    pub fn facts(&self) -> Facts {
        self.facts.get()
    }

    /// A name for the next peer: `client 1`, `client 2`, as the program numbers them too.
    #[must_use]
    pub fn next_label(&self, role: &str) -> String {
        format!("{role} {}", self.wires.borrow().len() + 1)
    }

    /// The connections so far.
    #[must_use]
    pub fn wires(&self) -> Vec<Wire> {
        self.wires.borrow().clone()
    }

    /// The program listens at `address`.
    pub fn listens(&self, address: SocketAddr) {
        self.listener.set(Some(address));
    }

    /// One look at the program. It counts as parked when there is none.
    pub fn look(&self, calm: &mut Calm) -> Look {
        match self.program.borrow().as_ref() {
            Some(program) => calm.look(program, &self.wires.borrow(), || self.rows()),
            None => Look::Parked,
        }
    }

    /// The socket that listens.
    #[must_use]
    pub fn listener_row(&self) -> Option<TcpRow> {
        let rows = self.rows()?;
        rows.into_iter().find(|row| row.state == TcpState::Listen)
    }

    /// The sockets that matter here: both ends of each connection, and the one that listens.
    fn rows(&self) -> Option<Vec<TcpRow>> {
        let nobody = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let listener = self.listener.get().map(|address| (address, nobody));
        let wires = self.wires.borrow();
        let ends = wires.iter().flat_map(Wire::ends);
        tcp_rows(&ends.chain(listener).collect::<Vec<_>>())
    }

    /// Whether bytes of one of our peers lie unread in the program's kernel.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        let table = self.rows().unwrap_or_default();
        let unread = |wire: &Wire| wire.their_row(&table).is_some_and(|row| row.unread > 0);
        self.wires.borrow().iter().any(unread)
    }

    /// What the threads of the program are doing. `None` when there is none, or where nobody can tell.
    #[must_use]
    pub fn sample(&self) -> Option<Sample> {
        self.program.borrow().as_ref()?.sample()
    }

    /// Whether a thread of the program sleeps in such a call.
    #[must_use]
    pub fn is_inside(&self, kind: CallKind) -> bool {
        self.sample().is_some_and(|sample| {
            sample
                .threads
                .iter()
                .any(|thread| thread.call.is_some_and(|call| call.kind == kind))
        })
    }

    /// Waits until the program has done all that it will do. [`Look::Moving`] when the deadline passed before.
    ///
    /// Where nobody can tell, the deadline is a short one: time enough to exit for a program that has panicked.
    pub fn settles(&self) -> Look {
        self.settles_until(self.deadline())
    }

    fn settles_until(&self, deadline: Deadline) -> Look {
        let mut calm = Calm::default();
        let deadline = match Scene::shows_when_a_program_has_settled() {
            true => deadline,
            false => Deadline::short(),
        };
        let settled = deadline.until(|| match self.look(&mut calm) {
            Look::Moving => None,
            settled => Some(settled),
        });
        settled.unwrap_or(Look::Moving)
    }

    /// Whether this machine shows what [`settles`](Self::settles) waits for.
    #[must_use]
    pub fn shows_when_a_program_has_settled() -> bool {
        let powers = Powers::probed();
        powers.has(Power::ProcessState) && powers.has(Power::KernelQueues)
    }

    /// Ends the check: names the cause of what was seen, and says what the program is doing.
    ///
    /// `at` is the connection where it was seen, if it was at one.
    pub fn fails(
        &self,
        symptom: Symptom,
        expected: impl Into<String>,
        received: impl Into<String>,
        at: Option<&Wire>,
    ) -> Box<Problem> {
        let program = self.program.borrow();
        // A program that we have stopped ourselves will not settle.
        let is_stopped =
            |program: &Rc<Running>| program.sample().is_some_and(|sample| sample.is_stopped());
        let stopped = program.as_ref().is_some_and(is_stopped);
        let look = if stopped {
            Look::Parked
        } else {
            self.settles_until(Deadline::last_look())
        };
        let Some(program) = program.as_ref() else {
            return anyhow::anyhow!(
                "a check expected something of a program that it did not start"
            )
            .into();
        };
        program.wait_for_output();
        let wires = self.wires.borrow();
        let situation = Situation {
            look,
            exited: program.exited(),
            stderr: program.stderr.text(),
            sample: program.sample(),
            open: descriptors(program.pid()).unwrap_or_default(),
            registered: registered(program.pid()),
            table: tcp_table().unwrap_or_default(),
            wires: &wires,
            at,
            facts: self.facts(),
            unwritten: self.step_in_panic(&program.stderr.text()),
            said: program.stdout.text(),
            was_too_many: program.was_too_many(),
            descriptors: program.limits().descriptors,
            memory: memory(program.pid()),
            beats: look == Look::Busy && beats(program),
        };
        let failure = Failure {
            sent: self.transcript.borrow().sent(),
            expected: expected.into(),
            received: received.into(),
            program: situation.describe(),
            cause: situation.cause(symptom),
        };
        Box::new(match situation.unwritten {
            Some(step) => Problem::NotStarted(step, failure),
            None => Problem::Failed(failure),
        })
    }

    /// As [`fails`](Self::fails), where the check knows the cause by itself.
    pub fn fails_because(
        &self,
        cause: Cause,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Box<Problem> {
        self.fails(Symptom::Known(cause), expected, received, None)
    }

    /// The connections that wait in the backlog of whoever listens at `address`.
    #[must_use]
    pub fn backlog(&self, address: SocketAddr) -> Option<u64> {
        let listens = |row: &TcpRow| row.state == TcpState::Listen && row.local == address;
        Some(tcp_table()?.iter().find(|row| listens(row))?.unread)
    }

    /// The step that a program died in because it is not written yet, if its last words say so.
    #[must_use]
    pub fn step_in_panic(&self, stderr: &str) -> Option<u8> {
        let (_, rest) = stderr.split_once("panicked at ")?;
        let (_, rest) = rest.split_once("not yet implemented: step ")?;
        let number = rest.split(|other: char| !other.is_ascii_digit()).next()?;
        number
            .parse()
            .ok()
            .filter(|step| self.not_started.contains(step))
    }

    /// Whether a program with these last words has done all that the step which is judged has to do: it died in a later
    /// one, which is not written yet.
    #[must_use]
    pub fn died_in_a_later_step(&self, stderr: &str) -> bool {
        let later = self.step_in_panic(stderr).filter(|&step| step > self.step);
        self.got_to.set(self.got_to.get().or(later));
        later.is_some()
    }

    /// The later step, not written yet, that ended the program before the check had seen all that it wanted to see.
    #[must_use]
    pub fn got_to(&self) -> Option<u8> {
        self.got_to.get()
    }
}
