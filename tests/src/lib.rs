//! Everything that judges, in rooms. A room uses only those above it in this list, and `cargo verify rooms` sees to it.
//!
//! - [`text`]: sizes, quotes, escapes, wrapping, counted words
//! - [`svg`]: what pictures are written with
//! - [`platform`]: what the systems do differently; the only place with `unsafe` and `cfg(target_os)`
//! - [`course`]: what is taught, as data: the table of stages, causes, READMEs, decks
//! - [`process`]: child processes under limits, their output, deadlines, cleaning up
//! - [`evidence`]: what is known of a program at one moment, and whether it has settled
//! - [`diagnose`]: evidence and symptom to cause, in words
//! - [`harness`]: the vocabulary that checks are written in: program, server, client, peer
//! - [`build`]: a folder of sources to executables
//! - [`judge`]: checks to verdicts, scores, reports; the cache of results
//! - `bench`: what the designs cost, and its chart (behind the feature `bench`)
//! - [`trace`]: one run, recorded and drawn
//! - [`stages`]: the checks, one file per stage, in the folder beside this one
//! - [`ui`]: how results are printed: the map, verdicts, JSON, a terminal
//! - [`desk`]: what a student has open while working: watching, screens, keys
//! - [`cli`]: the commands of `lab`, and how they print

#[cfg(feature = "bench")]
pub mod bench;
pub mod build;
pub mod cli;
pub mod course;
pub mod desk;
pub mod diagnose;
pub mod evidence;
pub mod harness;
pub mod judge;
pub mod platform;
pub mod process;
#[path = "../stages/mod.rs"]
pub mod stages;
pub mod svg;
pub mod text;
pub mod trace;
pub mod ui;
