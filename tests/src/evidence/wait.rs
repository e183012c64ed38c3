//! The one way to wait: for something to be there, and no longer than the program may still bring it about.

use crate::evidence::settle::{Activity, SettleDetector};
use crate::process::deadline::{Deadline, Pace};

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited<T> {
    /// What was waited for is there.
    Reached(T),
    /// The program has done all that it will do, and it is not there.
    Settled(Activity),
    /// The deadline has passed, and the program was still at work.
    TimedOut,
}

impl<T> Waited<T> {
    /// What was waited for, if it is there.
    pub fn reached(self) -> Option<T> {
        match self {
            Self::Reached(seen) => Some(seen),
            Self::Settled(_) | Self::TimedOut => None,
        }
    }
}

/// A wait that is under way. After each look in vain [`goes_on`](Self::goes_on) says whether another one makes sense.
#[derive(Debug)]
pub struct Wait {
    deadline: Deadline,
    pace: Pace,
    detector: SettleDetector,
    settled: Option<Activity>,
}

impl Wait {
    #[must_use]
    pub fn until(deadline: Deadline) -> Self {
        Self::with(SettleDetector::default(), deadline)
    }

    fn with(detector: SettleDetector, deadline: Deadline) -> Self {
        Self {
            deadline,
            pace: Pace::start(),
            detector,
            settled: None,
        }
    }

    /// Something has happened: what was seen of the program before says nothing about what it will do now.
    pub fn begin_again(&mut self) {
        self.pace = Pace::start();
        self.detector = SettleDetector::default();
        self.settled = None;
    }

    /// As [`begin_again`](Self::begin_again), until another deadline.
    pub fn begin_again_until(&mut self, deadline: Deadline) {
        self.begin_again();
        self.deadline = deadline;
    }

    #[must_use]
    pub fn has_time(&self) -> bool {
        !self.deadline.has_passed()
    }

    /// Pauses before the next look. There is nothing to wait for when the program has settled.
    pub fn pause(&self) {
        if self.settled.is_none() {
            self.pace.pause();
        }
    }

    /// `Ok` as long as what is waited for may still come: the program is at work and time is left, or it has settled, and
    /// one more look is due at what it did last. The error says why to wait no longer.
    pub fn goes_on<T>(
        &mut self,
        observe: impl FnOnce(&mut SettleDetector) -> Activity,
    ) -> Result<(), Waited<T>> {
        if let Some(activity) = self.settled {
            return Err(Waited::Settled(activity));
        }
        match observe(&mut self.detector) {
            Activity::Running if self.deadline.has_passed() => Err(Waited::TimedOut),
            Activity::Running => Ok(()),
            settled => {
                self.settled = Some(settled);
                Ok(())
            }
        }
    }
}

/// Looks with `reached` until there is something to see, the program has settled without, or `deadline` has passed.
///
/// After the program has settled there is one more look, at what it did last.
pub fn wait_until<T>(
    deadline: Deadline,
    observe: impl FnMut(&mut SettleDetector) -> Activity,
    reached: impl FnMut() -> Option<T>,
) -> Waited<T> {
    look(Wait::until(deadline), observe, reached)
}

/// As [`wait_until`], for a program that goes round in a loop: that it does nothing which could be seen does not mean that it
/// has done all that it will do.
pub fn wait_until_going_round<T>(
    deadline: Deadline,
    observe: impl FnMut(&mut SettleDetector) -> Activity,
    reached: impl FnMut() -> Option<T>,
) -> Waited<T> {
    let detector = SettleDetector::of_one_that_goes_round();
    look(Wait::with(detector, deadline), observe, reached)
}

fn look<T>(
    mut wait: Wait,
    mut observe: impl FnMut(&mut SettleDetector) -> Activity,
    mut reached: impl FnMut() -> Option<T>,
) -> Waited<T> {
    loop {
        if let Some(seen) = reached() {
            return Waited::Reached(seen);
        }
        if let Err(over) = wait.goes_on(&mut observe) {
            return over;
        }
        wait.pause();
    }
}
