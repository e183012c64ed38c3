//! What tests share that start the lab and look at it from outside.

pub mod checkout;
pub mod command;
pub mod fixtures;
pub mod pty;
