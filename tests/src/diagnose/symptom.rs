//! What a check saw that it should not have seen.

use crate::course::cause::Cause;

/// What a check saw that it should not have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symptom {
    /// Nothing, or too little, came; the stream is open.
    Silence,
    /// The stream ended too early.
    End,
    /// The connection was reset.
    Reset,
    /// Other bytes came.
    OtherBytes,
    /// Some of the right bytes came, and a part in their midst did not.
    MissingBytes,
    /// Bytes came again that had come before.
    RepeatedBytes,
    /// The right bytes came, and more behind them.
    MoreBytes,
    /// The stream did not end.
    NoEnd,
    /// The program's address cannot be connected to.
    Refused,
    /// The program does not sleep.
    NoRest,
    /// Its other work does not go on.
    NoTicks,
    /// The program does not exit.
    NoExit,
    /// The check knows the cause.
    Known(Cause),
}

impl Symptom {
    /// True if something did not happen: at another time it might have.
    #[must_use]
    pub fn is_an_absence(self) -> bool {
        use Symptom::{NoEnd, NoExit, NoRest, NoTicks, Silence};
        matches!(self, Silence | NoEnd | NoRest | NoTicks | NoExit)
    }
}
