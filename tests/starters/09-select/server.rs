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
use socket2::{Domain, Socket, Type};

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
    let mut server = Server {
        log: *log,
        listener,
        number: 0,
        clients: Vec::new(),
    };
    server.serve()
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

/// What the loop knows from one round to the next.
struct Server {
    log: EventLog,
    listener: Socket,
    /// Clients accepted so far; `add_client` counts them.
    number: u64,
    /// The connected clients; `add_client` adds to them, `reap_finished` removes.
    clients: Vec<Client>,
}

/// What the kernel answered: what each socket is ready for.
struct Ready {
    listener: PollFlags,
    /// One answer for each client, in the order of the clients.
    clients: Vec<PollFlags>,
}

impl Server {
    /// The loop.
    fn serve(&mut self) -> io::Result<()> {
        let mut buffer = [0; BUFFER];
        loop {
            // The only place where this program waits, for all sockets at once.
            let ready = self.wait()?;
            for (client, ready) in self.clients.iter_mut().zip(&ready.clients) {
                if let Err(error) = client.take_turn(*ready, &mut buffer) {
                    client.lost = Some(error);
                }
            }
            self.reap_finished();
            // Accepting comes last, unlike in stage 07: the kernel has not said anything about the
            // new clients yet, so they have no turn in this round.
            if !ready.listener.is_empty() {
                for socket in self.accept_pending()? {
                    self.add_client(socket)?;
                }
            }
        }
    }

    /// Step 1: asks about the listener and about every client, and sleeps until one of them is
    /// ready.
    ///
    /// The listener is ready when `recv` on it, which is called `accept` there, would not wait:
    /// `IN`. [`Client::interest`] says what to ask for at a client's socket.
    fn wait(&self) -> io::Result<Ready> {
        // region wait
        // TODO(step 1): ask about every socket in one call that sleeps, and return the answers.
        let _ = self.clients.first().map(Client::interest); // until this step is written
        todo!("step 1")
        // endregion
    }

    /// Accepts the clients that wait in the backlog, until none is left.
    fn accept_pending(&mut self) -> io::Result<Vec<Socket>> {
        let mut newcomers = Vec::new();
        loop {
            match self.listener.accept() {
                // There may be more.
                Ok((socket, _address)) => newcomers.push(socket),
                // The backlog is empty. The kernel reports when the next client is there.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(newcomers),
                // Any other error ends this server. A production server would back off and go on
                // when descriptors run out (EMFILE), and say so once.
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives a new client its number, and a place in the list.
    fn add_client(&mut self, socket: Socket) -> io::Result<()> {
        self.number += 1;
        self.log.connected(self.number);
        // "Ready" is what the kernel knew a moment ago. If that is no longer true, a blocking call
        // would make all clients wait.
        socket.set_nonblocking(true)?;
        self.clients.push(Client::new(socket, self.number));
        Ok(())
    }

    /// Logs how each finished client left and closes its connection. The others stay.
    fn reap_finished(&mut self) {
        self.clients.retain(|client| {
            if !client.is_finished() {
                return true;
            }
            match &client.lost {
                // The client was done, and got everything back.
                None => self.log.left(client.number, client.received),
                // The connection broke: a reset, or a cable. The others do not suffer for it.
                Some(error) => self.log.lost(client.number, client.received, error),
            }
            false
        });
    }
}

/// One client, and where we are with it, as in stage 07.
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
    /// The client that was accepted as `number`, from stage 07.
    fn new(socket: Socket, number: u64) -> Self {
        Self {
            socket,
            number,
            received: 0,
            unsent: Vec::new(),
            saw_eof: false,
            lost: None,
        }
    }

    /// Step 2: what `poll` is to wait for at this client's socket: `IN`, `OUT`, or both.
    ///
    /// What is asked for here, and is there, wakes the program at once.
    fn interest(&self) -> PollFlags {
        // region interest
        // TODO(step 2): say what is worth being woken for.
        let _ = self.has_room(); // until this step is written
        todo!("step 2")
        // endregion
    }

    /// A turn, as in stage 07: receives, then sends. But only if the kernel has said that it is
    /// worth it.
    fn take_turn(&mut self, ready: PollFlags, buffer: &mut [u8]) -> io::Result<()> {
        if ready.is_empty() {
            return Ok(());
        }
        self.receive(ready, buffer)?;
        // Most of the time there is room, so what has come can go back at once.
        if !self.unsent.is_empty() {
            self.send_what_fits()?;
        }
        Ok(())
    }

    /// Step 3: receives once, if the socket is `ready` for that, and keeps what came.
    ///
    /// `HUP` and `ERR` may be in the answer although `interest` never asks for them.
    fn receive(&mut self, ready: PollFlags, buffer: &mut [u8]) -> io::Result<()> {
        // region receive
        // TODO(step 3): receive once if there is a reason, and do what the answer asks for.
        let _ = (&self.socket, ready, buffer); // until this step is written
        todo!("step 3")
        // endregion
    }

    /// Step 4: sends once what the kernel has room for, and keeps the rest.
    fn send_what_fits(&mut self) -> io::Result<()> {
        // region send_what_fits
        // TODO(step 4): send once, forget what was taken, and keep the rest.
        todo!("step 4")
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
