//! Stage 05: an echo server that asks whether something has come, and does not wait. Given code; yours
//! is `server.rs`.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 5
//! cargo lab talk 127.0.0.1:7878
//! ```

mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run_server(server::run)
}
