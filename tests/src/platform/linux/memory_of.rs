//! What stands in the memory of another process: /proc/PID/mem in proc(5).

use std::cell::OnceCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use crate::platform::linux::proc;

/// The memory of a process, or of the one that a thread belongs to. Where we may not look, nothing is found in it.
#[derive(Debug)]
pub(super) struct Memory {
    pid: u32,
    /// Opened at the first look.
    file: OnceCell<Option<File>>,
}

impl Memory {
    pub(super) fn of(pid: u32) -> Self {
        Self {
            pid,
            file: OnceCell::new(),
        }
    }

    /// So many bytes from `pointer` on.
    pub(super) fn bytes(&self, pointer: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.fill(pointer, &mut bytes).ok()?;
        Some(bytes)
    }

    pub(super) fn word(&self, pointer: u64) -> Option<u64> {
        let mut word = [0; 8];
        self.fill(pointer, &mut word).ok()?;
        Some(u64::from_ne_bytes(word))
    }

    /// Two words: seconds, and a count of `unit`.
    pub(super) fn time(&self, pointer: u64, unit: Duration) -> Option<Duration> {
        let seconds = self.word(pointer)?;
        let rest = u32::try_from(self.word(pointer.checked_add(8)?)?).ok();
        let rest = rest.filter(|rest| *rest < 1_000_000_000)?;
        Some(Duration::from_secs(seconds).saturating_add(unit * rest))
    }

    /// The length of all pieces that readv(2) or writev(2) was given, in bytes.
    pub(super) fn length_of_pieces(&self, arguments: [u64; 6]) -> u64 {
        let pieces = 0..arguments[2].min(MOST_PIECES);
        let length = |piece| self.word(arguments[1] + 16 * piece + 8);
        pieces.filter_map(length).sum()
    }

    fn fill(&self, pointer: u64, bytes: &mut [u8]) -> io::Result<()> {
        let open = || File::open(proc::of(self.pid).join("mem")).ok();
        let file = self.file.get_or_init(open).as_ref();
        file.ok_or(io::ErrorKind::PermissionDenied)?
            .read_exact_at(bytes, pointer)
    }
}

/// As many pieces as the kernel takes at once: `IOV_MAX`.
const MOST_PIECES: u64 = 1024;
