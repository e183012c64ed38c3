//! What this system is called.

use std::fs;

/// The system, with the two numbers of its version that matter.
#[must_use]
pub fn system() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let numbers: Vec<&str> = release.trim().split('.').take(2).collect();
    match (std::env::consts::OS, &numbers[..]) {
        ("linux", [major, minor]) => format!("Linux {major}.{minor}"),
        ("linux", _) => "Linux".into(),
        ("macos", _) => "macOS".into(),
        ("windows", _) => "Windows".into(),
        (other, _) => other.into(),
    }
}
