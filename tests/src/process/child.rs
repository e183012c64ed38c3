//! A program that was started: its process, its output, and how it is ended.

use std::cell::RefCell;
use std::io::Write;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use anyhow::Context;

use crate::platform::{
    self, CallCounts, CallWatch, CallWatchSetup, LIMITS, Limits, Sample, SleepingCall, Watching,
};
use crate::process::deadline::Deadline;
use crate::process::output::{NO_THREAD, Output, own_thread};
use crate::process::reaper;
use crate::process::watchdog::ThreadCapWatchdog;

/// How much of each output stream is kept.
const KEPT: usize = 256 * 1024;

/// How much of the input is written at a time, in bytes: so that it shows that it is being read.
const PIECE: usize = 16 * 1024;

/// What a program gets on its standard input.
#[derive(Debug)]
pub enum Stdin {
    /// The end, at once.
    Null,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// These bytes, and not the end.
    Some(Vec<u8>),
}

/// How a program is started.
#[derive(Debug)]
pub struct Launch {
    pub limits: Limits,
    pub input: Stdin,
    /// Bytes of its standard output that are kept at most; `None` for as many as of its standard error.
    pub kept: Option<usize>,
    /// Which of its calls are reported to us. `None`: none are.
    pub watching: Option<Watching>,
}

impl Launch {
    /// As every program of this lab is started, but for a client's input.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            limits: LIMITS,
            input: Stdin::Null,
            kept: None,
            watching: None,
        }
    }
}

#[derive(Debug)]
pub struct Process {
    child: RefCell<Child>,
    pid: u32,
    limits: Limits,
    watch: Option<(Watching, CallWatch)>,
    pub stdout: Output,
    pub stderr: Output,
    stdin_written: Arc<AtomicU64>,
    /// Writes the standard input, and keeps it open where it is to stay open.
    stdin_writer: RefCell<Option<JoinHandle<Option<ChildStdin>>>>,
    watchdog: ThreadCapWatchdog,
}

/// The threads of ours that a program needs.
struct Attached {
    stdout: Output,
    stderr: Output,
    stdin_written: Arc<AtomicU64>,
    stdin_writer: Option<JoinHandle<Option<ChildStdin>>>,
    watchdog: ThreadCapWatchdog,
}

impl Attached {
    fn to(child: &mut Child, input: Stdin, kept: usize) -> anyhow::Result<Self> {
        let stdout = child.stdout.take().context("no pipe")?;
        let stderr = child.stderr.take().context("no pipe")?;
        let stdin_written = Arc::new(AtomicU64::new(0));
        let stdin_writer = child
            .stdin
            .take()
            .map(|pipe| feed(pipe, input, Arc::clone(&stdin_written)));
        Ok(Self {
            stdout: Output::drain(stdout, kept)?,
            stderr: Output::drain(stderr, KEPT)?,
            stdin_writer: stdin_writer.transpose().context(NO_THREAD)?,
            watchdog: ThreadCapWatchdog::start(child.id()).context(NO_THREAD)?,
            stdin_written,
        })
    }
}

/// Writes `input` to `pipe`, counts in `progress` how many bytes were taken, and keeps the pipe where it is to stay open.
fn feed(
    mut pipe: ChildStdin,
    input: Stdin,
    progress: Arc<AtomicU64>,
) -> std::io::Result<JoinHandle<Option<ChildStdin>>> {
    own_thread().spawn(move || {
        let (bytes, stays_open) = match input {
            Stdin::Null => return None,
            Stdin::Bytes(bytes) => (bytes, false),
            Stdin::Some(bytes) => (bytes, true),
        };
        // A program that does not want all of its input is judged by what it does, not by this.
        for piece in bytes.chunks(PIECE) {
            if pipe.write_all(piece).is_err() {
                break;
            }
            progress.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        if stays_open {
            return Some(pipe);
        }
        close(pipe);
        None
    })
}

/// Closes `pipe`, which has no copy in a child that is being started.
fn close(pipe: ChildStdin) {
    let _none = reaper::none_is_starting();
    drop(pipe);
}

impl Process {
    /// Starts `command` as `launch` says.
    pub fn start(mut command: Command, launch: Launch) -> anyhow::Result<Self> {
        let Launch {
            limits,
            input,
            kept,
            watching,
        } = launch;
        let stdin = if matches!(input, Stdin::Null) {
            Stdio::null()
        } else {
            Stdio::piped()
        };
        command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        platform::forget_surroundings(&mut command);
        platform::confine(&mut command, limits);
        let prepare = |watching| {
            let setup = CallWatchSetup::prepare(&mut command, watching)?;
            Ok::<_, std::io::Error>((watching, setup))
        };
        let setup = watching.map(prepare).transpose();
        let setup = setup.context("cannot watch a program")?;
        platform::confine_descriptors(&mut command, limits);

        let started = reaper::start(&mut command);
        let mut child = started.with_context(|| format!("cannot start {command:?}"))?;
        let watch = setup.map(|(watching, setup)| Ok((watching, setup.watch()?)));
        let watch: std::io::Result<_> = watch.transpose();
        let attached = watch.context("cannot watch a program").and_then(|watch| {
            Ok((
                watch,
                Attached::to(&mut child, input, kept.unwrap_or(KEPT))?,
            ))
        });
        match attached {
            Ok((watch, attached)) => Ok(Self {
                watch,
                pid: child.id(),
                limits,
                watchdog: attached.watchdog,
                child: RefCell::new(child),
                stdout: attached.stdout,
                stderr: attached.stderr,
                stdin_written: attached.stdin_written,
                stdin_writer: RefCell::new(attached.stdin_writer),
            }),
            Err(error) => {
                reaper::end(&mut child);
                Err(error)
            }
        }
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The limits that it was started under.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The exit status, once it has exited.
    #[must_use]
    pub fn exited(&self) -> Option<ExitStatus> {
        self.child.borrow_mut().try_wait().ok().flatten()
    }

    /// What its threads are doing. `None` after its exit, and on systems that do not show it.
    #[must_use]
    pub fn sample(&self) -> Option<Sample> {
        if self.exited().is_some() {
            None
        } else {
            platform::sample(self.pid).map(|sample| self.with_naps(sample))
        }
    }

    /// As [`sample`](Self::sample), of its whole [`family`].
    #[must_use]
    pub fn family(&self) -> Option<Sample> {
        match self.exited() {
            Some(_) => None,
            None => family(self.pid).map(|sample| self.with_naps(sample)),
        }
    }

    /// To the kernel each call that is reported to us is a sleep. Where all are, naps and waits are what counts. And how
    /// long a nap takes that was interrupted by a stop, and goes on, was reported when it began.
    fn with_naps(&self, mut sample: Sample) -> Sample {
        if let Some((_, watch)) = &self.watch {
            for thread in &mut sample.threads {
                let is_resumed = |call: &&mut SleepingCall| call.timed && call.nap.is_none();
                if let Some(call) = thread.call.as_mut().filter(is_resumed) {
                    call.nap = watch.last_nap_of(thread.id);
                }
            }
        }
        if let Some((watching, watch)) = &self.watch {
            let counts = watch.counts();
            for thread in &mut sample.threads {
                thread.sleeps = match watching {
                    Watching::Every => counts.naps_of(thread.id),
                    Watching::Rare => thread.sleeps.saturating_sub(counts.reported_of(thread.id)),
                };
            }
        }
        sample
    }

    /// Its calls, where they are reported to us.
    #[must_use]
    pub fn watch(&self) -> Option<&CallWatch> {
        self.watch.as_ref().map(|(_, watch)| watch)
    }

    /// How often it made which calls, where each of them is reported to us.
    #[must_use]
    pub fn call_counts(&self) -> Option<CallCounts> {
        match &self.watch {
            Some((Watching::Every, watch)) => Some(watch.counts()),
            _ => None,
        }
    }

    /// How much input was written to its pipe so far, in bytes.
    #[must_use]
    pub fn stdin_written(&self) -> u64 {
        self.stdin_written.load(Ordering::Relaxed)
    }

    /// Whether all the input that it will ever get waits for it, or was read.
    #[must_use]
    pub fn is_fed(&self) -> bool {
        let writer = self.stdin_writer.borrow();
        writer.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Writes `bytes` to its standard input, which was left open and stays open.
    pub fn feed(&self, bytes: Vec<u8>) -> anyhow::Result<()> {
        let pipe = self.take_stdin().context("its input has ended")?;
        let progress = Arc::clone(&self.stdin_written);
        let writer = feed(pipe, Stdin::Some(bytes), progress).context(NO_THREAD)?;
        *self.stdin_writer.borrow_mut() = Some(writer);
        Ok(())
    }

    /// Ends its standard input.
    pub fn end_stdin(&self) {
        if let Some(pipe) = self.take_stdin() {
            close(pipe);
        }
    }

    /// Its standard input, once all that it was to get so far is written.
    fn take_stdin(&self) -> Option<ChildStdin> {
        let writer = self.stdin_writer.borrow_mut().take()?;
        writer.join().ok().flatten()
    }

    /// Whether it was ended because it had too many threads and processes.
    #[must_use]
    pub fn exceeded_thread_cap(&self) -> bool {
        self.watchdog.has_ended_it()
    }

    /// Stops all threads of the program, until [`resume`](Self::resume).
    #[must_use]
    pub fn stop(&self) -> bool {
        let is_stopped = || match self.sample() {
            Some(sample) => sample.is_stopped().then_some(true),
            None => Some(false),
        };
        platform::stop(self.pid) && Deadline::start().until_soon(is_stopped).unwrap_or(false)
    }

    pub fn resume(&self) {
        platform::resume(self.pid);
    }

    /// Ends it now, without asking.
    pub fn kill(&self) {
        reaper::end(&mut self.child.borrow_mut());
    }

    /// After its exit: what it printed last is here too.
    pub fn wait_for_output(&self) {
        if self.exited().is_some() {
            self.stdout.read_on();
            reaper::end_what_is_left(self.pid);
            let deadline = Deadline::last_look();
            self.stderr.wait_for_the_end(deadline);
            self.stdout.wait_for_the_end(deadline);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stdout.read_on();
        self.kill();
    }
}

/// What the threads of process `pid` are doing, together with those of the processes that it started: whether all of
/// them have settled. The latter are not to be asked about descriptors, since theirs have numbers of their own.
#[must_use]
pub fn family(pid: u32) -> Option<Sample> {
    let mut family = platform::sample(pid)?;
    let others = platform::descendants(pid);
    for mut thread in others
        .into_iter()
        .filter_map(platform::sample)
        .flat_map(|one| one.threads)
    {
        if let Some(call) = &mut thread.call {
            (call.descriptor, call.other_end) = (None, None);
        }
        // What is gone, and only not reaped, does nothing more.
        if thread.state != 'Z' {
            family.threads.push(thread);
        }
    }
    Some(family)
}
