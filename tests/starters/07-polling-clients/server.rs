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

/// How many clients may be connected and not yet accepted. The kernel keeps them in the backlog
/// meanwhile.
const BACKLOG: i32 = 128;

/// How many bytes one `recv` may bring, at most. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

/// How many bytes may wait to be sent to a client before we stop reading from it.
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
                Ok(has_moved) => is_idle &= !has_moved,
                Err(error) => client.lost = Some(error),
            }
        }
        if clients.iter().any(Client::is_finished) {
            reap_finished(&mut clients, log);
        }
        // The other work. It gets its turn in each round, like everybody else.
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
        // Any other error is one, and the server cannot go on.
        Err(error) => Err(error),
    }
}

/// Step 1: sleeps for a moment if a whole round has found nothing to do.
fn nap_if_idle(is_idle: bool) {
    // region nap_if_idle
    // TODO(step 1): nap if there was nothing to do.
    todo!("step 1: rest for {NAP:?} if {is_idle}")
    // endregion
}

/// One client, and where we are with it. In stage 06 these were the variables of a loop.
struct Client {
    socket: Socket,
    number: u64,
    /// How many bytes came from it.
    received: u64,
    /// What the kernel had no room for.
    unsent: Vec<u8>,
    /// Whether it has ended its stream.
    saw_eof: bool,
    /// Why its connection broke, if it did.
    lost: Option<io::Error>,
}

impl Client {
    /// Step 2: the client that was accepted as `number`. Nothing has come from it yet, nothing is
    /// owed to it, and no call on its socket waits.
    fn new(socket: Socket, number: u64) -> io::Result<Self> {
        // region new
        // TODO(step 2): take the client in, with all that we have to remember of it.
        todo!("step 2: {socket:?} is client {number}")
        // endregion
    }

    /// A round of stage 06: receives once, sends once. Tells whether anything moved.
    ///
    /// Once, and not until nothing comes any more: whoever sends without end would have the loop
    /// for itself.
    fn take_turn(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let has_received = self.receive(buffer)?;
        let has_sent = self.send_what_fits()?;
        Ok(has_received || has_sent)
    }

    /// Step 3: receives once, if the client is not done and there is room, and keeps what came.
    /// Tells whether there was anything.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        // region receive
        // TODO(step 3): receive once, if it is to be, and keep what came.
        todo!(
            "step 3: {} bytes at most from client {}, {} so far, {HIGH_WATER_MARK} are enough",
            buffer.len(),
            self.number,
            self.received
        )
        // endregion
    }

    /// Step 3: sends what the kernel has room for, if anything waits, and keeps the rest. Tells
    /// whether the kernel took anything.
    fn send_what_fits(&mut self) -> io::Result<bool> {
        // region send_what_fits
        // TODO(step 3): send once, if anything waits, and forget what was taken.
        todo!(
            "step 3: send some of {} bytes to {:?}",
            self.unsent.len(),
            self.socket
        )
        // endregion
    }

    /// Whether there is nothing left to do for it.
    fn is_finished(&self) -> bool {
        self.lost.is_some() || (self.saw_eof && self.unsent.is_empty())
    }
}

/// Step 4: puts on record how each client left that is over, hangs up, and keeps the others.
fn reap_finished(clients: &mut Vec<Client>, log: &EventLog) {
    // region reap_finished
    // TODO(step 4): tell `log` how each client left that is over, and keep the others.
    todo!(
        "step 4: part from some of {:?}, {log:?}",
        clients
            .iter()
            .map(|client| (client.number, client.received, &client.lost))
            .collect::<Vec<_>>()
    )
    // endregion
}
