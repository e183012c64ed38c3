//! Windows: no process groups, no limits, no stopping. A program itself is still ended and reaped.

use std::process::Command;

use super::Limits;

pub fn confine(_command: &mut Command, _limits: Limits) {}

pub fn end_group(_pid: u32) {}

pub fn adopt_orphans() {}

#[must_use]
pub fn stop(_pid: u32) -> bool {
    false
}

pub fn resume(_pid: u32) {}
