//! Every wait ends. A deadline never decides whether a program is right: when it passes, the program was
//! still busy, and the check says that it ran too long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
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

/// How often [`Vigil`] looks at the clock, and how late it has to be to have been kept from it: on a busy machine a thread
/// waits for its turn for less.
const BEAT: Duration = Duration::from_millis(200);
const LAPSE: Duration = Duration::from_secs(2);

/// How long this process did not run, as far as somebody was awake to notice, and when it was seen to run last; both in
/// nanoseconds, the second from the start on, and [`NOBODY`] where nobody looks.
static LOST: AtomicU64 = AtomicU64::new(0);
static SEEN: AtomicU64 = AtomicU64::new(NOBODY);
const NOBODY: u64 = u64::MAX;

/// All time since the first look at it.
fn elapsed() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// The time in which this process has run. Deadlines count no other.
fn time() -> Duration {
    let seen = SEEN.load(Ordering::SeqCst);
    let lost = Duration::from_nanos(LOST.load(Ordering::SeqCst));
    // Until somebody has looked, nobody knows whether it was stopped meanwhile.
    let known = match seen {
        NOBODY => elapsed(),
        seen => elapsed().min(Duration::from_nanos(seen) + BEAT),
    };
    known.saturating_sub(lost)
}

/// As long as one lives, time in which this process is stopped is no time for its deadlines: somebody pressed Ctrl-Z, or the
/// machine was asleep.
#[derive(Debug)]
pub struct Vigil {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Vigil {
    /// One for all who ask meanwhile.
    #[must_use]
    pub fn keep() -> Arc<Self> {
        static KEPT: Mutex<Weak<Vigil>> = Mutex::new(Weak::new());
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.upgrade().unwrap_or_else(|| {
            let vigil = Arc::new(Self::begin());
            *kept = Arc::downgrade(&vigil);
            vigil
        })
    }

    /// Where no thread can be started, deadlines count all time.
    fn begin() -> Self {
        let (end, ended) = mpsc::channel();
        let watch = move || {
            let mut last = elapsed();
            while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let now = elapsed();
                let late = (now - last).saturating_sub(BEAT);
                if late >= LAPSE {
                    LOST.fetch_add(late.as_nanos() as u64, Ordering::SeqCst);
                }
                SEEN.store(now.as_nanos() as u64, Ordering::SeqCst);
                last = now;
            }
            SEEN.store(NOBODY, Ordering::SeqCst);
        };
        Self {
            end: Some(end),
            thread: thread::Builder::new()
                .name("vigil".into())
                .spawn(watch)
                .ok(),
        }
    }
}

impl Drop for Vigil {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A moment, in the time of this process.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Duration);

impl Deadline {
    /// A deadline for one wait that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(time() + WAIT_TIMEOUT)
    }

    /// A deadline for all waits of a check that starts now.
    #[must_use]
    pub fn of_a_check() -> Self {
        Self(time() + CHECK_TIMEOUT)
    }

    /// The same where a check takes the large numbers.
    #[must_use]
    pub fn of_a_thorough_check() -> Self {
        Self(time() + CHECK_TIMEOUT * THOROUGH)
    }

    /// A deadline for what is only to come to an end, on however busy a machine.
    #[must_use]
    pub fn generous() -> Self {
        Self(time() + WAIT_TIMEOUT * 15)
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
        Self(time() + WAIT_TIMEOUT / 4)
    }

    /// A deadline for an exit that is under way, where nobody can tell.
    #[must_use]
    pub fn short() -> Self {
        Self(time() + WAIT_TIMEOUT / 20)
    }

    #[must_use]
    pub fn has_passed(self) -> bool {
        time() >= self.0
    }

    /// What is left of it, at least a millisecond, since sockets take 0 for "for ever".
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_sub(time()).max(POLL_INTERVAL)
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
            thread::yield_now();
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
        thread::sleep(pause.clamp(POLL_INTERVAL, LONGEST_POLL_INTERVAL));
    }
}
