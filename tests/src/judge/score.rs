//! What verdicts add up to.

use crate::course::Stage;
use crate::judge::Verdict;
use crate::judge::check::Check;

/// What the checks of one stage came to.
#[derive(Debug, Clone)]
pub struct Score {
    pub points: u32,
    /// Without the checks that could not be judged here, or not be graded.
    pub most: u32,
    /// The points of the checks that could not be graded.
    pub ungraded: u32,
    /// Steps whose checks all passed, counted from the first.
    pub steps_done: u8,
}

impl Score {
    /// Adds up the verdicts on all `checks` of `stage`, in the same order.
    #[must_use]
    pub fn of(stage: &Stage, checks: &[Check], verdicts: &[Verdict]) -> Self {
        let rows: Vec<(&Check, &Verdict)> = checks.iter().zip(verdicts).collect();
        let sum = |counts: fn(&Verdict) -> bool| {
            let counted = rows.iter().filter(|(_, verdict)| counts(verdict));
            counted.map(|(check, _)| check.points).sum()
        };
        let done = |step: &u8| {
            rows.iter()
                .filter(|(check, _)| check.step == *step)
                .all(|(_, verdict)| verdict.is_fine())
        };
        Self {
            points: rows
                .iter()
                .map(|(check, verdict)| verdict.points(check))
                .sum(),
            most: sum(Verdict::is_graded),
            ungraded: sum(|verdict| matches!(verdict, Verdict::CouldNotGrade(_))),
            steps_done: (1..=stage.steps).take_while(done).count() as u8,
        }
    }

    /// Whether there is nothing left to gain, as far as can be told here.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.points == self.most && self.ungraded == 0
    }
}
