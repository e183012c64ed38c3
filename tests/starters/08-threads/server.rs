//! A blocking echo server with a thread for each client: the scheduler does the waiting.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 8
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: accept(2), recv(2), send(2), pthread_create(3), pthread_detach(3), setrlimit(2).

use std::io::{self, Read, Write};
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
        // The only place where this thread waits. What a client does, or does not do, concerns
        // another thread. An error ends this server. A production server would back off and go on
        // when descriptors run out (EMFILE), and say so once.
        let (client, _address) = listener.accept()?;
        number += 1;
        log.connected(number);

        let conversation = Conversation::new(client, number);
        // `move`: the closure owns all that it uses, above all the conversation, which owns the
        // client's socket.
        let log = *log;
        let work = move || conversation.converse(&log);
        if let Err(error) = start(work) {
            turn_away(number, &error, &log)?;
        }
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

/// Step 1: lets a thread of its own do the `work`, and returns at once.
fn start(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // region start
    // TODO(step 1): start a thread that runs the conversation, and do not wait for it.
    let _ = work; // until this step is written
    todo!("step 1")
    // endregion
}

/// The server's side of a connection to one client, as in stage 02. Its thread owns it.
struct Conversation {
    /// The accepted socket; `close` closes it.
    client: Socket,
    /// The client's number in the event log, from 1.
    number: u64,
    /// Bytes received so far; `echo` adds to it.
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

    /// What a client's thread does, from its first line to its last. It may sleep as long as it
    /// likes.
    fn converse(mut self, log: &EventLog) {
        let outcome = self.echo();
        self.close(outcome, log);
    }

    /// Echoes until the client is done, as in stage 02.
    fn echo(&mut self) -> io::Result<()> {
        let mut buffer = [0; BUFFER];
        loop {
            // This thread sleeps in here, and no other.
            let count = self.client.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            self.received += count as u64;
            // Or in here, if the client does not read.
            self.client.write_all(&buffer[..count])?;
        }
    }

    /// Step 2: closes the connection and logs how it ended. Then its thread ends.
    fn close(self, outcome: io::Result<()>, log: &EventLog) {
        // region close
        // TODO(step 2): hang up, tell `log` how the client left, and end.
        let _ = (self.client, self.number, self.received, outcome, log); // until this step is written
        todo!("step 2")
        // endregion
    }
}

/// Step 3: no thread could be started for client `number`. The conversation was dropped, and the
/// client's socket with it.
///
/// An error that is returned from here ends the server.
fn turn_away(number: u64, error: &io::Error, log: &EventLog) -> io::Result<()> {
    // region turn_away
    // TODO(step 3): tell `log` that this client is lost; the others are not.
    let _ = (number, error, log); // until this step is written
    todo!("step 3")
    // endregion
}
