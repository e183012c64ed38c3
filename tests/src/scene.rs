//! What one check put on stage: the program, our peers, and the record of what happened between them.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use crate::calm::{Calm, Look};
use crate::cause::Cause;
use crate::deadline::Deadline;
use crate::diagnosis::Symptom;
use crate::failure::{Failure, Problem};
use crate::platform::{CallKind, Power, Powers, TcpRow, TcpState, descriptors, tcp_table};
use crate::running::Running;
use crate::situation::Situation;
use crate::transcript::Transcript;

/// A connection between one of our peers and the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// The name of our peer.
    pub label: String,
    pub ours: SocketAddr,
    pub theirs: SocketAddr,
}

impl Wire {
    /// Whether `row` is one of the two ends.
    #[must_use]
    pub fn is(&self, row: &TcpRow) -> bool {
        (row.local == self.ours && row.remote == self.theirs)
            || (row.local == self.theirs && row.remote == self.ours)
    }

    /// The program's end, in a table of all sockets.
    #[must_use]
    pub fn their_row<'a>(&self, table: &'a [TcpRow]) -> Option<&'a TcpRow> {
        table
            .iter()
            .find(|row| row.local == self.theirs && row.remote == self.ours)
    }
}

#[derive(Debug)]
pub struct Scene {
    program: RefCell<Option<Rc<Running>>>,
    wires: RefCell<Vec<Wire>>,
    pub transcript: RefCell<Transcript>,
    facts: Cell<Facts>,
    /// When this check has waited for long enough.
    end: Deadline,
    /// Steps whose `todo!` stands in the student's files: only these may excuse a program's end.
    not_started: Vec<u8>,
}

/// What happened on the scene, as far as it tells one cause from another.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The program is a client, and our peer its server.
    pub is_client: bool,
    /// One of our peers has sent something.
    pub peer_sent: bool,
    /// One of our peers has ended its stream.
    pub peer_ended: bool,
    /// One of our peers has aborted its connection.
    pub was_reset: bool,
    /// One of our peers has received the end of the program's stream.
    pub saw_the_end: bool,
    /// The program was stopped while it slept in `send`, so that `send` took only a part.
    pub send_was_interrupted: bool,
}

impl Scene {
    /// An empty stage for a program in which the steps `not_started` still stand as they were shipped.
    #[must_use]
    pub fn new(not_started: Vec<u8>) -> Self {
        Self {
            program: RefCell::default(),
            wires: RefCell::default(),
            transcript: RefCell::default(),
            facts: Cell::default(),
            end: Deadline::of_a_check(),
            not_started,
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

    /// One look at the program. It counts as parked when there is none.
    pub fn look(&self, calm: &mut Calm) -> Look {
        match self.program.borrow().as_ref() {
            Some(program) => calm.look(program, &self.wires.borrow()),
            None => Look::Parked,
        }
    }

    /// Whether bytes of one of our peers lie unread in the program's kernel.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        let table = tcp_table().unwrap_or_default();
        let unread = |wire: &Wire| wire.their_row(&table).is_some_and(|row| row.unread > 0);
        self.wires.borrow().iter().any(unread)
    }

    /// Whether a thread of the program sleeps in such a call.
    #[must_use]
    pub fn is_inside(&self, kind: CallKind) -> bool {
        let program = self.program.borrow();
        let sample = program.as_ref().and_then(|program| program.sample());
        sample.is_some_and(|sample| {
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
            table: tcp_table().unwrap_or_default(),
            wires: &wires,
            at,
            facts: self.facts(),
            unwritten: self.step_in_panic(&program.stderr.text()),
            said: program.stdout.text(),
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
}
