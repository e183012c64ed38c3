//! The processor time of a thread: /proc/PID/schedstat in proc(5).

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use crate::platform::linux::{proc, time_in};

/// The clock of the thread that was looked at last, kept open: a program that goes round prints a tick in each round.
#[derive(Debug, Default)]
pub(super) struct Clock(Option<(u32, File)>);

impl Clock {
    /// The processor time that `thread` has used so far.
    pub(super) fn of(&mut self, thread: u32) -> Option<Duration> {
        let kept = self.0.as_ref().filter(|(id, _)| *id == thread);
        // The clock of a thread that has ended tells nothing, and its number may be another's by now.
        if let Some(cpu) = kept.and_then(|(_, file)| read(file)) {
            return Some(cpu);
        }
        let file = File::open(proc::of(thread).join("schedstat")).ok()?;
        let cpu = read(&file);
        self.0 = Some((thread, file));
        cpu
    }
}

fn read(file: &File) -> Option<Duration> {
    let mut line = [0; 64];
    let length = file.read_at(&mut line, 0).ok()?;
    time_in(str::from_utf8(&line[..length]).ok()?)
}
