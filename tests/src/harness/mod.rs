#![doc = include_str!("README.md")]

mod audit;
pub mod client;
pub mod compare;
pub mod context;
pub mod exit;
pub mod payload;
pub mod peer;
pub mod program;
pub mod scripted_server;
pub mod server;
pub mod snapshot;
pub mod transcript;
