//! A check: one graded behaviour.

use crate::diagnose::failure::Outcome;
use crate::harness::program::Program;
use crate::platform::Power;

/// A row of the table at the top of a stage's file, which is the rubric.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// A sentence, with underscores.
    pub name: &'static str,
    /// The highest step whose code it runs.
    pub step: u8,
    pub points: u32,
    /// What the machine must be able to show.
    pub needs: &'static [Power],
    pub run: fn(&Program) -> Outcome,
}

impl Check {
    /// The name as people read it.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.name.replace('_', " ")
    }
}

/// Writes a stage's table of checks: step, points, function, and what the machine must be able to show.
#[macro_export]
macro_rules! checks {
    ($(step $step:literal, $points:literal: $run:ident $(needs $($power:ident)+)?;)+) => {
        pub const CHECKS: &[$crate::judge::check::Check] = &[$($crate::judge::check::Check {
            name: stringify!($run),
            step: $step,
            points: $points,
            needs: &[$($($crate::platform::Power::$power),+)?],
            run: $run,
        }),+];
    };
}
