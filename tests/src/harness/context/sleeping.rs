//! The program's own sleeps: one that sleeps for too long in a check has failed it, and nobody waits for the rest.

use std::time::Duration;

use crate::course::cause::Cause;
use crate::diagnose::failure::Outcome;
use crate::evidence::kit_log::EventLog;
use crate::harness::context::CheckContext;
use crate::platform::CallWatch;
use crate::process::child::Process;
use crate::text::duration;

/// For how long a program may sleep in one check before it is clear that it keeps people waiting.
const MOST_SLEPT: Duration = Duration::from_secs(2);

impl CheckContext {
    /// What the program has slept so far is its own affair: nobody could know that it was there.
    pub(super) fn count_naps_from_now(&self) {
        let program = self.program.borrow();
        let slept = program.as_ref().map_or(Duration::ZERO, |one| slept(one));
        self.slept_before.set(slept);
    }

    /// Whether the program has slept for too long since then. A server that nobody can know of yet may do as it likes.
    pub(super) fn has_overslept(&self, program: &Process) -> bool {
        if self.listener.get().is_none() && !self.history().is_client {
            return false;
        }
        let slept = slept(program).saturating_sub(self.slept_before.get());
        if slept >= MOST_SLEPT {
            self.overslept.set(Some(slept));
        }
        self.overslept.get().is_some()
    }

    /// Whatever else a check has seen, the program has not slept for too long meanwhile.
    ///
    /// # Errors
    ///
    /// The check has failed, for this cause.
    pub fn expect_awake(&self) -> Outcome {
        match self.why_overslept() {
            None => Ok(()),
            Some((cause, expected, received)) => Err(self.fail_because(cause, expected, received)),
        }
    }

    /// The cause to name, and the rows "expected" and "received", where the program has slept for too long.
    pub(super) fn why_overslept(&self) -> Option<(Cause, String, String)> {
        let slept = self.overslept.get()?;
        let cause = self.cause_of_sleep();
        let expected = match cause {
            Cause::LongNap => "no nap of more than 5 ms",
            _ => "a program that sleeps only until something happens",
        };
        let longest = self
            .calls()
            .and_then(|calls| calls.sleep_of_more_than(Duration::ZERO));
        let longest = longest.map_or_else(String::new, |nap| {
            format!(", up to {} at a time", duration(nap))
        });
        let received = format!(
            "it slept for {} in all{longest}; the lab did not wait for more",
            duration(slept)
        );
        Some((cause, expected.into(), received))
    }

    fn cause_of_sleep(&self) -> Cause {
        let program = self.program.borrow();
        let ticks = program.as_ref().is_some_and(|program| {
            let log = EventLog::read(&program.stdout.text());
            log.has_ticks()
        });
        match ticks {
            true => Cause::LongNap,
            false => Cause::SleepsOnItsOwn,
        }
    }
}

fn slept(program: &Process) -> Duration {
    program
        .watch()
        .map_or(Duration::ZERO, CallWatch::most_slept)
}
