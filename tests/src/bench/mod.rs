//! What the designs cost, and its chart. Behind the feature `bench`.

pub mod chart;
pub mod cost;
pub mod data;
pub mod designs;
pub mod edits;
pub mod idle_clients;
pub mod server;
