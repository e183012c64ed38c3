//! The subcommands of `lab`, a file each.

pub mod bench;
pub mod bless;
pub mod check;
pub mod diff;
pub mod doctor;
pub mod hint;
pub mod home;
pub mod reset;
pub mod run;
pub mod slides;
pub mod soak;
pub mod talk;
pub mod trace;
