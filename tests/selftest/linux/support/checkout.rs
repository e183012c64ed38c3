//! A second checkout, for tests that change what only a student or a contributor may change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::linux::support::command::Lab;
use crate::support::scratch::{lab_program, root, scratch};

/// What a `lab` needs to find at home.
const NEEDED: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "exercises",
    "solutions",
    "tests",
    "README.md",
];

/// A copy of the repository without what was built in it.
pub struct Checkout {
    pub root: PathBuf,
}

impl Checkout {
    /// Makes it anew. Its name has a space and letters that are not ASCII, as a student's folder may.
    pub fn new(name: &str) -> Self {
        let root_of_it = scratch(format!("übung {name}"));
        let _ = fs::remove_dir_all(&root_of_it);
        fs::create_dir_all(&root_of_it)
            .unwrap_or_else(|error| panic!("{}: {error}", root_of_it.display()));
        for needed in NEEDED {
            copy(&root().join(needed), &root_of_it.join(needed));
        }
        Self { root: root_of_it }
    }

    /// A run of the `lab` that was built here, at home there.
    pub fn lab(&self, arguments: &[&str]) -> Lab {
        self.lab_started_by(&[], arguments)
    }

    /// As [`lab`](Self::lab), where other commands come first.
    pub fn lab_started_by(&self, others: &[&str], arguments: &[&str]) -> Lab {
        let mut lab =
            Lab::started_by(others, arguments).env("CARGO_MANIFEST_DIR", self.root.join("tests"));
        lab.command.current_dir(&self.root);
        lab
    }

    /// Puts the `lab` that was built here to where cargo would have built it there.
    pub fn has_its_own_lab(&self) {
        let folder = self.path("target/debug");
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        // By a process of its own: see `scratch::program`.
        let mut cp = Command::new("cp");
        let copied = cp.arg(lab_program()).arg(folder.join("lab")).status();
        assert!(copied.is_ok_and(|status| status.success()));
    }

    /// A run of that one, started by its path and not by cargo.
    pub fn own_lab(&self, arguments: &[&str]) -> Lab {
        let mut lab = Lab::of(&self.path("target/debug/lab"), arguments);
        lab.command
            .current_dir(&self.root)
            .env_remove("CARGO_MANIFEST_DIR");
        lab
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }
}

fn copy(from: &Path, to: &Path) {
    try_to_copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

fn try_to_copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name() != "target" {
            try_to_copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
