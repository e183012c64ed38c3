//! An echo server that hears from the kernel what has changed, and looks at nothing else: ten
//! thousand clients that say nothing cost it nothing.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 10
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: epoll(7), epoll_wait(2), accept(2), recv(2), send(2); on macOS kqueue(2).

use std::collections::BTreeSet;
use std::io;
use std::mem;
use std::net::SocketAddr;

use kit::EventLog;
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use socket2::{Domain, Socket, Type};

/// Maximum clients that may be connected and not yet accepted. The kernel keeps them in the
/// backlog.
const BACKLOG: i32 = 1024;

/// Maximum bytes that one `recv` may bring. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

/// Maximum bytes that may wait to be sent to a client while we go on reading from it.
const HIGH_WATER_MARK: usize = 64 * 1024;

/// Maximum clients that are accepted before the others have their turn again.
const ACCEPT_BATCH: usize = 64;

/// Maximum events that one wait may bring. Those that do not fit come with the next.
const EVENTS_CAPACITY: usize = 1024;

/// The listener's token. A client's token is its key in the slab, which it keeps until it leaves.
const LISTENER: Token = Token(usize::MAX);

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
        poll: Poll::new()?,
        listener: TcpListener::from_std(listener.into()),
        accept_ready: false,
        number: 0,
        clients: Slab::new(),
        run_queue: BTreeSet::new(),
    };
    let registry = server.poll.registry();
    registry.register(&mut server.listener, LISTENER, Interest::READABLE)?;
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
    poll: Poll,
    listener: TcpListener,
    /// True while clients may be in the backlog: from an event of the listener until
    /// `accept_pending` finds the backlog empty.
    accept_ready: bool,
    /// Clients accepted so far; `add_client` counts them.
    number: u64,
    /// The connected clients; `add_client` adds to them, `after_turn` removes.
    clients: Slab<Client>,
    /// The keys of the clients whose turn is next. `note_readiness` and `after_turn` add to them,
    /// each round takes them all.
    run_queue: BTreeSet<usize>,
}

impl Server {
    /// The loop.
    fn serve(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_CAPACITY);
        let mut buffer = [0; BUFFER];
        loop {
            // The only place where this program waits, for all sockets at once.
            self.wait(&mut events)?;
            for event in &events {
                match event.token() {
                    LISTENER => self.accept_ready = true,
                    Token(key) => self.note_readiness(key, event),
                }
            }
            for key in mem::take(&mut self.run_queue) {
                let Some(client) = self.clients.get_mut(key) else {
                    continue;
                };
                if let Err(error) = client.take_turn(&mut buffer) {
                    client.lost = Some(error);
                }
                // Most have read all that there was, and the kernel reports when there is more.
                if client.is_finished() || client.is_readable {
                    self.after_turn(key)?;
                }
            }
            // Accepting comes last, unlike in stage 07: the kernel has not said anything about the
            // new clients yet, so they have no turn in this round.
            if self.accept_ready {
                for socket in self.accept_pending()? {
                    self.add_client(socket)?;
                }
            }
        }
    }

    /// Step 1: sleeps until the kernel has events. If a turn is due, or clients may be in the
    /// backlog, it only collects the events that are there.
    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        // region wait
        // Imported here because only this step needs it: the top of the file is given code.
        use std::time::Duration;

        let is_busy = !self.run_queue.is_empty() || self.accept_ready;
        let timeout = is_busy.then_some(Duration::ZERO);
        match self.poll.poll(events, timeout) {
            Ok(()) => Ok(()),
            // A signal came, and no events. There may be some next time.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
        }
        // endregion
    }

    /// Keeps what an event says about a client, and puts the client on the run queue.
    fn note_readiness(&mut self, key: usize, event: &Event) {
        // mio may report sporadic events, also for a client that has left. They are ignored.
        let Some(client) = self.clients.get_mut(key) else {
            return;
        };
        // `recv` and `send` report what broke or ended, so both are worth a try.
        client.is_readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        client.is_writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        self.run_queue.insert(key);
    }

    /// Step 1: accepts the clients that wait in the backlog, until none is left or `ACCEPT_BATCH`
    /// are accepted.
    fn accept_pending(&mut self) -> io::Result<Vec<TcpStream>> {
        // region accept_pending
        let mut newcomers = Vec::new();
        while self.accept_ready && newcomers.len() < ACCEPT_BATCH {
            match self.listener.accept() {
                // There may be more, and no event would report them.
                Ok((socket, _address)) => newcomers.push(socket),
                // The backlog is empty. The kernel reports when the next client is there.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.accept_ready = false
                }
                // Any other error ends this server. A production server would back off and go on
                // when descriptors run out (EMFILE), and say so once.
                Err(error) => return Err(error),
            }
        }
        Ok(newcomers)
        // endregion
    }

    /// Gives a new client its number, and a place in the list.
    fn add_client(&mut self, mut socket: TcpStream) -> io::Result<()> {
        self.number += 1;
        self.log.connected(self.number);
        self.register(&mut socket, Token(self.clients.vacant_key()))?;
        self.clients.insert(Client::new(socket, self.number));
        Ok(())
    }

    /// Step 1: asks the kernel to report what changes at a client's socket, by its `token`, once
    /// and for all.
    fn register(&self, socket: &mut TcpStream, token: Token) -> io::Result<()> {
        // region register
        // For both directions: the kernel reports that there is room again only when there was none
        // before, so no event comes without need.
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(socket, token, interest)
        // endregion
    }

    /// Step 4: does what is left to do after a client's turn, if it is finished or may have more to
    /// read.
    ///
    /// If it is finished, logs how it left and closes its connection. If it could read on, it needs
    /// another turn, since the kernel reports the same bytes only once. A client to which too much
    /// is owed could not.
    fn after_turn(&mut self, key: usize) -> io::Result<()> {
        // region after_turn
        let Some(client) = self.clients.get_mut(key) else {
            return Ok(());
        };
        if client.is_finished() {
            match &client.lost {
                // The client was done, and got everything back.
                None => self.log.left(client.number, client.received),
                // The connection broke: a reset, or a cable. The others do not suffer for it.
                Some(error) => self.log.lost(client.number, client.received, error),
            }
            // mio asks for this before a socket is dropped. epoll forgets a closed socket by itself
            // only if its descriptor was never duplicated.
            self.poll.registry().deregister(&mut client.socket)?;
            // Dropping the client closes its socket.
            self.clients.try_remove(key);
        } else if client.has_room() {
            // Its turn ended before its bytes did, or there is room again for what it sent while
            // there was none. But first it is the turn of the others.
            self.run_queue.insert(key);
        }
        Ok(())
        // endregion
    }
}

/// One client, and where we are with it, as in stage 07.
struct Client {
    socket: TcpStream,
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
    /// True while there may be something to read: from an event that says so until `recv` has no
    /// more.
    is_readable: bool,
    /// True while there may be room to send: from an event that says so until `send` finds none.
    is_writable: bool,
}

impl Client {
    /// The client that was accepted as `number`, from stage 07.
    fn new(socket: TcpStream, number: u64) -> Self {
        Self {
            socket,
            number,
            received: 0,
            unsent: Vec::new(),
            saw_eof: false,
            lost: None,
            // The kernel has not said anything about it yet.
            is_readable: false,
            is_writable: false,
        }
    }

    /// A turn, as in stage 07: receives, then sends. But only if the kernel has said that it is
    /// worth it.
    fn take_turn(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        if self.is_readable {
            self.receive(buffer)?;
        }
        // Most of the time there is room, so what has come can go back at once.
        if self.is_writable && !self.unsent.is_empty() {
            self.send_what_fits()?;
        }
        Ok(())
    }

    /// Step 2: receives until there is no more, or until more than `HIGH_WATER_MARK` waits to be
    /// sent, and keeps what came.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        // region receive
        use std::io::Read;

        while self.is_readable && self.has_room() {
            match self.socket.read(buffer) {
                // The end. It will send no more; what we owe it is another matter.
                Ok(0) => {
                    self.saw_eof = true;
                    self.is_readable = false;
                }
                // There may be more, and no event would report it.
                Ok(count) => {
                    self.received += count as u64;
                    // Old bytes before new ones: a stream has an order.
                    self.unsent.extend_from_slice(&buffer[..count]);
                }
                // Nothing is there now. The kernel reports when there is more.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_readable = false,
                // The connection is broken, and only this one.
                Err(error) => return Err(error),
            }
        }
        Ok(())
        // endregion
    }

    /// Step 3: sends until nothing waits any more, or until the kernel has no more room, and keeps
    /// the rest.
    fn send_what_fits(&mut self) -> io::Result<()> {
        // region send_what_fits
        use std::io::Write;

        while self.is_writable && !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                // These bytes are the kernel's now, and must not be sent again.
                Ok(taken) => {
                    // `drain` moves the rest to the front. A production server would use a ring
                    // buffer (`VecDeque`) or `bytes::BytesMut`, where the rest stays where it is.
                    self.unsent.drain(..taken);
                }
                // The kernel's buffer is full, because the client does not read. All of it stays
                // ours. The kernel reports when there is room again.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_writable = false,
                // The connection is broken, and only this one.
                Err(error) => return Err(error),
            }
        }
        Ok(())
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
