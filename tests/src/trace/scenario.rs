//! Three clients that always do the same. Each starts a little later than the one before, says "hello", waits for the
//! answer, thinks, and says it again; in the end it half-closes, reads to the end, and leaves. Where a server greets, each
//! connects instead, reads the greeting and the end, thinks, and comes back.
//!
//! The pauses are what happens here, and nobody's synchronisation: what is recorded is who waits for whom meanwhile. That
//! they come in their order does not rest on pauses, since a busy machine may keep the first one back.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::course::Protocol;
use crate::trace::recording::{ClientEvent, ClientSide, Moment};
use crate::trace::resolve::Connection;

/// What the clients say.
const HELLO: &[u8] = b"hello";

/// When each client starts, and how long it thinks after each answer, in milliseconds.
const SCRIPT: [(u64, &[u64]); 3] = [
    (0, &[180, 150, 180, 170]),
    (100, &[120, 140, 120]),
    (220, &[120, 130, 120]),
];

/// When clients that wait give up: when for so long nothing has happened to any of them. What is still to come then is
/// no answer, but the end of the recording.
const SILENCE: Duration = LOOK.saturating_mul(LOOKS);

/// How often a client that waits looks whether it should give up.
const LOOK: Duration = Duration::from_millis(10);

/// After how many looks in a row it does. They are counted, since a busy machine may keep us from looking for long.
const LOOKS: u32 = 120;

/// The one moment that all times are counted from, on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Zero {
    steady: Instant,
    wall: SystemTime,
}

impl Zero {
    /// A moment that is still to come.
    #[must_use]
    pub fn after(lead: Duration) -> Self {
        Self {
            steady: Instant::now() + lead,
            wall: SystemTime::now() + lead,
        }
    }

    /// In microseconds since the epoch.
    #[must_use]
    pub fn since_the_epoch(self) -> i64 {
        micros(self.wall.duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// What the time is now. It is read from the clock that strace(1) reads.
    #[must_use]
    pub fn now(self) -> i64 {
        match SystemTime::now().duration_since(self.wall) {
            Ok(later) => micros(later),
            Err(error) => -micros(error.duration()),
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Played {
    /// What three clients have been through.
    pub clients: Vec<ClientSide>,
    pub connections: Vec<Connection>,
    /// Whether a client got other bytes back than it had sent. That is for checks to judge; here it was an answer.
    pub is_unlike: bool,
}

/// Lets three clients talk to the server at `address`.
#[must_use]
pub fn play(address: SocketAddr, protocol: Protocol, zero: Zero) -> Played {
    let progress = AtomicI64::new(0);
    let is_unlike = AtomicBool::new(false);
    let mut before = None;
    let mut all = Vec::new();
    for number in 0..SCRIPT.len() {
        let (come, next) = channel();
        all.push(Actor {
            number,
            address,
            zero,
            progress: &progress,
            is_unlike: &is_unlike,
            before: before.replace(next),
            come: Some(come),
            moments: Vec::new(),
            connections: Vec::new(),
        });
    }
    thread::scope(|scope| {
        for actor in &mut all {
            scope.spawn(move || actor.plays(protocol));
        }
    });
    let mut played = Played {
        clients: Vec::new(),
        connections: Vec::new(),
        is_unlike: is_unlike.load(Ordering::Relaxed),
    };
    for actor in all {
        played.clients.push(ClientSide {
            name: char::from(b'A' + actor.number as u8).into(),
            moments: actor.moments,
        });
        played.connections.extend(actor.connections);
    }
    played
}

struct Actor<'a> {
    number: usize,
    address: SocketAddr,
    zero: Zero,
    /// When something happened to any of them last.
    progress: &'a AtomicI64,
    is_unlike: &'a AtomicBool,
    /// Hangs up when the client before this one has come, or cannot; and this one's own, for the next.
    before: Option<Receiver<()>>,
    come: Option<Sender<()>>,
    moments: Vec<Moment>,
    connections: Vec<Connection>,
}

impl Actor<'_> {
    fn plays(&mut self, protocol: Protocol) {
        let (start, thinks) = SCRIPT[self.number];
        let start = self.zero.steady + Duration::from_millis(start);
        thread::sleep(start.saturating_duration_since(Instant::now()));
        if let Some(before) = self.before.take() {
            // Nothing is ever sent: it ends when the other hangs up.
            let _ = before.recv();
        }
        let played = match protocol {
            Protocol::Greet => self.comes_again_and_again(thinks),
            Protocol::Echo => self.talks(thinks, protocol.answer(HELLO)),
        };
        match played {
            Ok(()) => {}
            Err(error) if is_timeout(&error) => {
                let at = self.gives_up_at();
                let what = ClientEvent::GaveUp;
                self.moments.push(Moment { what, at });
            }
            Err(_) => self.notes(ClientEvent::Lost),
        }
        self.come = None;
    }

    fn talks(&mut self, thinks: &[u64], answer: Option<Vec<u8>>) -> io::Result<()> {
        let answer = answer.as_deref();
        let mut stream = self.connects()?;
        for pause in thinks {
            stream.write_all(HELLO)?;
            self.notes(ClientEvent::Sent);
            if self.reads(&mut stream, HELLO.len(), answer)? < HELLO.len() {
                self.notes(ClientEvent::Closed);
                return Ok(());
            }
            self.notes(ClientEvent::Answered);
            thread::sleep(Duration::from_millis(*pause));
        }
        stream.shutdown(Shutdown::Write)?;
        self.notes(ClientEvent::HalfClosed);
        self.reads(&mut stream, usize::MAX, answer)?;
        self.notes(ClientEvent::Closed);
        Ok(())
    }

    fn comes_again_and_again(&mut self, thinks: &[u64]) -> io::Result<()> {
        for pause in thinks {
            let mut stream = self.connects()?;
            if self.reads(&mut stream, 1, None)? > 0 {
                self.notes(ClientEvent::Answered);
                self.reads(&mut stream, usize::MAX, None)?;
            }
            self.notes(ClientEvent::Closed);
            thread::sleep(Duration::from_millis(*pause));
        }
        Ok(())
    }

    fn connects(&mut self) -> io::Result<TcpStream> {
        let since = self.zero.now();
        let stream = TcpStream::connect_timeout(&self.address, SILENCE)?;
        self.come = None;
        self.notes(ClientEvent::Connected);
        self.connections.push(Connection {
            port: stream.local_addr()?.port(),
            client: self.number,
            since,
        });
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(SILENCE))?;
        Ok(stream)
    }

    /// Reads `count` bytes, or to the end of the stream; returns how many came. Where the `answer` is known, it is compared.
    fn reads(
        &self,
        stream: &mut TcpStream,
        count: usize,
        answer: Option<&[u8]>,
    ) -> io::Result<usize> {
        let mut buffer = [0; 1024];
        let mut came = 0;
        let (mut looks, mut progress) = (0, self.progress.load(Ordering::Relaxed));
        while came < count {
            let room = buffer.len().min(count - came);
            match stream.read(&mut buffer[..room]) {
                Ok(0) => break,
                Ok(some) => {
                    let is_it =
                        |answer: &[u8]| answer.get(came..came + some) == Some(&buffer[..some]);
                    if !answer.is_none_or(is_it) {
                        self.is_unlike.store(true, Ordering::Relaxed);
                    }
                    came += some;
                }
                // A `recv` with a timeout says so when we were stopped and went on: signal(7).
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if !is_timeout(&error) => return Err(error),
                Err(error) if looks == LOOKS => return Err(error),
                Err(_) => {
                    let before = progress;
                    progress = self.progress.load(Ordering::Relaxed);
                    looks = if progress == before { looks + 1 } else { 0 };
                }
            }
        }
        Ok(came)
    }

    fn notes(&mut self, what: ClientEvent) {
        let at = self.zero.now();
        self.progress.fetch_max(at, Ordering::Relaxed);
        self.moments.push(Moment { what, at });
    }

    fn gives_up_at(&self) -> i64 {
        self.progress.load(Ordering::Relaxed) + micros(SILENCE)
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
