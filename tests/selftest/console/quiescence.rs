//! Has a program had its chance to say something? What a slide does not show must not come a moment later.

use std::process::Child;

use lab::evidence::settle::{IDLE_CPU_BUDGET, IDLE_NAPS, STABLE_SAMPLES, is_for_nothing, travels};
use lab::platform::tcp_table;
use lab::process::child::family;
use lab::process::deadline::Deadline;

use super::addresses::Addresses;

/// Waits until the program, with all that it started, sleeps until somebody does something, or has polled for a while,
/// or is gone; and until nothing is on its way to or from a server of the lecture. Where the system shows nothing of it,
/// there is nothing to wait for.
pub fn wait(child: &mut Child, addresses: &Addresses) {
    let Some(first) = family(child.id()) else {
        return;
    };
    let mut last = None;
    // One sample more than the lab asks for: a program that is not judged has no evidence to go by but its sleep.
    let mut times = 0;
    // If it never settles, what it has said until then is looked at.
    Deadline::start().until(|| {
        let is_gone = !matches!(child.try_wait(), Ok(None));
        let Some(now) = family(child.id()).filter(|_| !is_gone) else {
            return Some(());
        };
        let has_polled = is_for_nothing(&first, &now, IDLE_CPU_BUDGET, IDLE_NAPS);
        let is_parked = now.is_parked();
        times = match last.as_ref() == Some(&now) {
            true => times + 1,
            false => 0,
        };
        last = Some(now);
        let is_settled = has_polled || (is_parked && times >= STABLE_SAMPLES);
        (is_settled && !is_on_its_way(addresses)).then_some(())
    });
}

/// Whether bytes travel between a server of the lecture and its clients.
fn is_on_its_way(addresses: &Addresses) -> bool {
    let servers = addresses.of_servers();
    let mut table = tcp_table().unwrap_or_default();
    table.retain(|row| servers.contains(&row.local) || servers.contains(&row.remote));
    travels(&table)
}
