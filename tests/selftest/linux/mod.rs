//! Tests that start programs and look at them from outside, by means that only Linux has.

pub mod support; // the lab as a student runs it, second checkouts, subjects made of `fixtures/`

// Verdicts
mod hostile; // programs that lie, flood, hang, multiply or hide
mod powers; // how other systems judge, tried here
pub mod select_limit; // the program beside stage 09 that serves on `select`
mod side_by_side; // checks that run at the same time
mod surroundings; // the lab in surroundings that somebody else has made
mod verdicts; // what `lab check` says, and what it hangs on
mod watched_calls; // what the kernel reports of a program, and what the lab answers

// Commands
mod bench;
mod cli; // exit codes, bad input, and what is printed where
mod desk; // the desk in a real terminal
mod interrupts; // a run that is interrupted or killed leaves nothing behind
mod report_links; // reports and hints send people to the right slide
mod slides_command;
pub mod trace;
