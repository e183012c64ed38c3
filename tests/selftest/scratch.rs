//! Files that tests make for themselves, below the target folder.

use std::path::{Path, PathBuf};

/// A path for a test's own files, by a name that no other test uses.
pub fn scratch(name: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Makes a named pipe in place of whatever is there: who opens it waits for somebody at its other end.
#[cfg(target_os = "linux")]
pub fn pipe(path: &Path) {
    let _ = std::fs::remove_file(path);
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "mkfifo {}",
        path.display()
    );
}

/// Makes a program of a script for sh(1), in a folder of its own, which is returned.
///
/// A process of its own writes it. While this one had it open, each test that starts a program meanwhile would pass
/// that on to a child for a moment, and nobody can start what is open for writing: execve(2), ETXTBSY.
#[cfg(target_os = "linux")]
pub fn program(folder: &str, name: &str, script: &str) -> PathBuf {
    let folder = scratch(folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let write = "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\" && chmod +x \"$1\"";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", write, "sh"]).arg(folder.join(name));
    let made = command.arg(script).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "{name} is written"
    );
    folder
}
