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
    // Imported here because only this step needs them: the top of the file is given code.
    use socket2::{Domain, Type};

    // A socket is a descriptor and two empty buffers in the kernel. It has no name yet, and no
    // peer.
    let listener = Socket::new(Domain::for_address(address), Type::STREAM, None)?;

    // A server that was stopped a moment ago leaves connections behind that linger in TIME_WAIT for
    // a minute. Without this option they would keep us from our own address. It must be set before
    // `bind` looks.
    listener.set_reuse_address(kit::REUSE_ADDRESS)?;

    // The name that clients will call. Port 0 would mean: any free one.
    listener.bind(&address.into())?;

    // From here on the kernel accepts connections on our behalf, and queues them until we call
    // `accept`.
    listener.listen(BACKLOG)?;
    Ok(listener)
    // endregion
}

/// Step 2: tells the world where `listener` really listens.
fn announce(listener: &Socket, log: &EventLog) -> io::Result<()> {
    // region announce
    // Whoever asked for port 0 does not know the port yet. The kernel does, so we ask the socket.
    let name = listener.local_addr()?;
    // A TCP socket's name is always an IP address and a port; `socket2` knows other families as
    // well.
    let address = name.as_socket().ok_or(io::ErrorKind::Unsupported)?;
    log.listening(address);
    Ok(())
    // endregion
}

/// Step 3: says `hello, client N` to one client after the other, and hangs up each time.
fn greet_everyone(listener: &Socket, log: &EventLog) -> io::Result<()> {
    // region greet_everyone
    use std::io::Write;

    let mut number = 0;
    loop {
        // The thread sleeps in here until somebody calls. Each client gets a socket of its own;
        // `listener` stays what it is. An error ends this server; a production server would back
        // off and go on when descriptors run out (EMFILE), and say so once.
        let (mut client, _address) = listener.accept()?;
        number += 1;
        log.connected(number);

        match client.write_all(format!("hello, client {number}\n").as_bytes()) {
            // The kernel has taken all of it, and will deliver it even after we have closed.
            Ok(()) => log.left(number, 0),
            // This client hung up before it was greeted. That is its own affair: the next one may
            // be waiting.
            Err(error) => log.lost(number, 0, &error),
        }

        // Here `client` goes out of scope, and that closes the socket: the client reads the
        // greeting, and then the end of the stream.
    }
    // endregion
}
