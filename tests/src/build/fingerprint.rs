//! Hashes of values, files and folders. One of them stands for what the lab itself is built from: the build script
//! computes it, and so does the lab when it starts. Where the two differ, cargo has passed over a file that is older than
//! the build.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

/// The files and folders of the package from which the lab is built.
pub const SOURCES: [&str; 5] = ["Cargo.toml", "grade.rs", "grade", "src", "stages"];

/// A hash of [`SOURCES`] in the folder `package`.
///
/// # Errors
///
/// When one of them cannot be read.
pub fn of(package: &Path) -> io::Result<u64> {
    of_files(SOURCES.map(|source| package.join(source)))
}

/// A hash of the names and contents of files, and of all files below folders.
///
/// # Errors
///
/// When one of them cannot be read.
pub fn of_files(paths: impl IntoIterator<Item = PathBuf>) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        hash(&path, &mut hasher)?;
    }
    Ok(of_value(&hasher.finish()))
}

/// A hash of a value.
pub fn of_value(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.file_name().hash(hasher);
    if !path.is_dir() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    paths.iter().try_for_each(|path| hash(path, hasher))
}
