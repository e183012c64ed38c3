//! Stage 01: a server that greets whoever calls. Given code; yours is `server.rs`.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 1
//! cargo lab talk 127.0.0.1:7878
//! ```

mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run_server(server::run)
}
