//! What belongs to one machine has no place in the repository.

use std::fs;
use std::process::Command;

use crate::support::scratch::root;

#[test]
fn no_file_speaks_of_the_machine_that_it_was_written_on() {
    // In two pieces each, so that this file does not speak of them either.
    let strangers = [
        concat!("/wo", "rk/"),
        concat!("sha", "red/"),
        concat!("/tmp/", "target"),
    ];
    let Some(tracked) = tracked() else {
        return; // A copy without its history: there is nothing to ask.
    };
    for path in tracked {
        let Ok(text) = fs::read_to_string(root().join(&path)) else {
            continue;
        };
        for stranger in strangers {
            assert!(!text.contains(stranger), "{path} mentions {stranger}");
        }
    }
}

/// The files that git knows. `None` without git.
fn tracked() -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .ok()?;
    let list = String::from_utf8(output.stdout).ok()?;
    let files: Vec<String> = list.split_terminator('\0').map(str::to_string).collect();
    (output.status.success() && !files.is_empty()).then_some(files)
}
