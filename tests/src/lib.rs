//! Everything that judges.
//!
//! The harness knows subjects, programs, peers, evidence and reports, and no stage. The checks of the stages
//! stand in `stages`, next door: they are the specification. The fronts run them.
//!
//! From the outside in:
//! - [`course`]: the one table of stages · [`guide`], [`deck`]: what their READMEs and slides explain
//! - [`house`], [`subject`], `staging`, `compiling`, [`building`]: a folder of stages, and how it becomes programs
//! - [`judge`], [`check`], [`report`]: one check after the other, each with a verdict
//! - [`program`], [`server`], [`client`], [`ended`]: a program as a check sees it
//! - [`polling`]: what is expected of a server that never waits; [`sleeping`]: of one that waits for all of
//!   its sockets at once; [`threading`]: of one with a thread for each client
//! - [`peer`], [`expecting`], [`ledger`], [`echo`], [`listener`]: our ends of the wire
//! - [`scene`], [`facts`], [`wire`], [`calm`], [`situation`], [`diagnosis`], `bounds`, `loops`, `readiness`, `threads`, [`cause`]:
//!   what happened, whether it is over, and why
//! - [`scale`], [`chart`], [`unwatched`]: what designs cost, and a picture of it
//! - [`trace`]: one run of a server, call by call, and a picture of it; [`svg`]: what pictures are written with
//! - [`running`], [`guard`], [`output`], [`live`], [`platform`]: processes

mod bounds;
pub mod building;
pub mod calm;
pub mod cause;
pub mod chart;
pub mod check;
pub mod cli;
pub mod client;
mod compiling;
mod connecting;
pub mod course;
pub mod deadline;
pub mod deck;
pub mod diagnosis;
pub mod echo;
pub mod ended;
pub mod expecting;
pub mod facts;
pub mod failure;
mod files;
mod fingerprint;
pub mod fronts;
pub mod guard;
pub mod guide;
pub mod house;
pub mod judge;
pub mod ledger;
pub mod listener;
pub mod live;
mod loops;
pub mod output;
pub mod payload;
pub mod peer;
pub mod platform;
pub mod polling;
pub mod program;
mod pulse;
mod readiness;
pub mod record;
pub mod report;
pub mod results;
pub mod running;
pub mod scale;
pub mod scene;
pub mod server;
pub mod situation;
pub mod sleeping;
pub mod snapshot;
mod staging;
pub mod subject;
pub mod svg;
pub mod threading;
mod threads;
pub mod trace;
pub mod transcript;
pub mod unwatched;
pub mod wire;

#[path = "../stages/mod.rs"]
pub mod stages;
