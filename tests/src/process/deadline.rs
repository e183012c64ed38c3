//! Every wait ends. A deadline never decides whether a program is right: when it passes, the program was
//! still busy, and the check says that it ran too long.

use std::time::{Duration, Instant};

use crate::platform::VERY_LONG;

/// How long one wait may take, on a machine that is also busy with other things.
const WAIT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long all waits of one check may take together.
const CHECK_TIMEOUT: Duration = VERY_LONG;

/// How many times as long a thorough check may take.
const THOROUGH: u32 = 3;

/// How long to pause between two looks at a program: at first, and at most. Looking costs the processor that the program
/// may want.
const POLL_INTERVAL: Duration = Duration::from_millis(1);
const LONGEST_POLL_INTERVAL: Duration = Duration::from_millis(8);

/// How many looks follow each other without a pause, where it is a matter of microseconds.
const QUICK_LOOKS: u32 = 20;

/// Which part of the time since the first look the pause before the next may be.
const PART_OF_THE_WAIT: u32 = 16;

#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline for one wait that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now() + WAIT_TIMEOUT)
    }

    /// A deadline for all waits of a check that starts now.
    #[must_use]
    pub fn of_a_check() -> Self {
        Self(Instant::now() + CHECK_TIMEOUT)
    }

    /// The same where a check takes the large numbers.
    #[must_use]
    pub fn of_a_thorough_check() -> Self {
        Self(Instant::now() + CHECK_TIMEOUT * THOROUGH)
    }

    /// A deadline for what is only to come to an end, on however busy a machine.
    #[must_use]
    pub fn generous() -> Self {
        Self(Instant::now() + WAIT_TIMEOUT * 15)
    }

    /// Whichever of the two is earlier.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// Whichever of the two is later.
    #[must_use]
    pub fn or_later(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// A deadline for a last look, when it is clear already that something is wrong.
    #[must_use]
    pub fn last_look() -> Self {
        Self(Instant::now() + WAIT_TIMEOUT / 4)
    }

    /// A deadline for an exit that is under way, where nobody can tell.
    #[must_use]
    pub fn short() -> Self {
        Self(Instant::now() + WAIT_TIMEOUT / 20)
    }

    #[must_use]
    pub fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }

    /// What is left of it, at least a millisecond, since sockets take 0 for "for ever".
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0
            .saturating_duration_since(Instant::now())
            .max(POLL_INTERVAL)
    }

    /// As [`until`](Self::until), for what comes in microseconds: the first looks follow each other without a pause.
    pub fn until_soon<T>(self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        at_once(&mut look).or_else(|| self.until(look))
    }

    /// Looks until there is something to see. `None` when the deadline passes before.
    pub fn until<T>(self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let pace = Pace::start();
        loop {
            if let Some(seen) = look() {
                return Some(seen);
            }
            if self.has_passed() {
                return None;
            }
            pace.pause();
        }
    }
}

/// What some looks in a row have found, which take less than a millisecond.
pub fn at_once<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    (0..QUICK_LOOKS).find_map(|_| {
        let seen = look();
        if seen.is_none() {
            std::thread::yield_now();
        }
        seen
    })
}

/// How often somebody looks who waits: often at first, and less and less the longer it takes.
#[derive(Debug, Clone, Copy)]
pub struct Pace(Instant);

impl Pace {
    /// The first look is now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Pauses between two looks.
    pub fn pause(self) {
        let pause = self.0.elapsed() / PART_OF_THE_WAIT;
        std::thread::sleep(pause.clamp(POLL_INTERVAL, LONGEST_POLL_INTERVAL));
    }
}
