//! One run of a server, call by call: recorded while three scripted clients talk to it, and drawn.
//!
//! - [`scenario`]: what the clients do · [`strace`], [`resolve`]: what the program asked of the kernel meanwhile
//! - [`recorder`]: both at once, which makes a [`recording`]; [`json`] is how one is kept
//! - [`metrics`], [`headline`]: what can be counted in a recording, and what that comes to in a sentence
//! - [`timeline`], [`picture`]: the two ways to look at one, on a terminal and as a drawing
//!
//! Nothing here judges: a recording shows what a program did, right or wrong.

pub mod headline;
mod intervals;
pub mod json;
pub mod metrics;
pub mod picture;
pub mod recorder;
pub mod recording;
pub mod resolve;
pub mod scenario;
pub mod strace;
pub mod timeline;
