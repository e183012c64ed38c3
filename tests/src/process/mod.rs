//! Child processes: started under limits, read to the end, ended with all they left behind.

pub mod child;
pub mod deadline;
pub mod output;
pub mod reaper;
pub mod watchdog;
