//! A listening socket: how it is made, how it gets its name, and how a server waits at it.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 1
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: socket(2), bind(2), listen(2), accept(2), getsockname(2), socket(7).

use std::io;
use std::net::SocketAddr;

use kit::EventLog;
use socket2::Socket;

/// Maximum clients that may be connected and not yet accepted. The kernel keeps them in the
/// backlog.
const BACKLOG: i32 = 128;

/// Opens the server at `address` and serves until something goes wrong with the listening socket
/// itself.
///
/// # Errors
///
/// When the address is taken or not ours, or when the kernel has no socket left to give.
pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    let listener = open(address)?;
    announce(&listener, log)?;
    greet_everyone(&listener, log)
}

/// Step 1: makes a TCP socket, gives it the name `address`, and opens it for callers.
fn open(address: SocketAddr) -> io::Result<Socket> {
    // region open
    // TODO(step 1): make a TCP socket, let it reuse its address, bind it to `address`, and
    // listen with room for BACKLOG clients.
    let _ = (address, BACKLOG); // until this step is written
    todo!("step 1")
    // endregion
}

/// Step 2: tells the world where `listener` really listens.
fn announce(listener: &Socket, log: &EventLog) -> io::Result<()> {
    // region announce
    // TODO(step 2): ask the socket for its real address, and tell that to `log`.
    let _ = (listener, log); // until this step is written
    todo!("step 2")
    // endregion
}

/// Step 3: says `hello, client N` to one client after the other, and hangs up each time.
fn greet_everyone(listener: &Socket, log: &EventLog) -> io::Result<()> {
    // region greet_everyone
    // TODO(step 3): accept a client, greet it with its number, close it, and go back to
    // accepting.
    let _ = (listener, log); // until this step is written
    todo!("step 3")
    // endregion
}
