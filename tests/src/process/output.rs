//! What a program prints, read by a thread of its own so that a full pipe never blocks the program.

use std::collections::HashSet;
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Context;

use crate::platform::{PipeEnd, Stream};
use crate::process::deadline::Deadline;

/// What is said where the lab itself gets no thread.
pub const NO_THREAD: &str =
    "the system refuses the lab a thread (`ulimit -u`, `ulimit -v`, or a limit of the container)";

/// A thread of the lab's own, whose stack does not hang on what somebody has set in the environment.
pub fn own_thread() -> thread::Builder {
    thread::Builder::new().stack_size(STACK)
}

/// Bytes of the stack of a thread that reads, writes or counts.
const STACK: usize = 1 << 20;

/// One output stream of a program. Beyond a cap it is still read, and dropped.
#[derive(Debug, Clone)]
pub struct Output(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Shows whether something lies in the pipe.
    pipe: Option<PipeEnd>,
}

#[derive(Debug, Default)]
struct State {
    kept: Vec<u8>,
    dropped: u64,
    ended: bool,
    /// What is being read has left the pipe, or will, and is not here yet.
    is_reading: bool,
    /// What comes is left in the pipe for now.
    is_paused: bool,
    lines: Lines,
}

/// What was printed, told apart by lines.
#[derive(Debug, Default)]
struct Lines {
    /// The line that is being printed.
    line: Vec<u8>,
    /// The lines that were printed.
    known: HashSet<Vec<u8>>,
    /// How many lines say that other work goes on.
    ticks: u64,
    /// How many bytes stand in other lines, each of them counted once.
    news: u64,
    /// How many bytes were looked at.
    seen: usize,
}

/// How a line of the kit's heartbeat begins: `tick N`.
pub const TICK: &str = "tick ";

/// How many bytes are looked at, at most. A program that prints more is one that has much to say.
const FEW: usize = 1 << 20;

impl Lines {
    fn see(&mut self, bytes: &[u8]) {
        let few = bytes.len().min(FEW - self.seen);
        self.seen += few;
        self.news += (bytes.len() - few) as u64;
        for piece in bytes[..few].split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.end(line);
            }
        }
    }

    fn end(&mut self, line: Vec<u8>) {
        if line.starts_with(TICK.as_bytes()) {
            self.ticks += 1;
            return;
        }
        let length = line.len() as u64;
        // What was said before is no news.
        if self.known.insert(line) {
            self.news += length;
        }
    }

    /// How much there is to tell, without ticks and repetitions.
    fn news(&self) -> u64 {
        match self.line.starts_with(TICK.as_bytes()) {
            true => self.news,
            false => self.news + self.line.len() as u64,
        }
    }
}

impl Output {
    /// Reads `stream` to its end and keeps the first `cap` bytes.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread for it.
    pub fn drain<S: Read + Stream + Send + 'static>(
        mut stream: S,
        cap: usize,
    ) -> anyhow::Result<Self> {
        let output = Self(Arc::new(Shared {
            pipe: PipeEnd::of(&stream),
            ..Shared::default()
        }));
        let shared = output.clone();
        let reader = own_thread().spawn(move || {
            let mut buffer = [0; 64 * 1024];
            loop {
                if let Some(pipe) = &shared.0.pipe {
                    pipe.wait_for_more();
                }
                shared.wait_while_paused();
                // Not under the lock: a program in splice(2) holds the pipe while it waits, and us with it.
                shared.lock().is_reading = true;
                let count = stream.read(&mut buffer).unwrap_or(0);
                let mut state = shared.lock();
                state.is_reading = false;
                let room = count.min(cap - state.kept.len());
                state.kept.extend_from_slice(&buffer[..room]);
                state.lines.see(&buffer[..count]);
                state.dropped += (count - room) as u64;
                state.ended = count == 0;
                shared.0.changed.notify_all();
                if state.ended {
                    return;
                }
            }
        });
        reader.context(NO_THREAD)?;
        Ok(output)
    }

    /// Whether we have read all that the program has printed so far. Where nobody can tell, so it is.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let state = self.lock();
        let pipe = self.0.pipe.as_ref();
        pipe.is_none_or(|pipe| state.is_paused || (!state.is_reading && pipe.is_empty()))
    }

    /// Leaves what comes from now on in the pipe, until [`read_on`](Self::read_on).
    pub fn pause(&self) {
        self.lock().is_paused = true;
    }

    pub fn read_on(&self) {
        self.lock().is_paused = false;
        self.0.changed.notify_all();
    }

    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.lock().is_paused
    }

    fn wait_while_paused(&self) {
        let mut state = self.lock();
        while state.is_paused {
            let waited = self.0.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What was kept so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().kept.clone()
    }

    /// Whether just this was kept so far.
    #[must_use]
    pub fn is(&self, bytes: &[u8]) -> bool {
        self.lock().kept == bytes
    }

    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock().kept).into_owned()
    }

    /// The first line, once it is whole.
    #[must_use]
    pub fn first_line(&self) -> Option<String> {
        let state = self.lock();
        let end = state.kept.iter().position(|byte| *byte == b'\n')?;
        Some(String::from_utf8_lossy(&state.kept[..end]).into_owned())
    }

    /// How many whole lines were printed so far that say `tick N`.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.lock().lines.ticks
    }

    /// How much was printed so far but for ticks and repetitions, in bytes.
    #[must_use]
    pub fn news(&self) -> u64 {
        self.lock().lines.news()
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
            let waited = self.0.changed.wait_timeout(state, deadline.remaining());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
