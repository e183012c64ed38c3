//! A workspace of ours for a subject that is not: manifests, lock, kit and given code are the lab's own, and
//! only the students' files are theirs.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::course::{STAGES, Stage};
use crate::subject::{House, Subject};

/// Puts the students' files of `stages`, which were read before, over the skeleton, and returns its manifest. The
/// lock must be held.
pub(crate) fn stage(
    house: &House,
    subject: &Subject,
    stages: &[&Stage],
) -> anyhow::Result<PathBuf> {
    let folder = house.target.join("skeleton");
    let exercises = house.root.join("exercises");
    let manifest = folder.join("Cargo.toml");
    write(&manifest, workspace(&house.root)?.as_bytes())?;
    mirror(&house.root.join("Cargo.lock"), &folder.join("Cargo.lock"))?;
    mirror_all(&exercises.join("kit"), &folder.join("exercises/kit"))?;
    for stage in STAGES {
        let (given, ours) = (
            exercises.join(stage.slug),
            folder.join("exercises").join(stage.slug),
        );
        for file in ["Cargo.toml", "src/main.rs", "tests/grade.rs"] {
            mirror(&given.join(file), &ours.join(file))?;
        }
    }
    for (stage, file) in stages
        .iter()
        .flat_map(|stage| stage.files.iter().map(move |file| (stage, file)))
    {
        // Always written anew: an old time stamp would make cargo take an earlier subject's program.
        let source = subject.folder.join(stage.slug).join(file);
        let bytes =
            fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
        let ours = folder.join("exercises").join(stage.slug).join(file);
        let _ = fs::remove_file(&ours);
        write(&ours, &bytes)?;
    }
    Ok(manifest)
}

/// The root manifest with the stages as its only members.
fn workspace(root: &Path) -> anyhow::Result<String> {
    let path = root.join("Cargo.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let Some(shared) = text.find("[workspace.package]") else {
        bail!("{} has no [workspace.package]", path.display());
    };
    let stages: String = STAGES
        .iter()
        .map(|stage| format!(", \"exercises/{}\"", stage.slug))
        .collect();
    Ok(format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"exercises/kit\"{stages}]\n\n{}",
        &text[shared..]
    ))
}

fn mirror_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            mirror_all(&entry.path(), &to)?;
        } else {
            mirror(&entry.path(), &to)?;
        }
    }
    Ok(())
}

/// Copies a file of ours. One that is already there keeps its time stamp, so that nothing is built twice.
fn mirror(from: &Path, to: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    match fs::read(to) {
        Ok(known) if known == bytes => Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot read {}", to.display()))
        }
        _ => write(to, &bytes),
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("a file stands in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
