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
        // TODO(step 1): receive once, count what came, and send back exactly that, all of it.
        let _ = (&self.client, &self.received, buffer); // until this step is written
        todo!("step 1")
        // endregion
    }

    /// Step 2: goes on echoing until the client is done. `first` is what `echo_once` returned
    /// before.
    fn echo_the_rest(&mut self, buffer: &mut [u8], first: usize) -> io::Result<()> {
        // region echo_the_rest
        // TODO(step 2): call `echo_once` again and again, until the client is done.
        let _ = (buffer, first); // until this step is written
        todo!("step 2")
        // endregion
    }

    /// Step 3: closes the connection and logs how it ended.
    ///
    /// An error that is returned from here ends the server.
    fn close(self, outcome: io::Result<()>, log: &EventLog) -> io::Result<()> {
        // region close
        // TODO(step 3): hang up, tell `log` how the client left, and let the next one come,
        // whatever happened to this one.
        let _ = (self.number, outcome, log); // until this step is written
        todo!("step 3")
        // endregion
    }
}
