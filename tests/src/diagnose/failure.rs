//! How a check ends when it does not pass.

use crate::course::cause::Cause;

/// What each verb of a check returns: an answer, or why the check ends here.
pub type Result<T, E = Box<Problem>> = std::result::Result<T, E>;

/// What a check returns. It never panics.
pub type Outcome = Result<()>;

#[derive(Debug)]
pub enum Problem {
    /// The program is wrong, and this is the evidence.
    Failed(Failure),
    /// The program died in `todo!("step N: …")`; the failure counts where untouched steps are judged too.
    NotStarted(u8, Failure),
    /// We could not do our part. It costs nobody points.
    CouldNotGrade(String),
}

/// The rows of a report that a check knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub sent: String,
    /// What happened before, step by step: who did what.
    pub exchange: Vec<(String, String)>,
    pub expected: String,
    pub received: String,
    /// What the program was doing.
    pub program: String,
    /// The last calls that it made, where each of them was reported.
    pub calls: Option<String>,
    pub cause: Cause,
}

impl Problem {
    /// The same failure, for another cause if its own is `mistaken`.
    #[must_use]
    pub fn rather(mut self, mistaken: Cause, cause: Cause) -> Box<Self> {
        if let Self::Failed(failure) = &mut self
            && failure.cause == mistaken
        {
            failure.cause = cause;
        }
        Box::new(self)
    }

    /// The same failure, which nothing excuses: not even that the program died in a step that is not written yet.
    #[must_use]
    pub fn for_good(self) -> Box<Self> {
        Box::new(match self {
            Self::NotStarted(_, failure) => Self::Failed(failure),
            other => other,
        })
    }
}

impl From<anyhow::Error> for Box<Problem> {
    fn from(error: anyhow::Error) -> Self {
        Box::new(Problem::CouldNotGrade(format!("{error:#}")))
    }
}

impl From<std::io::Error> for Box<Problem> {
    fn from(error: std::io::Error) -> Self {
        Box::new(Problem::CouldNotGrade(error.to_string()))
    }
}
