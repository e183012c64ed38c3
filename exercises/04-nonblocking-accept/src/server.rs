//! A listening socket that never makes its program wait: "nobody is there" is an answer.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 4
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: accept(2), fcntl(2), socket(7).

use std::io;
use std::net::SocketAddr;

use kit::{EventLog, Heartbeat};
use socket2::{Domain, SockAddr, Socket, Type};

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
    stop_waiting(&listener)?;

    let mut heartbeat = Heartbeat::new(log);
    let mut number = 0;
    loop {
        if let Some(client) = try_accept(listener.accept())? {
            number += 1;
            log.connected(number);
            greet(client, number, log);
        }
        // The other work. It gets its turn in each round, whoever came and whoever did not.
        heartbeat.beat();
    }
}

/// The listening socket of stage 01.
fn open(address: SocketAddr) -> io::Result<Socket> {
    let listener = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    listener.set_reuse_address(kit::REUSE_ADDRESS)?;
    listener.bind(&address.into())?;
    listener.listen(BACKLOG)?;
    Ok(listener)
}

/// The announcement of stage 01.
fn announce(listener: &Socket, log: &EventLog) -> io::Result<()> {
    let name = listener.local_addr()?;
    let address = name.as_socket().ok_or(io::ErrorKind::Unsupported)?;
    log.listening(address);
    Ok(())
}

/// Step 1: from now on no call on `listener` waits.
fn stop_waiting(listener: &Socket) -> io::Result<()> {
    // region stop_waiting
    // TODO(step 1): make `listener` a socket that answers at once.
    let _ = listener; // until this step is written
    todo!("step 1")
    // endregion
}

/// Step 2: what `accept` has answered: somebody, nobody yet, or that something is wrong.
fn try_accept(answer: io::Result<(Socket, SockAddr)>) -> io::Result<Option<Socket>> {
    // region try_accept
    // TODO(step 2): tell a client, and nobody yet, from a real error.
    todo!("step 2: what does {answer:?} say?")
    // endregion
}

/// Step 3: says `hello, client N` to `client`, closes the connection, and logs how it ended.
fn greet(client: Socket, number: u64, log: &EventLog) {
    // region greet
    // TODO(step 3): greet the client, hang up, and tell `log` how it left.
    let _ = (client, number, log); // until this step is written
    todo!("step 3")
    // endregion
}
