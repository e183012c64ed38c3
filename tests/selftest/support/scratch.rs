//! Where the lab that is tested stands, and files that tests make for themselves. All of it is found out when a test
//! runs: the clone may have been moved since it was compiled.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use lab::build::repo::Repo;

/// The repository's root.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let repo = Repo::find();
        repo.unwrap_or_else(|error| panic!("the lab is not found: {error:#}"))
            .root
    });
    &ROOT
}

/// The `lab` that was built together with these tests.
pub fn lab_program() -> PathBuf {
    let told = env::var_os("CARGO_BIN_EXE_lab").map(PathBuf::from);
    told.unwrap_or_else(|| built("lab"))
}

/// The program that `lab bench` calls, built together with these tests.
#[cfg(target_os = "linux")]
pub fn bench_program() -> PathBuf {
    let told = env::var_os("CARGO_BIN_EXE_bench").map(PathBuf::from);
    told.unwrap_or_else(|| built("bench"))
}

fn built(name: &str) -> PathBuf {
    profile()
        .join(name)
        .with_extension(env::consts::EXE_EXTENSION)
}

/// A path for a test's own files, by a name that no other test uses.
pub fn scratch(name: impl AsRef<Path>) -> PathBuf {
    let target = profile().parent().map(Path::to_path_buf);
    let target = target.expect("cargo builds into a target folder");
    target.join("tmp").join(name)
}

/// The folder that cargo has built into: `target/debug`.
pub fn profile() -> PathBuf {
    let program = env::current_exe().expect("a program knows where it stands");
    let folder = program.ancestors().nth(2).map(Path::to_path_buf);
    folder.expect("tests stand in target/debug/deps")
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
