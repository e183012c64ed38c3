//! Environment variables that could decide a verdict: cargo and the programs that are judged do not get them.

use std::process::Command;

/// What a program is given of our environment: where it may write, and what Windows needs to load it.
const KEPT: [&str; 9] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "TMP",
    "TEMP",
    "USERPROFILE",
    "SystemRoot",
    "SystemDrive",
    "windir",
];

/// How the names of variables begin that the lab's own tests set, for programs too.
const OURS: &str = "UNBLOCKED_";

/// Gives a program an environment that is the same for everybody: a preloaded library, or a setting of the allocator, is
/// none of its doing.
pub fn forget_surroundings(command: &mut Command) {
    command.env_clear();
    for (name, value) in std::env::vars_os() {
        let is_kept = |name: &str| KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept));
        if name
            .to_str()
            .is_some_and(|name| is_kept(name) || name.starts_with(OURS))
        {
            command.env(name, value);
        }
    }
    command.env("RUST_BACKTRACE", "0").env("NO_COLOR", "1");
    // glibc reserves 64 MiB of address space for each thread that asks for memory: that is not what the limit is for.
    // See mallopt(3).
    command.env("MALLOC_ARENA_MAX", "1");
}

/// Lets cargo build as the manifests say: without the flags, profiles and denied warnings that the user has set for
/// code of their own.
pub fn forget_build_settings(cargo: &mut Command) {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| is_build_setting(name)) {
        cargo.env_remove(name);
    }
}

fn is_build_setting(name: &str) -> bool {
    let whole = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_WARNINGS",
    ];
    whole.contains(&name)
        || name.starts_with("CARGO_PROFILE_")
        || (name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS"))
}
