//! The files of the exercises that are given and not the student's: the kit, manifests, each stage's `main.rs`. What they were
//! when they were shipped, a list of hashes says.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::build::files::{self, Files};
use crate::course::{STAGES, Stage};

/// The list, below the repository's root.
pub const LIST: &str = "tests/starters/given.txt";

const HEAD: &str = "# The given files of the exercises, and a hash of each: `cargo lab bless --slides` writes this.\n";

const KIT: &str = "exercises/kit";

/// At the root, that of all exercises.
const MANIFEST: &str = "Cargo.toml";

/// The given files on which the program of `stage` rests and which are not as they were shipped, below the repository's `root`.
/// None where nobody can tell.
#[must_use]
pub fn changed(root: &Path, stage: &Stage) -> Vec<String> {
    let list = fs::read_to_string(root.join(LIST)).unwrap_or_default();
    let of_stage = format!("exercises/{}/", stage.slug);
    let is_below =
        |path: &str| path == MANIFEST || path.starts_with(KIT) || path.starts_with(&of_stage);
    let lines = list.lines().filter_map(|line| line.split_once(' '));
    let others = lines.filter(|(hash, path)| {
        let is_same = fs::read(root.join(path)).is_ok_and(|bytes| self::hash(&bytes) == *hash);
        *hash != "#" && is_below(path) && !is_same
    });
    others.map(|(_, path)| path.to_string()).collect()
}

/// The list for the files as they are now.
///
/// # Errors
///
/// When one of them cannot be read.
pub fn list(root: &Path) -> anyhow::Result<String> {
    let mut text = HEAD.to_string();
    for (path, bytes) in read(root)? {
        let _ = writeln!(text, "{} {path}", hash(&bytes));
    }
    Ok(text)
}

fn read(root: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = Files::new();
    let mut read =
        |folder: &str| files::read_sources(&root.join(folder), folder.as_ref(), &mut files);
    let folders = STAGES
        .iter()
        .map(|stage| format!("exercises/{}", stage.slug));
    let folders: Vec<String> = folders.chain([KIT.into()]).collect();
    folders.iter().try_for_each(|folder| read(folder))?;
    let manifests = folders.iter().map(|folder| format!("{folder}/{MANIFEST}"));
    for manifest in manifests.chain([MANIFEST.into()]) {
        let bytes = files::read(&root.join(&manifest))?;
        files.insert(manifest.into(), bytes);
    }
    let is_students = |path: &Path| {
        let mut students = STAGES.iter().flat_map(|stage| {
            let folder = Path::new("exercises").join(stage.slug);
            stage.files.iter().map(move |file| folder.join(file))
        });
        students.any(|one| one == path)
    };
    files.retain(|path, _| !is_students(path));
    let name = |path: &Path| {
        let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
        parts
            .map(|parts| parts.join("/"))
            .context("a name that is no UTF-8")
    };
    files
        .into_iter()
        .map(|(path, bytes)| Ok((name(&path)?, bytes)))
        .collect()
}

/// FNV-1a in 64 bits, in hexadecimal. Line ends may be those of Windows.
fn hash(bytes: &[u8]) -> String {
    let bytes = bytes.iter().filter(|byte| **byte != b'\r');
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
