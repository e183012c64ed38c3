//! Stage 07: an echo server for many clients, in one loop and on one thread. Given code; yours
//! is `server.rs`.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 7
//! cargo lab talk 127.0.0.1:7878
//! ```

mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run_server(server::run)
}
