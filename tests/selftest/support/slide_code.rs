//! The small programs that decks show: `slides/code/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lab::build::cargo;

use super::scratch::{profile, root};

/// The names of those in Rust, in alphabetical order.
pub fn in_rust() -> Vec<String> {
    names("slides/code/src/bin", "rs")
}

/// The names of those in Python.
pub fn in_python() -> Vec<String> {
    names("slides/code/python", "py")
}

fn names(folder: &str, ending: &str) -> Vec<String> {
    let entries =
        fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let named = paths.filter(|path| path.extension().is_some_and(|found| found == ending));
    let mut names: Vec<String> = named
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_string()))
        .collect();
    names.sort();
    names
}

/// A program in Rust, built.
pub fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let built = cargo()
            .args([
                "build",
                "--quiet",
                "--package",
                "slides",
                "--bins",
                "--target-dir",
            ])
            .args(profile().parent())
            .current_dir(root())
            .output()
            .expect("cargo can be started");
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        profile()
    });
    folder.join(Path::new(name).with_extension(std::env::consts::EXE_EXTENSION))
}
