//! Windows: no process groups, no limits, no stopping. A program itself is still ended and reaped.

use std::io;
use std::process::Command;

use crate::platform::Limits;

pub fn confine(_command: &mut Command, _limits: Limits) {}

pub fn confine_descriptors(_command: &mut Command, _limits: Limits) {}

pub fn allow_ourselves_descriptors() {}

pub fn end_group(_pid: u32) {}

pub fn adopt_orphans() {}

/// How many descriptors this system lets us allow to a program. Nobody counts them here.
#[must_use]
pub fn descriptors_allowed() -> u64 {
    0
}

#[must_use]
pub fn stop(_pid: u32) -> bool {
    false
}

pub fn resume(_pid: u32) {}

pub fn ask_to_end(_pid: u32) {}

pub fn end_with_us(_command: &mut Command) {}

pub fn lead_a_group(_command: &mut Command) {}

/// There is no way to stop here.
pub fn stop_ourselves() {}

pub fn hear_of_children() {}

/// Bytes of address space that this system lets us allow to a program. Nobody counts them here.
#[must_use]
pub fn address_space_allowed() -> u64 {
    u64::MAX
}

/// # Errors
///
/// Never.
pub fn may_set_limits() -> io::Result<()> {
    Ok(())
}

/// The requests to end that were ignored when this process was started: there are none here.
#[derive(Debug)]
pub struct Ignored;

impl Ignored {
    #[must_use]
    pub fn now() -> Self {
        Self
    }

    pub fn stay(&self) {}
}
