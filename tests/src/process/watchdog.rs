//! Threads and processes are counted while a program runs, and it is ended at a cap: the kernel's own limit on them
//! counts all that its user runs, and not one program.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::platform;
use crate::process::output::own_thread;
use crate::process::reaper;

/// How many threads and processes a program may have.
pub const CAP: usize = 500;

/// How often they are counted.
const PERIOD: Duration = Duration::from_millis(20);

/// Counts until it is dropped.
#[derive(Debug)]
pub struct ThreadCapWatchdog {
    is_over: Arc<AtomicBool>,
    /// Dropped to end the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ThreadCapWatchdog {
    /// Keeps an eye on process `pid`.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread for it.
    pub fn start(pid: u32) -> io::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let (end, ended) = mpsc::channel();
        let seen = Arc::clone(&is_over);
        let thread = own_thread().spawn(move || {
            while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                if platform::threads(pid) + reaper::dependants(pid) > CAP {
                    seen.store(true, Ordering::SeqCst);
                    reaper::end_what_is_left(pid);
                }
            }
        })?;
        Ok(Self {
            is_over,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// Whether the program was ended because there were too many.
    #[must_use]
    pub fn has_ended_it(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}

impl Drop for ThreadCapWatchdog {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It only counts, so that there is nothing to hear from it.
            let _ = thread.join();
        }
    }
}
