//! Windows: no process groups, no limits, no stopping. A program itself is still ended and reaped.

use std::process::Command;

use super::Limits;

pub fn confine(_command: &mut Command, _limits: Limits) {}

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
