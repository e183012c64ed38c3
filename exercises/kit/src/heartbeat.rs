//! The heartbeat: work that has nothing to do with sockets, and that a waiting server would not get
//! done.

use std::time::{Duration, Instant};

use crate::EventLog;

/// How often the heart beats, at most.
const PERIOD: Duration = Duration::from_millis(50);

/// Prints `tick N` every 50 ms, as long as somebody calls [`beat`](Self::beat) often enough.
#[derive(Debug)]
pub struct Heartbeat<'a> {
    log: &'a EventLog,
    ticks: u64,
    next: Instant,
}

impl<'a> Heartbeat<'a> {
    /// The first tick is due at once.
    #[must_use]
    pub fn new(log: &'a EventLog) -> Self {
        Self {
            log,
            ticks: 0,
            next: Instant::now(),
        }
    }

    /// Prints the next tick if it is due, and returns at once either way.
    ///
    /// Ticks that were missed are not caught up with: a program that was away is seen to have been
    /// away.
    pub fn beat(&mut self) {
        let now = Instant::now();
        if now >= self.next {
            self.ticks += 1;
            self.next = now + PERIOD;
            self.log.tick(self.ticks);
        }
    }
}
