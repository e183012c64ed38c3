//! The processes that we started and that still run. Nothing stays behind: not when a check ends, and not
//! when the grader is interrupted.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError, RwLock, RwLockReadGuard};

use anyhow::Context;

use crate::platform::{self, Ignored};
pub use crate::platform::{NoneIsStarting, none_is_starting};

/// The children that we know of. Whoever starts one writes for as long as it takes, so that a child is never taken for an
/// orphan in the moment before it is known. All others only read, side by side: there are many who look, and some look
/// for long.
static LIVE: LazyLock<RwLock<HashSet<u32>>> = LazyLock::new(RwLock::default);

/// Set before anything is ended because of an interruption.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Set while nothing is to be started, since nobody wants to know what it would do.
static CALLED_OFF: AtomicBool = AtomicBool::new(false);

/// Set while another program has the terminal, and Ctrl-C is meant for that one.
static LENT: AtomicBool = AtomicBool::new(false);

/// What is to be done before an interruption ends us: to leave the terminal as it was.
static FAREWELL: Mutex<Option<fn()>> = Mutex::new(None);

/// The exit code after an interruption, as shells have it.
const INTERRUPTED_CODE: i32 = 130;

/// Starts `command` and remembers the child until [`end`].
pub fn start(command: &mut Command) -> io::Result<Child> {
    let mut live = LIVE.write().unwrap_or_else(PoisonError::into_inner);
    if CALLED_OFF.load(Ordering::SeqCst) {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let starting = platform::starting();
    let child = command.spawn()?;
    drop(starting);
    live.insert(child.id());
    Ok(child)
}

/// How many processes there are that the program with process `pid` may have started: its descendants, and those of
/// programs that are gone.
#[must_use]
pub fn dependants(pid: u32) -> usize {
    let orphans = platform::orphans(&live());
    let of_orphans = orphans.iter().map(|&one| platform::descendants(one).len());
    platform::descendants(pid).len() + orphans.len() + of_orphans.sum::<usize>()
}

/// Ends `child` with its process group and all that it left behind, and reaps them.
pub fn end(child: &mut Child) {
    platform::end_group(child.id());
    let _ = child.kill();
    let _ = child.wait();
    let mut known = LIVE.write().unwrap_or_else(PoisonError::into_inner);
    known.remove(&child.id());
    drop(known);
    platform::end_orphans(&live());
}

/// All that we had started is ended. While this is held, nothing new is started.
#[derive(Debug)]
pub struct CalledOff(());

/// Ends all that we started, where nobody wants to know any more what becomes of it. Whoever started it finds it ended, and
/// reaps it.
#[must_use]
pub fn call_off() -> CalledOff {
    CALLED_OFF.store(true, Ordering::SeqCst);
    live().iter().for_each(|&pid| platform::end_group(pid));
    CalledOff(())
}

impl Drop for CalledOff {
    fn drop(&mut self) {
        CALLED_OFF.store(false, Ordering::SeqCst);
    }
}

/// While this is held, another program has the terminal: Ctrl-C ends that one, and not us.
#[derive(Debug)]
pub struct Lent(());

#[must_use]
pub fn lend_the_terminal() -> Lent {
    LENT.store(true, Ordering::SeqCst);
    Lent(())
}

impl Drop for Lent {
    fn drop(&mut self) {
        LENT.store(false, Ordering::SeqCst);
    }
}

/// From now on this is done before an interruption ends us.
pub fn say_farewell_with(farewell: fn()) {
    *FAREWELL.lock().unwrap_or_else(PoisonError::into_inner) = Some(farewell);
}

/// Ends what a program that has exited left behind: its process group, and orphans that left even that.
pub fn end_what_is_left(pid: u32) {
    platform::end_group(pid);
    platform::end_orphans(&live());
}

/// Makes Ctrl-C, and a polite request to end, end everything that we started first. A request that whoever started us has
/// chosen to ignore stays ignored: nohup(1).
///
/// The exit code is 130 then, as shells have it.
pub fn end_all_when_interrupted() {
    handle(|| {
        if LENT.load(Ordering::SeqCst) {
            return;
        }
        INTERRUPTED.store(true, Ordering::SeqCst);
        // Kept to the end, so that nothing new is started.
        let live = live();
        live.iter().for_each(|&pid| platform::end_group(pid));
        platform::end_orphans(&HashSet::new());
        interrupted()
    });
}

/// Runs this program again as a child of ours, with a family of its own: every child that it will have, it has started.
/// Ends with the same exit code.
///
/// A shell that becomes us by exec leaves us its children, and those are nobody's to end.
pub fn start_over_in_a_child() -> anyhow::Result<Infallible> {
    let program = std::env::current_exe().context("cannot tell where this program stands")?;
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1));
    platform::end_with_us(&mut command);
    let mut child = command.spawn().context("cannot start this program again")?;
    let pid = child.id();
    // It ends everything, and then us.
    handle(move || platform::ask_to_end(pid));
    let status = child.wait().context("cannot wait for this program")?;
    let code = status.code().unwrap_or(INTERRUPTED_CODE);
    end_with(code)
}

fn handle(request: impl FnMut() + 'static + Send) {
    let ignored = Ignored::now();
    match ctrlc::set_handler(request) {
        Ok(()) => ignored.stay(),
        Err(error) => eprintln!("Ctrl-C may leave programs behind: {error}"),
    }
}

/// After an interruption whatever was seen of programs means nothing: they were ended by us. Whoever is about
/// to tell of it waits here instead, for the end that is under way.
pub fn block_if_interrupted() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

fn interrupted() -> ! {
    let farewell = *FAREWELL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(farewell) = farewell {
        farewell();
    }
    end_with(INTERRUPTED_CODE)
}

#[expect(
    clippy::exit,
    reason = "the only way out of a handler; there is no `main` to return to"
)]
fn end_with(code: i32) -> ! {
    std::process::exit(code)
}

type Live = RwLockReadGuard<'static, HashSet<u32>>;

/// As long as this is held, none is started.
fn live() -> Live {
    LIVE.read().unwrap_or_else(PoisonError::into_inner)
}
