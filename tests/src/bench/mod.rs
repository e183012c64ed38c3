//! What the designs cost, and its chart.

pub mod chart;
pub mod data;
pub mod designs;
pub mod idle_clients;
pub mod server;
