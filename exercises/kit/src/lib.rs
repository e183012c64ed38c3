//! Given code that every stage uses, so that a stage's own file is about sockets alone.
//!
//! - [`run_server`] and [`run_client`]: the command line, the error line, the exit code
//! - [`EventLog`]: what a server says on its standard output, one line an event
//! - [`Heartbeat`]: the other work that a non-blocking server gets done meanwhile
//! - [`REUSE_ADDRESS`]: the one socket option whose right value depends on the system

mod command_line;
pub use command_line::{run_client, run_server};

mod event_log;
pub use event_log::EventLog;

mod heartbeat;
pub use heartbeat::Heartbeat;

/// Whether a listening socket should set `SO_REUSEADDR`.
///
/// On Unix the option lets a restarted server have its address again while connections of its
/// former life still linger in `TIME_WAIT`; it never lets two live servers share one address. On
/// Windows it would do just that, and nothing lingers there, so it stays off.
///
/// Source: socket(7); Microsoft's "Using `SO_REUSEADDR` and `SO_EXCLUSIVEADDRUSE`".
pub const REUSE_ADDRESS: bool = cfg!(unix);
