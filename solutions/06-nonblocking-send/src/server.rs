//! An echo server that never waits in `send`: it keeps what the kernel has no room for, and sends it
//! later. One client at a time.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 6
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: send(2), recv(2), shutdown(2), tcp(7).

use std::io::{self, Read};
use std::net::SocketAddr;

use kit::{EventLog, Heartbeat};
use socket2::{Domain, SockAddr, Socket, Type};

/// Maximum clients that may be connected and not yet accepted. The kernel keeps them in the
/// backlog.
const BACKLOG: i32 = 128;

/// Maximum bytes that one `recv` may bring. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

/// Maximum bytes that may wait to be sent to a client while we go on reading from it.
const HIGH_WATER_MARK: usize = 64 * 1024;

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

/// The answers of `recv`, from stage 05: a count, or `None` for "nothing yet".
fn try_recv(answer: io::Result<usize>) -> io::Result<Option<usize>> {
    match answer {
        // So many bytes have arrived; or 0, and the client is done.
        Ok(count) => Ok(Some(count)),
        // The stream is open and empty, and a blocking `recv` would sleep now. Nothing is wrong: we
        // may ask again.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        // The connection is broken. Asking again would not make it better.
        Err(error) => Err(error),
    }
}

/// The server's side of a connection to one client, as in stage 05, with a queue.
struct Conversation {
    /// The accepted socket; `close` closes it.
    client: Socket,
    /// The client's number in the event log, from 1.
    number: u64,
    /// Bytes received so far; `on_recv` adds to it.
    received: u64,
    /// Bytes received and not yet taken by the kernel, oldest first; `on_recv` adds at the end,
    /// `send_what_fits` removes from the front.
    unsent: Vec<u8>,
}

impl Conversation {
    /// A conversation in which nothing has been received yet, and nothing is owed.
    fn new(client: Socket, number: u64) -> Self {
        Self {
            client,
            number,
            received: 0,
            unsent: Vec::new(),
        }
    }

    /// Serves the client from its first byte to its last.
    fn serve(&mut self, heartbeat: &mut Heartbeat) -> io::Result<()> {
        self.client.set_nonblocking(true)?;

        let mut buffer = [0; BUFFER];
        let mut saw_eof = false;
        while !saw_eof {
            // While nothing waits, there is no need to ask.
            if self.unsent.is_empty() || self.has_room() {
                let came = try_recv(self.client.read(&mut buffer))?;
                saw_eof = self.on_recv(came, &buffer);
            }
            if !self.unsent.is_empty() {
                self.send_what_fits()?;
            }
            // The other work again, since this loop may run for hours.
            heartbeat.beat();
        }
        self.deliver(heartbeat)
    }

    /// Step 1: does what `recv`'s answer asks for. Returns true once the client is done.
    ///
    /// The bytes that came are at the beginning of `buffer`. Unlike in stage 05 they are not sent
    /// here, so nothing can fail: they go behind what waits in `unsent` already.
    fn on_recv(&mut self, came: Option<usize>, buffer: &[u8]) -> bool {
        // region on_recv
        match came {
            // Nothing yet. Not a word to the client, which is thinking: the next round asks again.
            None => false,
            // The end. It will send no more; what we owe it is another matter.
            Some(0) => true,
            Some(count) => {
                self.received += count as u64;
                // Old bytes before new ones: a stream has an order.
                self.unsent.extend_from_slice(&buffer[..count]);
                false
            }
        }
        // endregion
    }

    /// Step 2: sends from the beginning of `unsent` what the kernel has room for, and keeps the
    /// rest.
    fn send_what_fits(&mut self) -> io::Result<()> {
        // region send_what_fits
        match self.client.send(&self.unsent) {
            // These bytes are the kernel's now, and must not be sent again.
            Ok(taken) => {
                // `drain` moves the rest to the front. A production server would use a ring buffer
                // (`VecDeque`) or `bytes::BytesMut`, where the rest stays where it is.
                self.unsent.drain(..taken);
                Ok(())
            }
            // The kernel's buffer is full, because the client does not read. All of it stays ours,
            // for a later round.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            // The connection is broken. Nothing will ever be taken.
            Err(error) => Err(error),
        }
        // endregion
    }

    /// Step 3: true while so little waits to be sent that we go on reading.
    fn has_room(&self) -> bool {
        // region has_room
        // If we stop reading, the client's bytes fill the kernel's buffers, and then the client's
        // `send` finds no room: it is slowed down to the speed at which it reads. That is
        // back-pressure.
        self.unsent.len() <= HIGH_WATER_MARK
        // endregion
    }

    /// Step 4: the client is done, and what waits in `unsent` is still owed to it.
    fn deliver(&mut self, heartbeat: &mut Heartbeat) -> io::Result<()> {
        // region deliver
        // It has ended its own direction only. Ours is open until we close.
        while !self.unsent.is_empty() {
            self.send_what_fits()?;
            heartbeat.beat();
        }
        Ok(())
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
