//! An echo server for many clients, in one loop and on one thread. No client can make another wait.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 7
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: accept(2), recv(2), send(2), nanosleep(2), tcp(7).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use kit::{EventLog, Heartbeat};
use socket2::{Domain, SockAddr, Socket, Type};

/// Maximum clients that may be connected and not yet accepted. The kernel keeps them in the
/// backlog.
const BACKLOG: i32 = 128;

/// Maximum bytes that one `recv` may bring. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

/// Maximum bytes that may wait to be sent to a client while we go on reading from it.
const HIGH_WATER_MARK: usize = 64 * 1024;

/// How long to sleep when there is nothing to do.
const NAP: Duration = Duration::from_millis(1);

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
    let mut buffer = [0; BUFFER];
    let mut clients: Vec<Client> = Vec::new();
    let mut number = 0;
    loop {
        let mut is_idle = true;
        while let Some(socket) = try_accept(listener.accept())? {
            number += 1;
            log.connected(number);
            clients.push(Client::new(socket, number)?);
            is_idle = false;
        }
        for client in &mut clients {
            match client.take_turn(&mut buffer) {
                Ok(true) => is_idle = false,
                // Nothing was received, and nothing sent.
                Ok(false) => {}
                Err(error) => client.lost = Some(error),
            }
        }
        if clients.iter().any(Client::is_finished) {
            reap_finished(&mut clients, log);
        }
        // The other work. It gets its turn in each round, as the clients do.
        heartbeat.beat();
        nap_if_idle(is_idle);
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

/// Step 1: sleeps for a moment if a whole round has found nothing to do.
fn nap_if_idle(is_idle: bool) {
    // region nap_if_idle
    // Without a nap the loop would ask hundreds of thousands of times a second, and use a whole
    // processor for it. A client that comes during the nap pays the price: it waits for the rest of
    // that millisecond.
    if is_idle {
        std::thread::sleep(NAP);
    }
    // endregion
}

/// One client, and where we are with it. In stage 06 these were the variables of a loop.
struct Client {
    socket: Socket,
    number: u64,
    /// Bytes received so far; `receive` adds to it.
    received: u64,
    /// Bytes received and not yet taken by the kernel, oldest first; `receive` adds at the end,
    /// `send_what_fits` removes from the front.
    unsent: Vec<u8>,
    /// True once the client has ended its stream; `receive` sets it.
    saw_eof: bool,
    /// Why the connection broke, once it has; the loop sets it.
    lost: Option<io::Error>,
}

impl Client {
    /// Step 2: the client that was accepted as `number`. Nothing has come from it yet, nothing is
    /// owed to it, and no call on its socket waits.
    fn new(socket: Socket, number: u64) -> io::Result<Self> {
        // region new
        // On Linux an accepted socket does not inherit this from the listener. A single socket
        // that waits would make all clients wait.
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            number,
            received: 0,
            unsent: Vec::new(),
            saw_eof: false,
            lost: None,
        })
        // endregion
    }

    /// A round of stage 06: receives once, sends once. Returns true if anything moved.
    ///
    /// Once, and not until nothing comes any more: a client that sends without end would have the
    /// loop for itself.
    fn take_turn(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let has_received = self.receive(buffer)?;
        let has_sent = self.send_what_fits()?;
        Ok(has_received || has_sent)
    }

    /// Step 3: receives once, if the client is not done and there is room, and keeps what came.
    /// Returns true if there was anything.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        // region receive
        // Imported here because only this step needs it: the top of the file is given code.
        use std::io::Read;

        if self.saw_eof || !self.has_room() {
            return Ok(false);
        }
        match self.socket.read(buffer) {
            // The end. It will send no more; what we owe it is another matter.
            Ok(0) => {
                self.saw_eof = true;
                Ok(true)
            }
            Ok(count) => {
                self.received += count as u64;
                // Old bytes before new ones: a stream has an order.
                self.unsent.extend_from_slice(&buffer[..count]);
                Ok(true)
            }
            // Nothing yet. The client is thinking: the next round asks again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            // The connection is broken, and only this one.
            Err(error) => Err(error),
        }
        // endregion
    }

    /// Step 3: sends what the kernel has room for, if anything waits, and keeps the rest. Returns
    /// true if the kernel took anything.
    fn send_what_fits(&mut self) -> io::Result<bool> {
        // region send_what_fits
        if self.unsent.is_empty() {
            return Ok(false);
        }
        match self.socket.send(&self.unsent) {
            // These bytes are the kernel's now, and must not be sent again.
            Ok(taken) => {
                // `drain` moves the rest to the front. A production server would use a ring buffer
                // (`VecDeque`) or `bytes::BytesMut`, where the rest stays where it is.
                self.unsent.drain(..taken);
                Ok(true)
            }
            // The kernel's buffer is full, because the client does not read. All of it stays ours,
            // for a later round.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            // The connection is broken, and only this one.
            Err(error) => Err(error),
        }
        // endregion
    }

    /// True while so little waits to be sent that we go on reading.
    fn has_room(&self) -> bool {
        self.unsent.len() <= HIGH_WATER_MARK
    }

    /// True once there is nothing left to do for the client.
    fn is_finished(&self) -> bool {
        self.lost.is_some() || (self.saw_eof && self.unsent.is_empty())
    }
}

/// Step 4: logs how each finished client left and closes its connection. The others stay.
fn reap_finished(clients: &mut Vec<Client>, log: &EventLog) {
    // region reap_finished
    // `retain` drops those for which the answer is no, and that closes their sockets. Removing by
    // index in a loop would skip the client that moves up into the gap.
    clients.retain(|client| {
        if !client.is_finished() {
            return true;
        }
        match &client.lost {
            // The client was done, and got everything back.
            None => log.left(client.number, client.received),
            // The connection broke: a reset, or a cable. The other clients do not suffer for it.
            Some(error) => log.lost(client.number, client.received, error),
        }
        false
    });
    // endregion
}
