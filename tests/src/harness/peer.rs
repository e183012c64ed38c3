//! Our end of a connection: a scripted client, or the connection of a scripted server.

mod connect;
pub mod exchange;
pub mod expect;
pub mod pump;
mod socket;
pub mod unsent;

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use socket2::SockRef;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Problem, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::connection::Connection;
use crate::evidence::settle::{Activity, SettleDetector};
use crate::evidence::wait::{Wait, Waited};
use crate::harness::context::CheckContext;
use crate::harness::payload::Payload;
use crate::harness::peer::connect::{Refusal, connect, has_all_that_may_wait};
use crate::harness::peer::socket::PeerSocket;
use crate::platform::{CallKind, Power, TcpState, not_sent};
use crate::process::deadline::Deadline;
use crate::process::reaper;
use crate::text::size;

/// How long one `recv` waits before we look at the program again.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_millis(1);

/// More than a read brings, in bytes.
const MORE_THAN_A_READ: u64 = 1 << 20;

#[derive(Debug)]
pub struct Peer {
    pub(crate) context: Rc<CheckContext>,
    pub(crate) stream: PeerSocket,
    pub(crate) connection: Connection,
    /// The connection was reset before we looked.
    pub(crate) is_broken: bool,
    /// What was received last, and was expected.
    pub(crate) last: Vec<u8>,
}

impl Peer {
    /// Connects to a server of the program's. Nothing here waits for `accept`: the kernel completes it, as soon as it
    /// lets one more wait.
    pub(crate) fn connect(
        context: &Rc<CheckContext>,
        server: SocketAddr,
        room: Option<usize>,
    ) -> Result<Self> {
        let label = context.next_label("client");
        context.wait_until(|| (!has_all_that_may_wait(server)).then_some(()));
        let connected = connect(server, context, room);
        let connected = connected.map_err(|refusal| {
            let symptom = match refusal {
                Refusal::BacklogIsFull => Symptom::Known(Cause::BacklogTooSmall),
                Refusal::Refused(_) => Symptom::Refused,
                Refusal::Ours(error) => {
                    let error = anyhow::Error::new(error);
                    return error
                        .context(format!("the lab cannot connect to {server}"))
                        .into();
                }
            };
            let expected = format!("{label} can connect to {server}");
            context.fail(symptom, expected, refusal.to_string(), None)
        })?;
        let mut peer = Self::new(context, connected.stream, label, server)?;
        peer.is_broken = connected.is_broken;
        peer.note_sent("connect", "connects");
        Ok(peer)
    }

    /// Takes over a connection that already stands.
    pub(crate) fn new(
        context: &Rc<CheckContext>,
        stream: TcpStream,
        label: String,
        theirs: SocketAddr,
    ) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        let connection = Connection::new(label, stream.local_addr()?, theirs);
        context.add_connection(connection.clone());
        Ok(Self {
            context: Rc::clone(context),
            stream: PeerSocket::new(stream),
            connection,
            is_broken: false,
            last: Vec::new(),
        })
    }

    /// The number that the program gives this client in its event log. 0 for the peer of a client, which has none.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.connection.client().unwrap_or(0)
    }

    /// Sends `payload` in one piece.
    pub fn send(&mut self, payload: impl Into<Payload>) -> Result<&mut Self> {
        let payload = payload.into();
        self.note_sent(&payload.to_string(), &format!("sends {payload}"));
        self.push(payload.bytes())
    }

    /// Sends an urgent byte, beside the stream: `MSG_OOB` of send(2), tcp(7).
    pub fn send_urgent(&mut self) -> Result<&mut Self> {
        self.note_sent("an urgent byte", "sends an urgent byte");
        SockRef::from(&*self.stream).send_out_of_band(b"!")?;
        self.connection.counts.was_urgent.set(true);
        Ok(self)
    }

    /// Sends `payload` one byte at a time, each byte eaten before the next is sent.
    pub fn send_byte_by_byte(&mut self, payload: &Payload) -> Result<&mut Self> {
        self.note_sent(
            &format!("{payload}, byte by byte"),
            &format!("sends {payload}, byte by byte"),
        );
        for byte in payload.bytes() {
            self.push(&[*byte])?.wait_until_read()?;
        }
        Ok(self)
    }

    /// Waits until the program has read all that we sent, or has settled without. Where the kernel does not
    /// show its queues, this goes on at once: pieces may arrive joined there.
    pub fn wait_until_read(&mut self) -> Result<&mut Self> {
        self.context.has(Power::KernelQueues);
        let read = self
            .context
            .wait_until(|| self.has_read_all().then_some(()));
        if read == Waited::TimedOut {
            let expected = "a program that reads what is there, or sleeps";
            return Err(self.fail(Symptom::Silence, expected, "neither"));
        }
        Ok(self)
    }

    /// Whether nothing that we sent is on its way, or lies unread in the program's kernel.
    fn has_read_all(&self) -> bool {
        self.context.rows_of(&self.connection).is_none_or(|table| {
            let ours = self.connection.our_row(&table);
            let theirs = self.connection.their_row(&table);
            ours.is_none_or(|row| row.unsent == 0) && theirs.is_none_or(|row| row.unread == 0)
        })
    }

    /// Sends until neither kernel takes more, because the program does not read; returns what they took. Where
    /// nobody can tell whether it may still read, a while without any room has to do.
    pub fn fill(&mut self, payload: &Payload) -> Result<Payload> {
        let sees = self.context.shows_settling();
        let deadline = self.context.deadline();
        let mut wait = Wait::until(if sees { deadline } else { Deadline::short() });
        let mut sent = 0;
        while sent < payload.bytes().len() {
            let taken = self.gives(&payload.bytes()[sent..])?;
            sent += taken;
            match taken {
                0 if self.context.goes_on(&mut wait).is_ok() => wait.pause(),
                0 => {
                    self.connection.counts.was_full.set(true);
                    break;
                }
                _ if sees && self.context.has_moved(taken) => {
                    wait.begin_again_until(self.context.deadline());
                }
                _ if sees => wait.begin_again(),
                _ => wait.begin_again_until(Deadline::short().or(deadline)),
            }
        }
        if sent == payload.bytes().len() {
            // It reads on and on.
            self.look_for_replaced_bytes();
        }
        let (sent_in_all, story) = match sent {
            0 => (
                "more, which does not fit".into(),
                "tries to send more, and nothing fits".into(),
            ),
            _ if sent == payload.bytes().len() => (
                size(sent),
                format!("sends {}, and all of it is taken", size(sent)),
            ),
            _ => (
                format!("{} until nothing fits", size(sent)),
                "sends until nothing fits any more".to_string(),
            ),
        };
        self.note_sent(&sent_in_all, &story);
        Ok(payload.start(sent))
    }

    /// Sees whether the program, which has read more than it could send, has put some of it in the place of what waited.
    pub(crate) fn look_for_replaced_bytes(&self) {
        self.context.wait_until_settled();
        let table = self.context.rows_of(&self.connection).unwrap_or_default();
        let kept = self.connection.buffered_by_program(&table);
        let is_replaced =
            kept > Some(MORE_THAN_A_READ) && self.context.sends_one_read_at_most(&self.connection);
        self.connection.counts.was_replaced.set(is_replaced);
    }

    /// Gives our kernel as much as it takes now, without waiting for the program.
    pub(crate) fn fill_send_buffer(&mut self, payload: &Payload) -> Outcome {
        self.gives(payload.bytes())?;
        self.note_sent("as much as fits", "sends without end");
        Ok(())
    }

    /// How many of `bytes` our kernel took without waiting. A connection that is broken takes none.
    fn gives(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.context.remember(|history| history.peer_sent = true);
        self.stream.set_nonblocking(true)?;
        let mut taken = 0;
        while taken < bytes.len() {
            match self.stream.write(&bytes[taken..]) {
                Ok(count) => taken += count,
                // No room; or what is broken shows in what we receive.
                Err(_) => break,
            }
        }
        self.stream.set_nonblocking(false)?;
        self.connection.counts.add_sent(taken);
        Ok(taken)
    }

    /// Ends our stream and goes on listening: shutdown(2) of the sending half.
    pub fn half_close(&mut self) -> Result<&mut Self> {
        self.note_sent("half-close", "half-closes");
        self.context.remember(|history| history.peer_ended = true);
        let counts = &self.connection.counts;
        counts.ended_alone.set(counts.received() == counts.sent());
        counts.has_ended.set(true);
        // A connection that the program has already broken shows in what we receive.
        let _ = self.stream.shutdown(Shutdown::Write);
        Ok(self)
    }

    /// Aborts the connection: close(2) with a linger time of zero sends a reset.
    pub fn reset(mut self) -> Outcome {
        self.note_sent("reset", "resets the connection");
        self.context.remember(|history| history.was_reset = true);
        // Until its kernel acknowledges them, bytes that it has are counted as ours too.
        Deadline::short().until(|| self.is_acknowledged().then_some(()));
        // It may read on until the reset: nothing comes between that and the count.
        let none = reaper::none_is_starting();
        let counts = &self.connection.counts;
        counts.read_before_reset.set(Some(self.read_by_program()));
        SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO))?;
        self.stream.close(&none);
        Ok(())
    }

    /// How much the program has read of us at least, and how much it can read at most if we send no more: what lies unread
    /// in its kernel survives a reset on Linux, and not on every system.
    fn read_by_program(&self) -> (u64, u64) {
        let counts = &self.connection.counts;
        let table = self.context.rows_of(&self.connection);
        let consumed = table.and_then(|table| self.connection.consumed(&table));
        let most = counts.sent() - not_sent(&self.stream).unwrap_or(0).min(counts.sent());
        // An echo server has read what it has sent back.
        let least = counts.received().max(consumed.unwrap_or(0));
        (least.min(most), most)
    }

    /// Whether the program's kernel has acknowledged all that ours has transmitted.
    fn is_acknowledged(&self) -> bool {
        let table = self.context.rows_of(&self.connection).unwrap_or_default();
        let ours = self.connection.our_row(&table);
        ours.is_none_or(|row| row.unsent <= not_sent(&self.stream).unwrap_or(0))
    }

    /// Ends our stream and leaves.
    pub fn leave(self) {
        self.note_sent("close", "closes");
        self.context.remember(|history| history.peer_ended = true);
        self.connection.counts.has_ended.set(true);
    }

    /// Waits until the program sleeps in `send` on this connection, because nothing fits any more.
    pub(crate) fn wait_until_stuck_in_send(&self) -> Outcome {
        let mut detector = SettleDetector::default();
        let is_stuck = self.context.deadline().until(|| {
            match (self.context.observe(&mut detector), self.context.sample()) {
                (Activity::Running, _) => None,
                // Its kernel may have found a little room meanwhile, and then it is awake for a moment.
                (Activity::Blocked, Some(sample)) if !sample.is_parked() => None,
                (Activity::Blocked, Some(sample)) => Some(sample.is_inside(CallKind::Send)),
                _ => Some(false),
            }
        });
        // On a busy machine it may never have slept from one look to the next: it is enough that it does so now.
        let is_stuck = is_stuck.or_else(|| {
            let sample = self.context.sample()?;
            Some(sample.is_parked() && sample.is_inside(CallKind::Send))
        });
        if is_stuck == Some(true) {
            return Ok(());
        }
        let expected = "a program that sends until nothing fits any more, and sleeps in send then";
        let has_ended = self.context.rows_of(&self.connection).is_some_and(|table| {
            let ours = self.connection.our_row(&table);
            ours.is_some_and(|row| row.state == TcpState::CloseWait)
        });
        Err(if has_ended {
            self.fail(Symptom::End, expected, "it has ended its stream")
        } else if self
            .context
            .sample()
            .is_some_and(|sample| sample.is_parked())
        {
            self.fail(Symptom::Silence, expected, "it does not send")
        } else {
            self.fail(Symptom::Silence, expected, "it does not sleep in send")
        })
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    #[must_use]
    pub(crate) fn context(&self) -> &Rc<CheckContext> {
        &self.context
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<&mut Self> {
        self.context.remember(|history| history.peer_sent = true);
        self.stream
            .set_write_timeout(Some(self.context.deadline().remaining()))?;
        // Otherwise the program has hung up on us, or reads nothing: what comes back, or does not, tells more.
        if self.stream.write_all(bytes).is_ok() {
            self.connection.counts.add_sent(bytes.len());
            self.context.has_moved(bytes.len());
        }
        Ok(self)
    }

    pub(crate) fn note_sent(&self, sent: &str, story: &str) {
        self.context.note_sent(&self.connection.label, sent);
        self.context.note(&self.connection.label, story);
    }

    pub(crate) fn fail(
        &self,
        symptom: Symptom,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Box<Problem> {
        self.context
            .fail(symptom, expected, received, Some(&self.connection))
    }
}
