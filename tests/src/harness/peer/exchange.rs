//! A long conversation: our peer sends and receives at the same time.

use std::io::{ErrorKind, Read};

use crate::diagnose::failure::{Outcome, Result};
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;

/// How many bytes are received at a time.
const PIECE: usize = 8 * 1024;

/// How many bytes are under way at most. Each kernel has room for them, also one that takes little at a time
/// (`tcp_notsent_lowat`), so that a server which trusts in that loses nothing.
const UNDER_WAY: usize = 2 * PIECE;

/// The same where the program is never to have sent all that it owes: a server reads on while 64 KiB wait.
const FAR_AHEAD: usize = 512 * 1024;

/// How much is received at most before it is given more again, in bytes.
const DRAINED_AT_ONCE: usize = 4 << 20;

impl Peer {
    /// Gives the program as much of `flood` as our kernel takes now, and takes what has come back: it always has something to
    /// do. What comes back is not looked at.
    pub fn keep_busy(&mut self, flood: &Payload) -> Outcome {
        // It does so again and again, and is told of once.
        if self.connection.counts.sent() == 0 {
            self.note_sent("without end, and it reads", "sends without end, and reads");
        }
        self.gives(flood.bytes())?;
        self.stream.set_nonblocking(true)?;
        let mut room = vec![0; PIECE];
        let mut drained = 0;
        while drained < DRAINED_AT_ONCE {
            match self.stream.read(&mut room) {
                Ok(0) | Err(_) => break,
                Ok(count) => drained += count,
            }
        }
        self.stream.set_nonblocking(false)?;
        Ok(())
    }

    /// Whether there is something to receive: bytes, the end, or an error.
    pub(crate) fn has_anything(&self) -> bool {
        let is_set = self.stream.set_nonblocking(true).is_ok();
        let seen = self.stream.peek(&mut [0]);
        let is_reset = self.stream.set_nonblocking(false).is_ok();
        let has_nothing = matches!(seen, Err(error) if error.kind() == ErrorKind::WouldBlock);
        is_set && is_reset && !has_nothing
    }

    /// How many bytes the program's last `recv` from us could bring: as many as a kernel may have for it at once, or one.
    #[must_use]
    pub fn room_of_recv(&self) -> usize {
        self.context.room_of_recv(&self.connection)
    }

    /// Sends `payload`, and receives all of it again meanwhile.
    pub fn exchange(&mut self, payload: &Payload) -> Result<&mut Self> {
        self.exchange_with(payload, UNDER_WAY)
    }

    /// Sends `payload` far ahead of what comes back: until near its end a server that sends a little at a time owes more.
    pub fn exchange_far_ahead(&mut self, payload: &Payload) -> Result<&mut Self> {
        self.exchange_with(payload, FAR_AHEAD)
    }

    /// With at most `under_way` bytes sent that have not come back.
    fn exchange_with(&mut self, payload: &Payload, under_way: usize) -> Result<&mut Self> {
        self.note_sent(
            &payload.to_string(),
            &format!("sends {payload}, and receives it"),
        );
        let length = payload.bytes().len();
        let (mut sent, mut received) = (0, 0);
        while received < length {
            let most = length.min(received + under_way);
            sent += self.gives(&payload.bytes()[sent..most])?;
            // Where nothing more can be sent and all has come back, the connection is broken, and so this says.
            let next = sent.min(received + PIECE).max(received + 1);
            self.expect(payload.part(received, next))?;
            received = next;
        }
        Ok(self)
    }
}
