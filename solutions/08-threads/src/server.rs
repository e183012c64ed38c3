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
    // Imported here because only this step needs it: the top of the file is given code.
    use std::thread;

    // `thread::spawn` would do the same, and panic where `Builder::spawn` returns an error.
    let handle = thread::Builder::new().spawn(work)?;

    // This thread does not wait for the other: to join it here would be to serve one client at a
    // time. Nor does it keep the handle. Without it the other thread is detached, and its stack is
    // given back as soon as it ends.
    drop(handle);
    Ok(())
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
        // Closing the socket tells the client that this is the end.
        drop(self.client);

        match outcome {
            // The client was done, and got everything back.
            Ok(()) => log.left(self.number, self.received),
            // The connection broke: a reset, or a cable. The other clients do not suffer for it.
            Err(error) => log.lost(self.number, self.received, &error),
        }
        // Nothing is left to do: a thread that went on from here would stay for ever.
        // endregion
    }
}

/// Step 3: no thread could be started for client `number`. The conversation was dropped, and the
/// client's socket with it.
///
/// An error that is returned from here ends the server.
fn turn_away(number: u64, error: &io::Error, log: &EventLog) -> io::Result<()> {
    // region turn_away
    // Threads run out: each has a stack, and the system counts them. The clients that are served
    // need no new thread, and when one of them leaves there is a thread for another. So this client
    // goes, and the server stays.
    log.lost(number, 0, error);
    Ok(())
    // endregion
}
