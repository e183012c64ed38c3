//! What verdicts add up to.

use crate::course::Stage;
use crate::course::cause::Cause;
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
    /// The same where some passed only so far: until the steps behind them are written.
    pub steps_so_far: u8,
    /// Why the first check failed that did.
    pub first_failure: Option<Cause>,
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
        let steps = |is_done: fn(&Verdict) -> bool| {
            let is_whole = |step: &u8| {
                let mut of_step = rows.iter().filter(|(check, _)| check.step == *step);
                of_step.all(|(_, verdict)| is_done(verdict))
            };
            (1..=stage.steps).take_while(is_whole).count() as u8
        };
        Self {
            points: rows
                .iter()
                .map(|(check, verdict)| verdict.points(check))
                .sum(),
            most: sum(Verdict::is_graded),
            ungraded: sum(|verdict| matches!(verdict, Verdict::CouldNotGrade(_))),
            steps_done: steps(|verdict| verdict.is_fine() && !verdict.is_so_far()),
            steps_so_far: steps(Verdict::is_fine),
            first_failure: verdicts.iter().find_map(Verdict::cause),
        }
    }

    /// The steps that are done, in words.
    #[must_use]
    pub fn steps(&self, stage: &Stage) -> String {
        let done = format!("{} of {} steps", self.steps_done, stage.steps);
        match self.steps_so_far {
            so_far if so_far > self.steps_done => format!("{done} ({so_far} so far)"),
            _ => done,
        }
    }

    /// Whether there is nothing left to gain, as far as can be told here.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.points == self.most && self.ungraded == 0
    }
}
