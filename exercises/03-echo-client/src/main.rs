//! Stage 03: a client that sends its input and prints the answer, both at once. Given code; yours is
//! `client.rs`.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 2
//! cargo lab run 3 -- 127.0.0.1:7878
//! ```

mod client;

use std::process::ExitCode;

fn main() -> ExitCode {
    kit::run_client(client::run)
}
