//! Where the kernel shows a process: proc(5).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The folder of process `pid`. Where /proc belongs to another PID namespace than ours, our numbers mean strangers there,
/// and the folder is one that is not there.
#[must_use]
pub(super) fn of(pid: u32) -> PathBuf {
    match is_ours() {
        true => Path::new("/proc").join(pid.to_string()),
        false => PathBuf::from("/proc/not-ours"),
    }
}

/// Whether /proc knows this process by the number that it has for us.
#[must_use]
pub fn is_ours() -> bool {
    static IS_OURS: LazyLock<bool> = LazyLock::new(|| {
        let own = std::fs::read_link("/proc/self");
        own.is_ok_and(|own| own.as_os_str() == std::process::id().to_string().as_str())
    });
    *IS_OURS
}

/// The process that a thread belongs to.
pub(super) fn process_of(thread: u32) -> Option<u32> {
    let status = fs::read_to_string(of(thread).join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
    line.trim().parse().ok()
}
