//! Waits for saves. The system tells of them; where it does not, it shows, since a slow look finds them too.

use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::build::repo::Repo;
use crate::course::Stage;
use crate::desk::edits::Edits;
use crate::process::output::NO_THREAD;

/// How often the files are looked at where the system tells of changes, and where it does not.
const SLOW: Duration = Duration::from_secs(2);
const QUICK: Duration = Duration::from_millis(300);

/// One save makes several changes. It is over when nothing has come for so long, and this may take so long in all.
const QUIET: Duration = Duration::from_millis(20);
const MOST: Duration = Duration::from_millis(200);

/// How long a message of the system may be on its way.
const LATE: Duration = Duration::from_millis(500);

/// What was seen of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// A file of this stage was written.
    Saved(&'static Stage),
    /// The system does not tell of changes here: files are looked at again and again.
    Polled,
}

/// Watches the exercises of `repo`, and tells of what it sees until this program ends.
///
/// # Errors
///
/// When the system refuses a thread.
pub fn watch(repo: &Repo, tell: impl FnMut(Watched) + Send + 'static) -> anyhow::Result<()> {
    let exercises = repo.root.join("exercises");
    let (send, changes) = mpsc::channel();
    let kept = send.clone();
    let watcher = watcher(&exercises, move || _ = send.send(()));
    let is_told = watcher.is_ok();
    // Before anybody reads the files: what is saved from now on is a change.
    let edits = Edits::now(&exercises);
    let look = move || {
        // They are needed for as long as this runs: the one tells of changes, the other keeps the channel open.
        let _kept = (watcher, kept);
        watch_by(edits, &changes, is_told, tell);
    };
    let thread = thread::Builder::new().name("watching".into());
    thread.spawn(look).context(NO_THREAD)?;
    Ok(())
}

/// Has the system call `changed` when a file below `folder` may have been written.
///
/// # Errors
///
/// When the system cannot watch it.
pub fn watcher(
    folder: &Path,
    changed: impl Fn() + Send + 'static,
) -> notify::Result<RecommendedWatcher> {
    // What was written is found out by a look, which is an access itself, and no change.
    let told = move |message: notify::Result<notify::Event>| match message {
        Ok(event) if event.kind.is_access() => {}
        Ok(_) | Err(_) => changed(),
    };
    let mut watcher = notify::recommended_watcher(told)?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(watcher)
}

/// Tells of each save since `edits`. A message in `changes` says that there may be one. Ends when nobody can send one any
/// more.
pub fn watch_by(
    mut edits: Edits,
    changes: &Receiver<()>,
    is_told: bool,
    mut tell: impl FnMut(Watched),
) {
    let mut polls = !is_told;
    if polls {
        tell(Watched::Polled);
    }
    loop {
        let patience = if polls { QUICK } else { SLOW };
        let is_told = match changes.recv_timeout(patience) {
            Ok(()) => true,
            Err(mpsc::RecvTimeoutError::Timeout) => false,
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        };
        if is_told {
            wait_for_quiet(changes);
        }
        let Some(mut stage) = edits.look() else {
            continue;
        };
        if edits.lacks_one() {
            wait_for_quiet(changes);
            stage = edits.look().unwrap_or(stage);
        }
        if !is_told && !polls && changes.recv_timeout(LATE).is_err() {
            polls = true;
            tell(Watched::Polled);
        }
        tell(Watched::Saved(stage));
    }
}

fn wait_for_quiet(changes: &Receiver<()>) {
    let start = Instant::now();
    while start.elapsed() < MOST && changes.recv_timeout(QUIET).is_ok() {}
}
