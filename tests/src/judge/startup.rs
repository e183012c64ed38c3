//! What every front does before the first check: `cargo test`, and the commands of `lab` that judge.

use anyhow::{Context, ensure};

use crate::build::fingerprint;
use crate::build::repo::Repo;
use crate::platform;
use crate::process::reaper;

/// Makes sure that nothing in the environment decides a verdict, and that nothing stays behind. To be called
/// first thing in `main`, while there is one thread.
///
/// # Errors
///
/// When the repository cannot be found, or this program was built from something else than stands there.
pub fn prepare() -> anyhow::Result<Repo> {
    platform::hear_of_children();
    if platform::has_children() {
        match reaper::start_over_in_a_child()? {}
    }
    let repo = Repo::find()?;
    is_what_stands_there(&repo)?;
    platform::adopt_orphans();
    reaper::end_all_when_interrupted();
    Ok(repo)
}

/// Cargo goes by time stamps: checks that were unpacked over the old ones may be older than the last build.
fn is_what_stands_there(repo: &Repo) -> anyhow::Result<()> {
    let tests = repo.root.join("tests");
    let sources = fingerprint::of(&tests);
    let sources = sources.with_context(|| format!("cannot read {}", tests.display()))?;
    ensure!(
        format!("{sources:016x}") == env!("LAB_SOURCES"),
        "{} has changed since this program was built from it, and cargo did not see that; \
         say `cargo clean --package lab`, and then the same command again",
        tests.display()
    );
    Ok(())
}
