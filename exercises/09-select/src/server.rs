//! An echo server for many clients that sleeps in the kernel until one of their sockets is ready.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 9
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: poll(2), select(2), accept(2), recv(2), send(2), tcp(7).

use std::io;
use std::net::SocketAddr;

use kit::EventLog;
use rustix::event::PollFlags;
use socket2::{Domain, SockAddr, Socket, Type};

/// How many clients may be connected and not yet accepted. The kernel keeps them in the backlog
/// meanwhile.
const BACKLOG: i32 = 128;

/// How many bytes one `recv` may bring, at most. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

/// How many bytes may wait to be sent to a client before we stop reading from it.
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

    let mut buffer = [0; BUFFER];
    let mut clients: Vec<Client> = Vec::new();
    let mut number = 0;
    loop {
        // The only place where this program waits, for all of them at once.
        let ready = wait(&listener, &clients)?;
        for (client, ready) in clients.iter_mut().zip(&ready.clients) {
            if let Err(error) = client.take_turn(*ready, &mut buffer) {
                client.lost = Some(error);
            }
        }
        if !ready.listener.is_empty() {
            while let Some(socket) = try_accept(listener.accept())? {
                number += 1;
                log.connected(number);
                clients.push(Client::new(socket, number)?);
            }
        }
        reap_finished(&mut clients, log);
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
        // The backlog is empty. `poll` tells when somebody is there.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        // Any other error is one, and the server cannot go on.
        Err(error) => Err(error),
    }
}

/// What the kernel answered: what each socket is ready for.
struct Ready {
    listener: PollFlags,
    /// One answer for each client, in the order of the clients.
    clients: Vec<PollFlags>,
}

/// Step 1: asks about the listener and about every client, and sleeps until one of them is ready.
///
/// The listener is ready when `recv` on it, which is called `accept` there, would not wait: `IN`.
/// What is asked for at a client's socket, [`Client::interest`] tells.
fn wait(listener: &Socket, clients: &[Client]) -> io::Result<Ready> {
    // region wait
    // TODO(step 1): ask about every socket in one call that sleeps, and return the answers.
    todo!(
        "step 1: sleep until {listener:?} is ready, or one of {:?}",
        clients.iter().map(Client::interest).collect::<Vec<_>>()
    )
    // endregion
}

/// One client, and where we are with it, as in stage 07.
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
    /// The client that was accepted as `number`, from stage 07.
    fn new(socket: Socket, number: u64) -> io::Result<Self> {
        // "Ready" is what the kernel knew a moment ago. Should it have changed its mind, nobody has
        // to wait.
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            number,
            received: 0,
            unsent: Vec::new(),
            saw_eof: false,
            lost: None,
        })
    }

    /// Step 2: what `poll` is to wait for at this client's socket: `IN`, `OUT`, or both.
    ///
    /// Whatever is asked for here, and is there, wakes the program at once.
    fn interest(&self) -> PollFlags {
        // region interest
        // TODO(step 2): say what is worth being woken for.
        todo!(
            "step 2: {} bytes of {HIGH_WATER_MARK} wait, the client is done: {}",
            self.unsent.len(),
            self.saw_eof
        )
        // endregion
    }

    /// A turn of stage 07: receives once, sends once. But only if the kernel has said that one of
    /// the two is worth it.
    fn take_turn(&mut self, ready: PollFlags, buffer: &mut [u8]) -> io::Result<()> {
        if ready.is_empty() {
            return Ok(());
        }
        self.receive(ready, buffer)?;
        // Most of the time there is room, so what has come can go back at once. If there is none,
        // `interest` asks for it.
        if !self.unsent.is_empty() {
            self.send_what_fits()?;
        }
        Ok(())
    }

    /// Step 3: receives once, if the socket is `ready` for that, and keeps what came.
    ///
    /// `HUP` and `ERR` may be in the answer although nobody asks for them.
    fn receive(&mut self, ready: PollFlags, buffer: &mut [u8]) -> io::Result<()> {
        // region receive
        // TODO(step 3): receive once if there is news, and do what the answer asks for.
        todo!(
            "step 3: {ready:?}, receive from {:?} into {} bytes",
            self.socket,
            buffer.len()
        )
        // endregion
    }

    /// Step 4: sends once what the kernel has room for, and keeps the rest.
    fn send_what_fits(&mut self) -> io::Result<()> {
        // region send_what_fits
        // TODO(step 4): send once, forget what was taken, and keep the rest.
        todo!("step 4: send some of {} bytes", self.unsent.len())
        // endregion
    }

    /// Whether there is nothing left to do for it.
    fn is_finished(&self) -> bool {
        self.lost.is_some() || (self.saw_eof && self.unsent.is_empty())
    }
}

/// Puts on record how each client left that is over, hangs up, and keeps the others, from stage 07.
fn reap_finished(clients: &mut Vec<Client>, log: &EventLog) {
    clients.retain(|client| {
        if !client.is_finished() {
            return true;
        }
        match &client.lost {
            // The client was done, and got everything back.
            None => log.left(client.number, client.received),
            // The connection broke: a reset, or a cable. Nobody else has to suffer for it.
            Some(error) => log.lost(client.number, client.received, error),
        }
        false
    });
}
