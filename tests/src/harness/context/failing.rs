//! The end of a check that does not pass: all that can be seen of the program then, and the cause.

use std::rc::Rc;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Failure, Problem};
use crate::diagnose::symptom::Symptom;
use crate::diagnose::{cause, describe, last_calls};
use crate::evidence::Evidence;
use crate::evidence::calls::CallLog;
use crate::evidence::connection::Connection;
use crate::evidence::heartbeat::is_alive;
use crate::evidence::kit_log::EventLog;
use crate::evidence::last_words::{LastWords, SystemErrors};
use crate::evidence::settle::Activity;
use crate::harness::context::CheckContext;
use crate::platform::basics::start_threads;
use crate::platform::{
    CallWatch, Descriptor, Sample, TcpRow, descriptors, memory, registered, tcp_table,
};
use crate::process::child::Process;
use crate::process::deadline::Deadline;

fn has_time_limits(watch: &CallWatch) -> bool {
    CallLog::new(watch.calls())
        .time_limits(|_| true)
        .next()
        .is_some()
}

/// More threads than a program needs for all the clients of a check.
const MANY_THREADS: usize = 64;

/// As many threads as a machine has that has not run out of them.
const SOME: usize = 8;

/// What could be seen of a program at one moment.
#[derive(Debug)]
pub(super) struct Look {
    pub activity: Activity,
    pub sample: Option<Sample>,
    pub table: Vec<TcpRow>,
    pub open: Vec<Descriptor>,
}

impl Look {
    /// Whether the program has done since `then` what this client was waiting for: too late for the verdict, and too early for
    /// its cause.
    fn has_served_since(&self, then: &Self, client: &Connection) -> bool {
        let unread = |table: &[TcpRow]| client.our_row(table).map_or(0, |row| row.unread);
        let waits = |table: &[TcpRow]| client.waits_for_the_program(table);
        unread(&self.table) > unread(&then.table) || waits(&then.table) && !waits(&self.table)
    }
}

impl CheckContext {
    /// Ends the check: names the cause of what was seen, and says what the program is doing.
    ///
    /// `at` is the connection where it was seen, if it was at one.
    pub fn fail(
        &self,
        symptom: Symptom,
        expected: impl Into<String>,
        received: impl Into<String>,
        at: Option<&Connection>,
    ) -> Box<Problem> {
        let (symptom, expected, received) = match self.why_overslept() {
            Some((cause, expected, received)) => (Symptom::Known(cause), expected, received),
            None => (symptom, expected.into(), received.into()),
        };
        let is_out_of_time = self.is_out_of_time();
        let program = self.program.borrow();
        // A program that we have stopped ourselves will not settle.
        // Those that it makes while we wait below tell nothing.
        let calls = program.as_ref().map(|program| self.every_call(program));
        let then = self.settled.take();
        let is_stopped =
            |program: &Rc<Process>| program.sample().is_some_and(|sample| sample.is_stopped());
        let stopped = program.as_ref().is_some_and(is_stopped);
        let activity = if stopped {
            Activity::Blocked
        } else {
            self.wait_until_settled_or(Deadline::last_look())
        };
        let Some(program) = program.as_ref() else {
            return anyhow::anyhow!(
                "a check expected something of a program that it did not start"
            )
            .into();
        };
        program.wait_for_output();
        let connections = self.connections.borrow();
        if let Some(problem) = self.lacks_threads(program) {
            return problem;
        }
        let now = Look {
            activity,
            sample: program.sample(),
            table: tcp_table().unwrap_or_default(),
            open: descriptors(program.pid()).unwrap_or_default(),
        };
        let is_late = |then: &Look| at.is_some_and(|at| now.has_served_since(then, at));
        let Look {
            activity,
            sample,
            table,
            open,
        } = match then.filter(is_late) {
            Some(then) => then,
            None => now,
        };
        let evidence = Evidence {
            activity,
            exited: program.exited(),
            last_words: LastWords::read(&program.stderr.text()),
            log: EventLog::read(&program.stdout.text()),
            sample,
            open,
            registered: registered(program.pid()),
            table,
            connections: &connections,
            at,
            history: self.history(),
            unwritten: self.step_in_panic(&program.stderr.text()),
            exceeded_thread_cap: program.exceeded_thread_cap(),
            descriptor_limit: program.limits().descriptors,
            memory: memory(program.pid()),
            has_time_limits: program.watch().is_some_and(has_time_limits),
            calls: calls.unwrap_or_default(),
            beats: activity == Activity::Spinning && is_alive(program),
            is_out_of_time,
        };
        let failure = Failure {
            sent: self.transcript.borrow().sent(),
            exchange: self.transcript.borrow().steps(),
            expected,
            received,
            program: describe(&evidence),
            calls: last_calls(&evidence),
            cause: cause(&evidence, symptom),
        };
        Box::new(match evidence.unwritten {
            Some(step) => Problem::NotStarted(step, failure),
            None => Problem::Failed(failure),
        })
    }

    /// The calls of `program`, where each of them is reported.
    fn every_call(&self, program: &Process) -> CallLog {
        let watch = program.watch().filter(|_| program.call_counts().is_some());
        watch.map_or_else(CallLog::default, |watch| CallLog::new(watch.calls()))
    }

    /// Whether the machine has refused the program a thread, and refuses us one now: then no failure is of its making,
    /// unless it took all of them itself.
    fn lacks_threads(&self, program: &Process) -> Option<Box<Problem>> {
        let said = SystemErrors::named_in(&(program.stdout.text() + &program.stderr.text()));
        let threads = program.sample().map_or(0, |sample| sample.threads.len());
        if !said.is_refused_thread() || threads > MANY_THREADS {
            return None;
        }
        let refused = start_threads(SOME).err()?;
        Some(anyhow::anyhow!("the machine has run out of threads ({refused})").into())
    }

    /// As [`fail`](Self::fail), where the check knows the cause by itself.
    pub fn fail_because(
        &self,
        cause: Cause,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Box<Problem> {
        self.fail(Symptom::Known(cause), expected, received, None)
    }
}
