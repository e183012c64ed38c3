//! An echo server that is told what has changed, and looks at nothing else: ten thousand clients
//! that say nothing cost it nothing.
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

/// How many clients may be connected and not yet accepted. The kernel keeps them in the backlog
/// meanwhile.
const BACKLOG: i32 = 1024;

/// How many bytes one `recv` may bring, at most. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

/// How many bytes may wait to be sent to a client before we stop reading from it. It is also what
/// one turn may receive, and one `recv` more.
const HIGH_WATER_MARK: usize = 64 * 1024;

/// How many clients are accepted before the others have their turn again.
const ACCEPT_BATCH: usize = 64;

/// How many sockets' news one wait may bring. What does not fit comes with the next.
const EVENTS_CAPACITY: usize = 1024;

/// The listener's token. Those of the clients are their places in the slab, which count from 0.
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
    /// Whether somebody may be in the backlog: we were told, and have not found it empty since.
    accept_ready: bool,
    /// How many clients were accepted so far.
    number: u64,
    /// The clients. A client keeps its place until it leaves.
    clients: Slab<Client>,
    /// The places of those whose turn is next.
    run_queue: BTreeSet<usize>,
}

impl Server {
    /// The loop.
    fn serve(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_CAPACITY);
        let mut buffer = [0; BUFFER];
        loop {
            self.wait(&mut events)?;
            for event in &events {
                match event.token() {
                    LISTENER => self.accept_ready = true,
                    Token(key) => self.note_readiness(key, event),
                }
            }
            for key in mem::take(&mut self.run_queue) {
                let client = &mut self.clients[key];
                client.lost = client.take_turn(&mut buffer).err();
                // Most have read all that there was, and hear from the kernel when there is more.
                if client.is_finished() || client.is_readable {
                    self.after_turn(key);
                }
            }
            if self.accept_ready {
                for socket in self.accept_pending()? {
                    self.add_client(socket)?;
                }
            }
        }
    }

    /// Remembers what the kernel said about a client, and gives it a turn.
    fn note_readiness(&mut self, key: usize, event: &Event) {
        let client = &mut self.clients[key];
        // What broke or ended, `recv` and `send` tell; so both are worth a try.
        client.is_readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        client.is_writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        self.run_queue.insert(key);
    }

    /// Step 1: sleeps until the kernel has news. If somebody's turn is due, or somebody may be in
    /// the backlog, it only takes what news there is.
    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        // region wait
        // TODO(step 1): take the news; sleep until there are some, unless somebody is due.
        todo!("step 1: wait for {events:?} of {:?}", self.poll)
        // endregion
    }

    /// Step 1: accepts those who wait in the backlog, until nobody is left or it is enough for once.
    fn accept_pending(&mut self) -> io::Result<Vec<TcpStream>> {
        // region accept_pending
        // TODO(step 1): accept until nobody is left, or until it is enough for once.
        todo!(
            "step 1: accept at most {ACCEPT_BATCH} from {:?}",
            self.listener
        )
        // endregion
    }

    /// Gives a newcomer its place.
    fn add_client(&mut self, mut socket: TcpStream) -> io::Result<()> {
        self.number += 1;
        self.log.connected(self.number);
        self.register(&mut socket, Token(self.clients.vacant_key()))?;
        self.clients.insert(Client {
            socket,
            number: self.number,
            received: 0,
            unsent: Vec::new(),
            saw_eof: false,
            lost: None,
            // The kernel has not said anything about it yet.
            is_readable: false,
            is_writable: false,
        });
        Ok(())
    }

    /// Step 1: asks the kernel to tell of a client's socket, by its `token`, once and for all.
    fn register(&self, socket: &mut TcpStream, token: Token) -> io::Result<()> {
        // region register
        // TODO(step 1): register the socket with its token, for both directions.
        todo!(
            "step 1: register {socket:?} as {token:?} with {:?}",
            self.poll
        )
        // endregion
    }

    /// Step 4: looks after a client whose turn has ended, and who is over, or may have more to read.
    ///
    /// One that is over is put on record and removed. One that could read on needs another turn,
    /// since the kernel tells of the same bytes only once. One to whom enough is owed could not.
    fn after_turn(&mut self, key: usize) {
        // region after_turn
        // TODO(step 4): part from it if it is over; if it could read on, give it another turn.
        todo!(
            "step 4: part from client {}, or go on, {:?}",
            self.clients[key].number,
            self.log
        )
        // endregion
    }
}

/// One client, and where we are with it.
struct Client {
    socket: TcpStream,
    number: u64,
    /// How many bytes came from it.
    received: u64,
    /// What the kernel had no room for.
    unsent: Vec<u8>,
    /// Whether it has ended its stream.
    saw_eof: bool,
    /// Why its connection broke, if it did.
    lost: Option<io::Error>,
    /// Whether there may be something to read: we were told, and `recv` has not denied it since.
    is_readable: bool,
    /// Whether there may be room to send: we were told, and `send` has not denied it since.
    is_writable: bool,
}

impl Client {
    /// A turn: receives, and sends what fits.
    fn take_turn(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        if self.is_readable {
            self.receive(buffer)?;
        }
        if self.is_writable && !self.unsent.is_empty() {
            self.send_what_fits()?;
        }
        Ok(())
    }

    /// Step 2: receives until there is no more, or until more than `HIGH_WATER_MARK` waits to be sent.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        // region receive
        // TODO(step 2): receive until there is no more, or until enough waits.
        todo!(
            "step 2: receive from {:?} into {} bytes, {} so far, until {HIGH_WATER_MARK} wait",
            self.socket,
            buffer.len(),
            self.received
        )
        // endregion
    }

    /// Step 3: sends until nothing waits any more, or until there is no more room.
    fn send_what_fits(&mut self) -> io::Result<()> {
        // region send_what_fits
        // TODO(step 3): send until nothing waits, or until there is no more room.
        todo!("step 3: send some of {} bytes", self.unsent.len())
        // endregion
    }

    /// Whether there is nothing left to do for it.
    fn is_finished(&self) -> bool {
        self.lost.is_some() || (self.saw_eof && self.unsent.is_empty())
    }
}
