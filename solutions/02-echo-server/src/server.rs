//! A blocking echo server: it sends back whatever it receives, to one client at a time.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 2
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: recv(2), send(2), accept(2), close(2), tcp(7).

use std::io;
use std::net::SocketAddr;

use kit::EventLog;
use socket2::{Domain, Socket, Type};

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

    let mut number = 0;
    loop {
        // An error ends this server. A production server would back off and go on when descriptors
        // run out (EMFILE), and say so once.
        let (client, _address) = listener.accept()?;
        number += 1;
        log.connected(number);

        let mut conversation = Conversation::new(client, number);
        let outcome = conversation.serve();
        conversation.close(outcome, log)?;
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

/// The server's side of a connection to one client.
struct Conversation {
    /// The accepted socket; `close` closes it.
    client: Socket,
    /// The client's number in the event log, from 1.
    number: u64,
    /// Bytes received so far; `echo_once` adds to it.
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
    fn serve(&mut self) -> io::Result<()> {
        let mut buffer = [0; BUFFER];
        let count = self.echo_once(&mut buffer)?;
        self.echo_the_rest(&mut buffer, count)
    }

    /// Step 1: waits for bytes from the client, and sends the same bytes back, all of them.
    ///
    /// Returns how many there were, and adds that to `received`. 0 means that the client has said
    /// all it had to say.
    fn echo_once(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // region echo_once
        // Imported here because only this step needs it: the top of the file is given code.
        use std::io::Read;

        // The thread sleeps in here until at least one byte has arrived, or the end. It brings what
        // is there by then, be it one byte or a bufferful: TCP carries a stream, and knows nothing
        // of messages.
        let count = self.client.read(buffer)?;
        self.received += count as u64;

        // Only the first `count` bytes are new. What follows them is left from an earlier call.
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            // `send` takes what fits into the kernel's buffer and may return early, so its count
            // matters. This loop is what `write_all` does.
            let taken = self.client.send(rest)?;
            rest = &rest[taken..];
        }
        Ok(count)
        // endregion
    }

    /// Step 2: goes on echoing until the client is done. `first` is what `echo_once` returned
    /// before.
    fn echo_the_rest(&mut self, buffer: &mut [u8], first: usize) -> io::Result<()> {
        // region echo_the_rest
        // A client is not done because it paused, or because little came: only 0 bytes mean the
        // end. The other direction is still open then, and all that we owe was sent before we asked
        // for more.
        let mut count = first;
        while count > 0 {
            count = self.echo_once(buffer)?;
        }
        Ok(())
        // endregion
    }

    /// Step 3: closes the connection and logs how it ended.
    ///
    /// An error that is returned from here ends the server.
    fn close(self, outcome: io::Result<()>, log: &EventLog) -> io::Result<()> {
        // region close
        // Whatever happened, this conversation is over. Closing the socket tells the client so: it
        // reads the end of the stream.
        drop(self.client);

        match outcome {
            // The client was done, and got everything back.
            Ok(()) => log.left(self.number, self.received),
            // The connection broke: a reset, or a cable. The other clients do not suffer for it.
            Err(error) => log.lost(self.number, self.received, &error),
        }
        Ok(())
        // endregion
    }
}
