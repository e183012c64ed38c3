//! A program that was started: its process, its output, and how it is ended.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
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
    /// What is to be written to its standard input, which is open as long as this is.
    stdin: RefCell<Option<Sender<Vec<u8>>>>,
    /// How many bytes that is so far.
    stdin_given: Cell<u64>,
    stdin_writer: Option<JoinHandle<()>>,
    watchdog: ThreadCapWatchdog,
}

/// The threads of ours that a program needs.
struct Attached {
    stdout: Output,
    stderr: Output,
    stdin: Option<Sender<Vec<u8>>>,
    stdin_given: u64,
    stdin_written: Arc<AtomicU64>,
    stdin_writer: Option<JoinHandle<()>>,
    watchdog: ThreadCapWatchdog,
}

impl Attached {
    fn to(child: &mut Child, input: Stdin, kept: usize) -> anyhow::Result<Self> {
        let stdout = child.stdout.take().context("no pipe")?;
        let stderr = child.stderr.take().context("no pipe")?;
        let stdin_written = Arc::new(AtomicU64::new(0));
        let (more, coming) = mpsc::channel();
        let stdin_writer = child
            .stdin
            .take()
            .map(|pipe| write_all_of(coming, pipe, Arc::clone(&stdin_written)));
        let (bytes, stdin) = match input {
            Stdin::Null => (Vec::new(), None),
            Stdin::Bytes(bytes) => (bytes, None),
            Stdin::Some(bytes) => (bytes, Some(more.clone())),
        };
        let stdin_given = bytes.len() as u64;
        // Where there is no pipe, nobody takes it.
        let _ = more.send(bytes);
        Ok(Self {
            stdout: Output::drain(stdout, kept)?,
            stderr: Output::drain(stderr, KEPT)?,
            stdin,
            stdin_given,
            stdin_writer: stdin_writer.transpose().context(NO_THREAD)?,
            watchdog: ThreadCapWatchdog::start(child.id()).context(NO_THREAD)?,
            stdin_written,
        })
    }
}

/// Writes to `pipe` all that is `coming`, counts in `written` how much of it is done with, and closes the pipe behind that. Who does not
/// read keeps nobody waiting but this thread of ours.
fn write_all_of(
    coming: Receiver<Vec<u8>>,
    mut pipe: ChildStdin,
    written: Arc<AtomicU64>,
) -> std::io::Result<JoinHandle<()>> {
    own_thread().spawn(move || {
        let mut is_wanted = true;
        for bytes in coming {
            for piece in bytes.chunks(PIECE) {
                // A program that does not want all of its input is judged by what it does, not by this.
                is_wanted = is_wanted && pipe.write_all(piece).is_ok();
                written.fetch_add(piece.len() as u64, Ordering::Relaxed);
            }
        }
        close(pipe);
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
                stdin: RefCell::new(attached.stdin),
                stdin_given: Cell::new(attached.stdin_given),
                stdin_writer: attached.stdin_writer,
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
        match *self.stdin.borrow() {
            Some(_) => self.stdin_written() >= self.stdin_given.get(),
            None => (self.stdin_writer.as_ref()).is_none_or(JoinHandle::is_finished),
        }
    }

    /// Writes `bytes` to its standard input, which was left open and stays open, as soon as there is room.
    pub fn feed(&self, bytes: Vec<u8>) -> anyhow::Result<()> {
        let stdin = self.stdin.borrow();
        let stdin = stdin.as_ref().context("its input has ended")?;
        let given = self.stdin_given.get() + bytes.len() as u64;
        self.stdin_given.set(given);
        // One that is gone takes nothing.
        let _ = stdin.send(bytes);
        Ok(())
    }

    /// Ends its standard input, behind all that it was to get.
    pub fn end_stdin(&self) {
        self.stdin.borrow_mut().take();
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
