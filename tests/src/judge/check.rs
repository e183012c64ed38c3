//! A check: one graded behaviour, in one part or in several.

use crate::diagnose::failure::Outcome;
use crate::harness::program::Program;
use crate::platform::{Power, Powers};

/// A row of the table at the top of a stage's file, which is the rubric.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// A sentence, with underscores.
    pub name: &'static str,
    /// The highest step whose code it runs.
    pub step: u8,
    /// Given when all parts pass.
    pub points: u32,
    /// What the machine must be able to show for any of it.
    pub needs: &'static [Power],
    /// At least one. A row without parts of its own has one that bears its name.
    pub parts: &'static [Part],
}

/// A part of a check, judged on a program of its own.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// A sentence, with underscores.
    pub name: &'static str,
    /// It passes *so far* where the program dies in a later step, which is not written yet.
    pub so_far: bool,
    /// What the machine must be able to show for this part alone.
    pub needs: &'static [Power],
    pub run: fn(&Program) -> Outcome,
}

impl Check {
    /// The name as people read it.
    #[must_use]
    pub fn sentence(&self) -> String {
        sentence(self.name)
    }

    /// Whether `part` is only one of its parts, and so has a sentence of its own.
    #[must_use]
    pub fn is_divided_into(&self, part: &Part) -> bool {
        part.name != self.name
    }

    /// The one part that this check was reduced to, by [`matching`](Self::matching).
    #[must_use]
    pub fn only_part(&self) -> Option<&'static Part> {
        match self.parts {
            [part] if self.is_divided_into(part) => Some(part),
            _ => None,
        }
    }

    /// What of it has a name that contains one of `texts`: the check as a whole where its own name does, and otherwise each
    /// part whose name does. A part by itself is worth no points.
    #[must_use]
    pub fn matching(&self, texts: &[String]) -> Vec<Check> {
        let is_meant = |name: &str| texts.iter().any(|text| name.contains(text.as_str()));
        if is_meant(self.name) {
            return vec![*self];
        }
        let parts = self.parts.iter().filter(|part| is_meant(part.name));
        let alone = |part| Check {
            points: 0,
            parts: std::slice::from_ref(part),
            ..*self
        };
        parts.map(alone).collect()
    }

    /// Whether nothing of it can be judged where none of `missing` is to be had.
    #[must_use]
    pub fn is_lost_without(&self, missing: &[Power]) -> bool {
        let lacks = |needs: &[Power]| needs.iter().any(|power| missing.contains(power));
        lacks(self.needs) || self.parts.iter().all(|part| lacks(part.needs))
    }

    /// Why nothing of it can be judged with `powers`; `None` where some of it can.
    #[must_use]
    pub fn lack(&self, powers: &Powers) -> Option<String> {
        powers.missing(self.needs).or_else(|| {
            let lacks = self.parts.iter().map(|part| powers.missing(part.needs));
            let lacks: Option<Vec<String>> = lacks.collect();
            lacks?.into_iter().next()
        })
    }
}

impl Part {
    /// The name as people read it.
    #[must_use]
    pub fn sentence(&self) -> String {
        sentence(self.name)
    }
}

fn sentence(name: &str) -> String {
    name.replace('_', " ")
}

/// Writes a stage's table of checks. A row has its step, its points, its name and what the machine must be able to show;
/// its name is that of a function, or its parts stand in braces behind it:
///
/// ```text
/// step 1, 1: does_not_sleep (so_far) needs SettledState;
/// step 1, 2: greets_a_client needs StopAndContinue;
/// step 2, 1: closes_clients_that_leave {
///     closes_one_that_half_closes,
///     closes_one_that_resets needs SettledState,
/// }
/// ```
///
/// `SettledState` stands for all that shows when a program has settled. `(so_far)` marks a part that passes *so far* where the
/// program dies in a later step, which is not written yet: by then the code of its own step has done what it has to do.
#[macro_export]
macro_rules! checks {
    ($(step $step:literal, $points:literal: $name:ident $(($mark:ident))? $(needs $($power:ident)+)? $({ $($part:tt)+ })? $(;)?)+) => {
        pub const CHECKS: &[$crate::judge::check::Check] = &[$($crate::judge::check::Check {
            name: stringify!($name),
            step: $step,
            points: $points,
            needs: $crate::powers!([] $($($power)+)?),
            parts: $crate::parts!($name $(($mark))? $({ $($part)+ })?),
        }),+];
    };
}

/// The parts of one row of [`checks`](crate::checks).
#[doc(hidden)]
#[macro_export]
macro_rules! parts {
    ($run:ident $(($mark:ident))?) => { $crate::parts!($run { $run $(($mark))? }) };
    ($name:ident { $($run:ident $(($mark:ident))? $(needs $($power:ident)+)?),+ $(,)? }) => {
        &[$($crate::judge::check::Part {
            name: stringify!($run),
            so_far: $crate::is_so_far!($($mark)?),
            needs: $crate::powers!([] $($($power)+)?),
            run: $run,
        }),+]
    };
}

/// The mark behind the name of a part of [`checks`](crate::checks).
#[doc(hidden)]
#[macro_export]
macro_rules! is_so_far {
    () => {
        false
    };
    (so_far) => {
        true
    };
}

/// What a row or a part of [`checks`](crate::checks) needs, as a list of powers.
#[doc(hidden)]
#[macro_export]
macro_rules! powers {
    ([$($known:ident)*]) => { &[$($crate::platform::Power::$known),*] };
    ([$($known:ident)*] SettledState $($rest:ident)*) => {
        $crate::powers!([$($known)* ProcessState KernelQueues] $($rest)*)
    };
    ([$($known:ident)*] $power:ident $($rest:ident)*) => {
        $crate::powers!([$($known)* $power] $($rest)*)
    };
}
