//! The heartbeat of a program, as we see it: whether ticks go on.

use std::time::{Duration, Instant};

use crate::platform::Sample;
use crate::process::child::Process;
use crate::process::deadline::Deadline;

/// Whether another tick comes. A program that has never ticked is not waited for.
pub(crate) fn is_alive(program: &Process) -> bool {
    let before = program.stdout.ticks();
    if before == 0 {
        return false;
    }
    let mut monitor = HeartbeatMonitor::default();
    let beats = Deadline::last_look().until(|| {
        let ticks = program.stdout.ticks();
        let has_stopped = monitor.has_stopped(ticks, program.sample().as_ref());
        match ticks > before {
            true => Some(true),
            false => (has_stopped && program.stdout.is_drained()).then_some(false),
        }
    });
    beats.unwrap_or(false)
}

/// Whether ticks stay away although the program goes on.
///
/// Ticks are due by the clock, every 50 ms. So time has to pass first, and then the program has to get a good amount of
/// work done without a tick: what only runs late, on a busy machine, does neither.
#[derive(Debug, Default)]
pub(crate) struct HeartbeatMonitor {
    ticks: u64,
    since: Option<Instant>,
    overdue: Option<(Duration, u64)>,
}

impl HeartbeatMonitor {
    /// After how long by the clock a tick is long overdue.
    const DUE: Duration = Duration::from_millis(100);
    /// How much processor time, or how many naps, it then has to have without one.
    const WORK: Duration = Duration::from_millis(200);
    const NAPS: u64 = 200;

    pub(crate) fn has_stopped(&mut self, ticks: u64, sample: Option<&Sample>) -> bool {
        let Some(sample) = sample else { return false };
        let since = *self.since.get_or_insert_with(Instant::now);
        if ticks != self.ticks {
            (self.ticks, self.since, self.overdue) = (ticks, None, None);
            return false;
        }
        if since.elapsed() < Self::DUE {
            return false;
        }
        let (cpu, sleeps) = *self
            .overdue
            .get_or_insert_with(|| (sample.cpu(), sample.sleeps()));
        sample.cpu().saturating_sub(cpu) >= Self::WORK
            || sample.sleeps().saturating_sub(sleeps) >= Self::NAPS
    }
}
