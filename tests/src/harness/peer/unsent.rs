//! Where every byte is: what a server keeps for a client that does not read.
//!
//! The kernel's own buffers may grow to many megabytes, so how much a client can push says nothing about the program.
//! What the program holds is what was sent, without what lies in the queues of the two kernels: see
//! [`Connection::buffered_by_program`](crate::evidence::connection::Connection::buffered_by_program).

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::wait::Waited;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::platform::{acknowledge, has_room_at, not_sent};
use crate::process::deadline::at_once;
use crate::text::size;

/// How much is sent at a time while the program keeps nothing, in bytes. All that a program may keep is 64 KiB, and one that
/// keeps so much no longer reads.
const PIECE: usize = 48 * 1024;

/// How much the program has to keep: more than its kernel may still find room for when the end arrives.
const ENOUGH: u64 = 44 * 1024;

/// How often a program has to leave unread what we send, and how much of it, in bytes; or how often it has to keep enough
/// after one byte more. With each of them the kernel may find room, so that a program which waits for some goes on.
const REFUSALS: u32 = 3;
const KNOCK: usize = 1024;

/// Where the bytes are of a client that does not read.
struct Kept {
    /// What the program keeps, and what its kernel does, in bytes.
    held: u64,
    unsent: u64,
    /// Whether the program has read all that came.
    reads_on: bool,
}

/// How much is sent next, and how often the program did not take all of it.
#[derive(Default)]
struct Pace {
    /// How many times in a row it left something unread, and how many times it kept enough.
    refusals: u32,
    steady: u32,
}

impl Pace {
    /// How much to send, now that the program keeps this. `None` when it keeps enough, or will read no more.
    fn after(&mut self, kept: &Kept) -> Option<usize> {
        let is_enough = kept.held >= ENOUGH;
        self.refusals = if kept.reads_on { 0 } else { self.refusals + 1 };
        self.steady = if is_enough { self.steady + 1 } else { 0 };
        match kept.held {
            _ if self.refusals > REFUSALS || self.steady > REFUSALS => None,
            _ if !kept.reads_on => Some(KNOCK),
            0 => Some(PIECE),
            held => Some(ENOUGH.saturating_sub(held).max(1) as usize),
        }
    }
}

impl Peer {
    /// The program has settled, and of `sent` it keeps at most `most` bytes for us. Where nobody can tell, it is not
    /// asked.
    pub fn expect_buffered_at_most(&mut self, most: u64, sent: &Payload) -> Result<&mut Self> {
        self.context.wait_until_settled();
        let held = self
            .context
            .rows_of(&self.connection)
            .and_then(|table| self.connection.buffered_by_program(&table));
        let expected = format!(
            "at most 64 KiB and one read kept for a client that does not read (no more than {})",
            size(most as usize)
        );
        match held {
            Some(held) if held <= most => Ok(self),
            None if !self.context.shows_settling() => Ok(self),
            Some(held) => {
                // What it no longer has, it cannot send: then that is what is wrong.
                self.expect(sent)?;
                let received = format!("{} kept", size(held as usize));
                Err(self.fail(Symptom::Known(Cause::UnboundedQueue), expected, received))
            }
            None => Err(self.fail(Symptom::End, expected, "the connection is gone")),
        }
    }

    /// Sends until the program has to keep something for us, because we do not read; returns what was sent. All of that
    /// was read by a program that reads on while little waits. Where nobody can tell, it sends until nothing fits.
    pub fn send_until_something_is_buffered(&mut self, payload: &Payload) -> Result<Payload> {
        if !self.context.can_see_it_settle() {
            return self.fill(payload);
        }
        let (mut sent, mut length) = (0, PIECE);
        let mut pace = Pace::default();
        while sent < payload.bytes().len() {
            let piece = &payload.bytes()[sent..][..length.min(payload.bytes().len() - sent)];
            self.push(piece)?;
            sent += piece.len();
            let kept = self.kept_after(piece);
            let Some(next) = kept.and_then(|kept| pace.after(&kept)) else {
                break;
            };
            length = next;
        }
        self.note_sent(
            &format!("{} without reading", size(sent)),
            "sends until the program has to keep something",
        );
        Ok(payload.start(sent))
    }

    /// What it keeps once it has settled. After a whole piece it need not settle: when all is on its way back, it keeps
    /// nothing. `None` when the connection is gone.
    fn kept_after(&self, piece: &[u8]) -> Option<Kept> {
        let comes_back = || {
            // Until then the bytes that lie here are counted in the program's kernel as well.
            acknowledge(&self.stream);
            let is_whole = piece.len() >= PIECE;
            (is_whole && self.is_all_on_its_way_back()?).then_some(())
        };
        let all_comes_back = match at_once(comes_back) {
            Some(()) => Waited::Reached(()),
            None => self.context.wait_until(comes_back),
        };
        let kept = self.kept()?;
        match all_comes_back {
            Waited::Reached(()) => Some(Kept { held: 0, ..kept }),
            Waited::Settled(_) | Waited::TimedOut => self.kept_for_good(kept),
        }
    }

    /// `None` when the connection is gone.
    fn kept(&self) -> Option<Kept> {
        let table = self.context.rows_of(&self.connection)?;
        let row = self.connection.their_row(&table)?;
        Some(Kept {
            held: self
                .connection
                .buffered_by_program(&table)
                .unwrap_or(ENOUGH),
            unsent: row.unsent,
            reads_on: row.unread == 0,
        })
    }

    /// What it keeps once its kernel will take no more of it: a kernel waits a while before it fills a small rest of
    /// room at our end, and has room of its own then.
    fn kept_for_good(&self, kept: Kept) -> Option<Kept> {
        if kept.unsent == 0 || (kept.reads_on && kept.held < ENOUGH) || !self.leaves_room() {
            return Some(kept);
        }
        self.wait_until_no_room_is_left();
        self.context.wait_until_settled();
        self.kept()
    }

    /// Whether the program's kernel may still find room at our end.
    fn leaves_room(&self) -> bool {
        has_room_at(self.connection.theirs, self.connection.ours) == Some(true)
    }

    /// Waits until the program's kernel finds no more room at our end, or has nothing that it could send there. It may lie
    /// still for a fifth of a second before it fills a small rest.
    pub fn wait_until_no_room_is_left(&self) {
        let has_something = || {
            let table = self.context.rows_of(&self.connection).unwrap_or_default();
            let theirs = self.connection.their_row(&table);
            theirs.is_some_and(|row| row.unsent > 0)
        };
        self.context
            .deadline()
            .until(|| (!self.leaves_room() || !has_something()).then_some(()));
    }

    /// How many bytes are there for us at least, here or in the program's kernel, whatever the program does now. Those
    /// that we have not acknowledged lie in both.
    #[must_use]
    pub fn readable_later(&self) -> usize {
        let table = self.context.rows_of(&self.connection).unwrap_or_default();
        let ours = self.connection.our_row(&table).map_or(0, |row| row.unread);
        let theirs = self
            .connection
            .their_row(&table)
            .map_or(0, |row| row.unsent);
        ours.max(theirs) as usize
    }

    /// Whether the program has read all that we sent, and given all of it to its kernel.
    ///
    /// Unlike [`Connection::buffered_by_program`](crate::evidence::connection::Connection::buffered_by_program) this does not wait for acknowledgements, which come up to 40 ms
    /// late: on loopback what was sent has arrived.
    fn is_all_on_its_way_back(&self) -> Option<bool> {
        let to_be_sent = not_sent(&self.stream)?;
        let table = self.context.rows_of(&self.connection)?;
        let (ours, theirs) = (
            self.connection.our_row(&table)?,
            self.connection.their_row(&table)?,
        );
        let back = self.connection.counts.received() + ours.unread + theirs.unsent;
        Some(to_be_sent + theirs.unread == 0 && back >= self.connection.counts.sent())
    }

    /// Receives exactly `payload`, but `steps` times reads only a part and waits until the program has done all that
    /// it can do then.
    pub fn expect_in_steps(&mut self, payload: &Payload, steps: &[usize]) -> Result<&mut Self> {
        let mut from = 0;
        for step in steps {
            let to = payload.bytes().len().min(from + step);
            self.expect(payload.part(from, to))?;
            self.context.wait_until_settled();
            from = to;
        }
        self.expect(payload.part(from, payload.bytes().len()))
    }

    /// Waits until all that we sent lies in the kernel of the program, which was stopped before.
    pub(crate) fn wait_until_delivered(&self) -> Outcome {
        let delivered = self
            .context
            .deadline()
            .until(|| self.is_unread().then_some(()));
        match delivered {
            Some(()) => Ok(()),
            None => Err(self.fail(
                Symptom::End,
                "a server that is connected",
                "the server is gone",
            )),
        }
    }

    /// Whether something that we sent lies in the program's kernel, unread.
    pub(crate) fn is_unread(&self) -> bool {
        self.context.rows_of(&self.connection).is_some_and(|table| {
            let theirs = self.connection.their_row(&table);
            theirs.is_some_and(|row| row.unread > 0)
        })
    }
}
