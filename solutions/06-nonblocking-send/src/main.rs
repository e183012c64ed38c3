//! Stage 06: an echo server that keeps what the kernel has no room for. Given code; yours
//! is `server.rs`.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 6
//! cargo lab talk 127.0.0.1:7878
//! ```

mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run_server(server::run)
}
