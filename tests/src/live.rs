//! The processes that we started and that still run. Nothing stays behind: not when a check ends, and not
//! when the grader is interrupted.

use std::collections::HashSet;
use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::platform;

/// The children that we know of. Whoever starts or ends one holds the lock, so that a child is never taken
/// for an orphan in the moment before it is known.
static LIVE: LazyLock<Mutex<HashSet<u32>>> = LazyLock::new(Mutex::default);

/// Set before anything is ended because of an interruption.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Starts `command` and remembers the child until [`end`].
pub fn start(command: &mut Command) -> io::Result<Child> {
    let mut live = lock();
    let child = command.spawn()?;
    live.insert(child.id());
    Ok(child)
}

/// Ends `child` with its process group and all that it left behind, and reaps them.
pub fn end(child: &mut Child) {
    platform::end_group(child.id());
    let _ = child.kill();
    let _ = child.wait();
    let mut live = lock();
    live.remove(&child.id());
    platform::end_orphans(&live);
}

/// Ends what a program that has exited left behind: its process group, and orphans that left even that.
pub fn end_what_is_left(pid: u32) {
    platform::end_group(pid);
    platform::end_orphans(&lock());
}

/// Makes Ctrl-C, and a polite request to end, end everything that we started first.
///
/// The exit code is 130 then, as shells have it.
pub fn end_all_when_interrupted() {
    let installed = ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::SeqCst);
        // The lock is kept to the end, so that nothing new is started.
        let live = lock();
        live.iter().for_each(|&pid| platform::end_group(pid));
        platform::end_orphans(&HashSet::new());
        interrupted()
    });
    if let Err(error) = installed {
        eprintln!("Ctrl-C may leave programs behind: {error}");
    }
}

/// After an interruption whatever was seen of programs means nothing: they were ended by us. Whoever is about
/// to tell of it waits here instead, for the end that is under way.
pub fn say_nothing_if_interrupted() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

#[expect(
    clippy::exit,
    reason = "the only way out of a handler; there is no `main` to return to"
)]
fn interrupted() -> ! {
    std::process::exit(130)
}

fn lock() -> MutexGuard<'static, HashSet<u32>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}
