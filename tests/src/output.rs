//! What a program prints, read by a thread of its own so that a full pipe never blocks the program.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::deadline::Deadline;

/// One output stream of a program. Beyond a cap it is still read, and dropped.
#[derive(Debug, Clone)]
pub struct Output(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    kept: Vec<u8>,
    dropped: u64,
    ended: bool,
}

impl Output {
    /// Reads `stream` to its end and keeps the first `cap` bytes.
    pub fn drain(mut stream: impl Read + Send + 'static, cap: usize) -> Self {
        let output = Self(Arc::default());
        let shared = output.clone();
        thread::spawn(move || {
            let mut buffer = [0; 64 * 1024];
            loop {
                let count = stream.read(&mut buffer).unwrap_or(0);
                let mut state = shared.lock();
                let room = count.min(cap - state.kept.len());
                state.kept.extend_from_slice(&buffer[..room]);
                state.dropped += (count - room) as u64;
                state.ended = count == 0;
                shared.0.1.notify_all();
                if state.ended {
                    return;
                }
            }
        });
        output
    }

    /// What was kept so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().kept.clone()
    }

    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock().kept).into_owned()
    }

    /// How much was printed so far, kept or dropped, in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        let state = self.lock();
        state.kept.len() as u64 + state.dropped
    }

    /// Waits for the end of the stream, which comes when the program and all that inherited it are gone.
    pub fn wait_for_the_end(&self, deadline: Deadline) {
        let mut state = self.lock();
        while !state.ended && !deadline.has_passed() {
            let waited = self.0.1.wait_timeout(state, deadline.remaining());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
