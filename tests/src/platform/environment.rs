//! The environment variables that could make a snapshot accept what it should compare.
#![expect(
    unsafe_code,
    reason = "changing the environment is safe only while one thread runs"
)]

use std::path::Path;

/// Removes every `INSTA_*` variable, and sets those that keep insta from writing, printing and looking for
/// the workspace by itself. To be called first thing in `main`, while there is one thread.
pub fn forget_snapshot_settings(workspace: &Path) {
    set_snapshot_settings(workspace, "no");
}

/// As [`forget_snapshot_settings`], for the one command that accepts snapshots: from now on what differs is
/// written. To be called before the first snapshot is compared, while there is one thread.
pub fn rewrite_snapshots(workspace: &Path) {
    set_snapshot_settings(workspace, "always");
}

fn set_snapshot_settings(workspace: &Path, update: &str) {
    let names = std::env::vars_os().map(|(name, _)| name);
    let stale: Vec<_> = names
        .filter(|name| {
            name.to_string_lossy()
                .to_ascii_uppercase()
                .starts_with("INSTA_")
        })
        .collect();
    // SAFETY: the fronts call this before they start any thread, so nobody else reads the environment.
    unsafe {
        for name in stale {
            std::env::remove_var(name);
        }
        std::env::set_var("INSTA_UPDATE", update);
        std::env::set_var("INSTA_OUTPUT", "none");
        std::env::set_var("INSTA_WORKSPACE_ROOT", workspace);
    }
}
