//! Has a program had its chance to say something? What a slide does not show must not come a moment later.

use std::process::Child;
use std::time::Duration;

use lab::deadline::Deadline;
use lab::platform;

/// How often in a row a sleeping program must look the same.
const TIMES: u32 = 3;

/// After so many naps, or so many long ones, or so much processor time, a program that polls has asked everybody.
const NAPS: u64 = 50;
const LONG_NAPS: u64 = 3;
const LONG_NAP: Duration = Duration::from_millis(100);
const EFFORT: Duration = Duration::from_millis(100);

/// Waits until the program sleeps until somebody does something, or has polled for a while, or is gone. Where the system
/// shows nothing of it, there is nothing to wait for.
pub fn wait(child: &mut Child) {
    let Some(first) = platform::sample(child.id()) else {
        return;
    };
    let mut last = None;
    let mut times = 0;
    // If it never settles, what it has said until then is looked at.
    Deadline::start().until(|| {
        let is_gone = !matches!(child.try_wait(), Ok(None));
        let Some(now) = platform::sample(child.id()).filter(|_| !is_gone) else {
            return Some(());
        };
        let naps = match now.longest_nap() {
            Some(nap) if nap >= LONG_NAP => LONG_NAPS,
            _ => NAPS,
        };
        let has_polled = now.sleeps().saturating_sub(first.sleeps()) >= naps
            || now.cpu().saturating_sub(first.cpu()) >= EFFORT;
        let is_parked = now.is_parked();
        times = match last.as_ref() == Some(&now) {
            true => times + 1,
            false => 0,
        };
        last = Some(now);
        (has_polled || (is_parked && times >= TIMES)).then_some(())
    });
}
