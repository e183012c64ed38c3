//! The end of a check that does not pass: all that can be seen of the program then, and the cause.

use std::rc::Rc;

use crate::course::cause::Cause;
use crate::diagnose::Symptom;
use crate::diagnose::failure::{Failure, Problem};
use crate::diagnose::threaded::refused_a_thread;
use crate::evidence::Situation;
use crate::evidence::connection::Wire;
use crate::evidence::heartbeat::beats;
use crate::evidence::settle::Look;
use crate::harness::context::Scene;
use crate::platform::basics::start_threads;
use crate::platform::{descriptors, memory, registered, tcp_table};
use crate::process::child::Running;
use crate::process::deadline::Deadline;

/// More threads than a program needs for all the clients of a check.
const MANY_THREADS: usize = 64;

/// As many threads as a machine has that has not run out of them.
const SOME: usize = 8;

impl Scene {
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
        if let Some(problem) = self.lacks_threads(program) {
            return problem;
        }
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

    /// Whether the machine has refused the program a thread, and refuses us one now: then no failure is of its making,
    /// unless it took all of them itself.
    fn lacks_threads(&self, program: &Running) -> Option<Box<Problem>> {
        let said = program.stdout.text() + &program.stderr.text();
        let threads = program.sample().map_or(0, |sample| sample.threads.len());
        if !refused_a_thread(&said) || threads > MANY_THREADS {
            return None;
        }
        let refused = start_threads(SOME).err()?;
        Some(anyhow::anyhow!("the machine has run out of threads ({refused})").into())
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
}
