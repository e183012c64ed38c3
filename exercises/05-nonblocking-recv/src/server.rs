//! An echo server that never waits in `recv`: it asks, and does something else meanwhile. One
//! client at a time.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 5
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: recv(2), accept(2), fcntl(2), tcp(7).

use std::io::{self, Read};
use std::net::SocketAddr;

use kit::{EventLog, Heartbeat};
use socket2::{Domain, SockAddr, Socket, Type};

/// Maximum clients that may be connected and not yet accepted. The kernel keeps them in the
/// backlog.
const BACKLOG: i32 = 128;

/// Maximum bytes that one `recv` may bring. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

/// Opens the server at `address` and serves until something goes wrong with the listening socket
/// itself.
///
/// # Errors
///
/// When the address is taken or not ours, or when the kernel has no socket left to give.
pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    let listener = open(address)?;
    announce(&listener, log)?;
    listener.set_nonblocking(true)?;

    let mut heartbeat = Heartbeat::new(log);
    let mut number = 0;
    loop {
        if let Some(client) = try_accept(listener.accept())? {
            number += 1;
            log.connected(number);

            let mut conversation = Conversation::new(client, number);
            let outcome = conversation.serve(&mut heartbeat);
            conversation.close(outcome, log);
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

/// The two answers of `accept`, and its error, from stage 04.
fn try_accept(answer: io::Result<(Socket, SockAddr)>) -> io::Result<Option<Socket>> {
    match answer {
        // Somebody was in the backlog.
        Ok((client, _address)) => Ok(Some(client)),
        // The backlog is empty, and a blocking `accept` would sleep now. Nothing is wrong: we may
        // ask again.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        // Any other error ends this server. A production server would back off and go on when
        // descriptors run out (EMFILE), and say so once.
        Err(error) => Err(error),
    }
}

/// Step 1: from now on no call on `client` waits.
fn stop_waiting(client: &Socket) -> io::Result<()> {
    // region stop_waiting
    // TODO(step 1): make `client` a socket that answers at once.
    let _ = client; // until this step is written
    todo!("step 1")
    // endregion
}

/// Step 2: what `recv` has answered: so many bytes, nothing yet, or that something is wrong.
fn try_recv(answer: io::Result<usize>) -> io::Result<Option<usize>> {
    // region try_recv
    // TODO(step 2): tell a count, and nothing yet, from a real error.
    let _ = answer; // until this step is written
    todo!("step 2")
    // endregion
}

/// The server's side of a connection to one client, as in stage 02.
struct Conversation {
    /// The accepted socket; `close` closes it.
    client: Socket,
    /// The client's number in the event log, from 1.
    number: u64,
    /// Bytes received so far; `on_recv` adds to it.
    received: u64,
}

impl Conversation {
    /// A conversation in which nothing has been received yet.
    fn new(client: Socket, number: u64) -> Self {
        Self {
            client,
            number,
            received: 0,
        }
    }

    /// Serves the client from its first byte to its last.
    fn serve(&mut self, heartbeat: &mut Heartbeat) -> io::Result<()> {
        stop_waiting(&self.client)?;

        let mut buffer = [0; BUFFER];
        let mut saw_eof = false;
        while !saw_eof {
            let came = try_recv(self.client.read(&mut buffer))?;
            saw_eof = self.on_recv(came, &buffer)?;
            // The other work again, since this loop may run for hours.
            heartbeat.beat();
        }
        Ok(())
    }

    /// Step 3: does what `recv`'s answer asks for. Returns true once the client is done.
    ///
    /// `came` is the count, or `None` for "nothing yet". The bytes are at the beginning of `buffer`.
    fn on_recv(&mut self, came: Option<usize>, buffer: &[u8]) -> io::Result<bool> {
        // region on_recv
        // TODO(step 3): send back what came, or go on, or say that the client is done.
        let _ = (came, buffer); // until this step is written
        todo!("step 3")
        // endregion
    }

    /// Closes the connection and logs how it ended, as in stage 02.
    fn close(self, outcome: io::Result<()>, log: &EventLog) {
        // Whatever happened, this conversation is over. Closing the socket tells the client so: it
        // reads the end of the stream.
        drop(self.client);

        match outcome {
            // The client was done, and got everything back.
            Ok(()) => log.left(self.number, self.received),
            // The connection broke: a reset, or a cable. The other clients do not suffer for it.
            Err(error) => log.lost(self.number, self.received, &error),
        }
    }
}
