//! Files, compared by content and dated by us.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail, ensure};

/// Older than any build: the year 2000.
pub(crate) const OLD: Duration = Duration::from_secs(946_684_800);

/// Newer than any build: the year 2037, up to which every file system counts.
pub(crate) const NEW: Duration = Duration::from_secs(2_145_916_800);

/// Contents of files, by path.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Maximum bytes of a file.
const LARGEST: u64 = 16 << 20;

/// Maximum depth of folders.
const DEEPEST: u32 = 8;

/// Reads a file that has to be one.
///
/// # Errors
///
/// When it is missing, is something else, or cannot be read.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    // A pipe or a device would be read for ever.
    if path.exists() && !path.is_file() {
        bail!("{} is not a file", path.display());
    }
    fs::read(path).with_context(|| cannot("read", path))
}

/// Reads the sources below `from`, as files below `to`. Whatever else is there, such as a copy that an editor keeps, is left
/// out, and so is what is much larger or deeper than any source.
///
/// # Errors
///
/// When something cannot be read.
pub(crate) fn read_sources(from: &Path, to: &Path, files: &mut Files) -> anyhow::Result<()> {
    read_down_to(DEEPEST, from, to, files)
}

fn read_down_to(depth: u32, from: &Path, to: &Path, files: &mut Files) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| cannot("read", from))? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.metadata() {
            Ok(found) if found.is_dir() && depth > 0 => {
                read_down_to(depth - 1, &path, &to, files)?;
            }
            Ok(found) if found.is_file() && is_source(&path) && found.len() <= LARGEST => {
                files.insert(to, read(&path)?);
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Writes `bytes` to `path`, unless they stand there already.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn mirror(bytes: &[u8], path: &Path) -> anyhow::Result<()> {
    match fs::read(path) {
        Ok(known) if known == bytes => return Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| cannot("read", path));
        }
        _ => {}
    }
    let folder = path.parent().context("a file stands in a folder")?;
    fs::create_dir_all(folder).with_context(|| cannot("make", folder))?;
    fs::write(path, bytes).with_context(|| cannot("write", path))
}

/// Removes the file at `path`, if there is one.
///
/// # Errors
///
/// When it cannot be removed.
pub(crate) fn forget(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| cannot("remove", path))
        }
        _ => Ok(()),
    }
}

/// Sets the time at which the file was changed last, since the epoch.
///
/// # Errors
///
/// When the file system does not keep it.
pub(crate) fn set_time(path: &Path, time: Duration) -> anyhow::Result<()> {
    let wanted = SystemTime::UNIX_EPOCH + time;
    let shown = || path.metadata().and_then(|found| found.modified());
    if shown().is_ok_and(|time| time == wanted) {
        return Ok(());
    }
    let file = File::options().write(true).open(path);
    file.and_then(|file| file.set_modified(wanted))
        .with_context(|| format!("cannot set the time stamp of {}", path.display()))?;
    ensure!(
        shown()? == wanted,
        "the file system of {} does not keep time stamps; set CARGO_TARGET_DIR to a folder on another one",
        path.display()
    );
    Ok(())
}

/// The beginning of a message about a file.
#[must_use]
pub(crate) fn cannot(act: &str, path: &Path) -> String {
    format!("cannot {act} {}", path.display())
}
