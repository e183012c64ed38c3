//! What a program that is measured has used so far.

use std::time::Duration;

/// The processor time of all threads that process `pid` has now.
#[must_use]
pub fn cpu(pid: u32) -> Option<Duration> {
    crate::platform::sample(pid).map(|sample| sample.cpu())
}

/// The memory that process `pid` has for itself, in bytes, counted page by page: proc(5), `smaps_rollup`. `VmRSS` may
/// be wrong by hundreds of kibibytes.
#[must_use]
pub fn own_memory(pid: u32) -> Option<u64> {
    let pages = crate::platform::pages(pid)?;
    let lines = pages.lines();
    let private = lines.filter(|line| line.starts_with("Private_"));
    let sizes = private.map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    sizes.sum::<Option<u64>>().map(|kibibytes| kibibytes << 10)
}

/// Keeps this thread, and all that it starts from now on, on one processor. Whether two that talk to each other share
/// one makes more of a difference to what a word costs than most programs do.
pub fn stay_on_one_core() {
    #[cfg(target_os = "linux")]
    crate::platform::unix::stay_on_this_core();
}
