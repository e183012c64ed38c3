//! What every front does before the first check: `cargo test`, and the commands of `lab` that judge.

use crate::subject::House;
use crate::{live, platform};

/// Makes sure that nothing in the environment decides a verdict, and that nothing stays behind. To be called
/// first thing in `main`, while there is one thread.
///
/// # Errors
///
/// When the repository is not where it was when this program was built.
pub fn prepare() -> anyhow::Result<House> {
    let house = House::find()?;
    platform::forget_snapshot_settings(&house.root);
    platform::adopt_orphans();
    live::end_all_when_interrupted();
    Ok(house)
}
