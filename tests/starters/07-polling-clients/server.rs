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
    // TODO(step 1): nap if there was nothing to do.
    let _ = (is_idle, NAP); // until this step is written
    todo!("step 1")
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
        // TODO(step 2): take the client in, with all that we have to remember of it.
        let _ = (socket, number); // until this step is written
        todo!("step 2")
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
        // TODO(step 3): receive once, if it is to be, and keep what came.
        let _ = (&self.socket, self.has_room(), buffer); // until this step is written
        todo!("step 3")
        // endregion
    }

    /// Step 3: sends what the kernel has room for, if anything waits, and keeps the rest. Returns
    /// true if the kernel took anything.
    fn send_what_fits(&mut self) -> io::Result<bool> {
        // region send_what_fits
        // TODO(step 3): send once, if anything waits, and forget what was taken.
        todo!("step 3")
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
    // TODO(step 4): tell `log` how each client left that is over, and keep the others.
    let _ = (clients.first().map(|c| (c.number, c.received)), log); // until this step is written
    todo!("step 4")
    // endregion
}
