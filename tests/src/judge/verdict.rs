//! What became of a check.

use crate::course::cause::Cause;
use crate::diagnose::failure::Failure;
use crate::judge::check::{Check, Part};
use crate::platform::Power;

/// What became of one check.
#[derive(Debug, Clone)]
pub enum Verdict {
    Passed(Reservation),
    /// The first part that failed, and why.
    Failed {
        part: &'static Part,
        failure: Failure,
    },
    /// The stage does not compile, or a student's file is missing.
    NotBuilt,
    /// Step N still stands as it was shipped.
    NotStarted(u8),
    /// This machine cannot show it; the text says why.
    NotJudgedHere(String),
    /// The lab has failed, and not the program.
    CouldNotGrade(String),
}

/// What a check that has passed did not see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reservation {
    /// So far: the program got to this later step, which is not written yet and ended it.
    pub ends_in_step: Option<u8>,
    /// What this machine could not show, so that something was left out: the power that a verb did without, or a whole
    /// part of the check.
    pub without: Vec<String>,
}

impl Reservation {
    /// What was not seen, in words; nothing where all was.
    #[must_use]
    pub fn words(&self) -> String {
        let so_far = self.ends_in_step.map(|step| {
            format!("so far: the program ends in step {step}, which is not written yet")
        });
        let without = self.without.join(", ");
        let without = (!without.is_empty()).then(|| format!("without: {without}"));
        let all: Vec<String> = so_far.into_iter().chain(without).collect();
        all.join("; ")
    }

    /// What was not seen where the whole of `part` was left out, since this machine has not the `power` that it needs.
    pub(crate) fn of_a_missing_part(part: &Part, power: Power) -> Self {
        Self {
            ends_in_step: None,
            without: vec![format!("\"{}\", which needs {power}", part.sentence())],
        }
    }

    /// What was not seen because a later step, which is not written yet, ended the program.
    pub(crate) fn so_far(step: u8) -> Self {
        Self {
            ends_in_step: Some(step),
            without: Vec::new(),
        }
    }

    /// Adds what another part did not see.
    pub(crate) fn add(&mut self, other: Self) {
        self.ends_in_step = self.ends_in_step.or(other.ends_in_step);
        for what in other.without {
            if !self.without.contains(&what) {
                self.without.push(what);
            }
        }
    }
}

impl Verdict {
    /// Why it failed, if it did.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Failed { failure, .. } => Some(failure.cause),
            _ => None,
        }
    }

    /// The verdict on a check whose parts came to this, in their order: the first that is no pass. No part behind it is
    /// asked for.
    pub(super) fn of_parts(parts: impl Iterator<Item = Self>) -> Self {
        let mut seen = Reservation::default();
        for part in parts {
            match part {
                Verdict::Passed(reservation) => seen.add(reservation),
                other => return other,
            }
        }
        Verdict::Passed(seen)
    }

    /// The word for it, as everywhere.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Passed(_) => "passed",
            Verdict::Failed { .. } | Verdict::NotBuilt => "failed",
            Verdict::NotStarted(_) => "not started",
            Verdict::NotJudgedHere(_) => "not judged here",
            Verdict::CouldNotGrade(_) => "could not grade",
        }
    }

    /// What `check` earns by it: all of its points, or none.
    #[must_use]
    pub fn points(&self, check: &Check) -> u32 {
        match self {
            Verdict::Passed(_) => check.points,
            _ => 0,
        }
    }

    /// Whether it is a pass, with whatever reservation.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        matches!(self, Verdict::Passed(_))
    }

    /// Whether it holds only so far: a later step, which is not written yet, ended the program.
    #[must_use]
    pub fn is_so_far(&self) -> bool {
        matches!(self, Verdict::Passed(reservation) if reservation.ends_in_step.is_some())
    }

    /// Whether its check counts.
    #[must_use]
    pub fn is_graded(&self) -> bool {
        !matches!(self, Verdict::NotJudgedHere(_) | Verdict::CouldNotGrade(_))
    }

    /// Whether there is nothing to mend: it passed, or cannot be told here.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        matches!(self, Verdict::Passed(_) | Verdict::NotJudgedHere(_))
    }
}
