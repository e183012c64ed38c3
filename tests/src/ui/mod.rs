//! How things are printed.

pub mod hints;
pub mod json;
pub mod map;
pub mod status;
pub mod terminal;
pub mod verdicts;
