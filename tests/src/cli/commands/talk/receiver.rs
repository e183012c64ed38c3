//! The receiving side of `lab talk`: what the server sends is shown, or handed to a measurement, or
//! left in the kernel for a while.

use std::io::{ErrorKind, Read};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::cli::commands::talk::{Event, Talk, display};
use crate::ui::terminal::write;

/// Where received bytes go. Only the receiving thread reads; the typing thread says what for.
pub struct SocketReader {
    state: Mutex<State>,
    opened: Condvar,
}

struct State {
    goes: Sink,
    /// How many bytes have been read, ever.
    received: u64,
    /// Whether there will never be more.
    has_ended: bool,
}

enum Sink {
    ToTheScreen,
    /// Nobody reads: what arrives stays in the kernel.
    Nowhere,
    /// The first bytes of the stream, so many, were sent before the measurement, and are shown.
    ToAMeasurement(u64, Sender<Received>),
}

/// What one `recv` brought, and when it was there.
pub struct Received {
    pub at: Instant,
    pub bytes: Vec<u8>,
}

impl SocketReader {
    pub fn new() -> Self {
        let state = State {
            goes: Sink::ToTheScreen,
            received: 0,
            has_ended: false,
        };
        Self {
            state: Mutex::new(state),
            opened: Condvar::new(),
        }
    }

    /// From now on nobody reads. What was read before has been shown when this returns.
    pub fn shut(&self) {
        self.state().goes = Sink::Nowhere;
    }

    /// From now on what comes is shown.
    pub fn show(&self) {
        self.state().goes = Sink::ToTheScreen;
        self.opened.notify_all();
    }

    /// From now on what comes is handed over, behind the answer to the `sent` bytes that went out
    /// before. Of a stream that has ended nothing comes, at once.
    pub fn measure(&self, sent: u64) -> Receiver<Received> {
        let (to, measurement) = mpsc::channel();
        let mut state = self.state();
        if !state.has_ended {
            state.goes = Sink::ToAMeasurement(sent, to);
        }
        self.opened.notify_all();
        measurement
    }

    /// There will be no more. A measurement learns of it, and has its say before anybody else.
    fn end(&self) {
        let mut state = self.state();
        state.has_ended = true;
        if matches!(state.goes, Sink::ToAMeasurement(..)) {
            state.goes = Sink::Nowhere;
            drop(state);
            drop(self.open());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, as soon as bytes may be read.
    fn open(&self) -> MutexGuard<'_, State> {
        self.opened
            .wait_while(self.state(), |state| matches!(state.goes, Sink::Nowhere))
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Talk {
    /// Receives what the server sends, as soon as it is there, until there is no more.
    pub fn receive(&self, news: &Sender<Event>) {
        let mut buffer = [0; 16 * 1024];
        let last = loop {
            // Looking takes nothing away. Only when there is something, and it may be read, it is:
            // nobody else reads, so that call does not wait, and the lock is held for a moment.
            let looked = self.stream.peek(&mut [0]);
            let at = Instant::now();
            let mut state = self.receiver.open();
            match looked.and_then(|_| (&self.stream).read(&mut buffer)) {
                Ok(0) => break Event::ReceivingDone,
                Ok(count) if self.take(&mut state, at, &buffer[..count]) => {}
                Ok(_) => break Event::Quit,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // While nobody reads, no call on the socket waits. Now they do again.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => {
                    let _ = news.send(Event::Reset);
                    break Event::ReceivingDone;
                }
            }
        };
        self.receiver.end();
        let _ = news.send(last);
    }

    /// Shows or hands over what came; false where nobody looks any more.
    fn take(&self, state: &mut State, at: Instant, bytes: &[u8]) -> bool {
        let offset = state.received;
        state.received += bytes.len() as u64;
        let Sink::ToAMeasurement(before, to) = &state.goes else {
            return self.show(bytes, offset);
        };
        let left = usize::try_from(before.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (older, bytes) = bytes.split_at(left.min(bytes.len()));
        let bytes = bytes.to_vec();
        if !bytes.is_empty() {
            let _ = to.send(Received { at, bytes });
        }
        older.is_empty() || self.show(older, offset)
    }

    fn show(&self, bytes: &[u8], offset: u64) -> bool {
        let hex = self.hex.load(Ordering::Relaxed);
        let text = if hex {
            display::as_hex(bytes, offset)
        } else {
            display::as_text(bytes)
        };
        write(&text).is_ok()
    }
}
