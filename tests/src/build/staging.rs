//! Where programs are built: a workspace of the lab's own, into which everything that a stage consists of is copied.
//!
//! Cargo compares time stamps. A file that was moved, restored or unpacked may be older than the last build, and cargo
//! would pass it over. So contents are compared here, and the copies get time stamps that leave no doubt: the root of a
//! crate that has to be built is newer than any build, and every other file is older than any.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::build::files::{Files, NEW, OLD, cannot, forget, mirror, read, read_sources, set_time};
use crate::build::fingerprint;
use crate::build::repo::Repo;
use crate::build::subject::{Kind, Subject};
use crate::course::Stage;

/// The folder in which packages stand, in the workspace and in messages of the compiler.
const FOLDER: &str = "exercises";

/// A crate of the workspace.
#[derive(Debug)]
struct Crate {
    /// The name of its package.
    package: &'static str,
    /// The file that the compiler is called with.
    root: PathBuf,
    files: Files,
    /// A hash of all that it is built from.
    content: u64,
}

/// What one stage is built from, read at one moment.
#[derive(Debug)]
pub(crate) struct Parts {
    stage: Crate,
    kit: Crate,
    /// The text of each of the student's files.
    pub sources: Vec<String>,
}

impl Parts {
    /// Reads `stage` of `subject`; `sources` are the student's files, which were read before.
    ///
    /// # Errors
    ///
    /// When given code is missing.
    pub fn read(
        repo: &Repo,
        subject: &Subject,
        stage: &Stage,
        sources: Vec<String>,
    ) -> anyhow::Result<Self> {
        let given = match subject.kind {
            Kind::Exercises | Kind::Solutions => subject.folder.join(stage.slug),
            Kind::Submission => repo.root.join("exercises").join(stage.slug),
        };
        let to = Path::new(FOLDER).join(stage.slug);
        let mut files = Files::new();
        for file in ["Cargo.toml", "src/main.rs", "tests/grade.rs"] {
            files.insert(to.join(file), read(&given.join(file))?);
        }
        // A student may have written a module of their own beside the file.
        if subject.kind != Kind::Submission {
            read_sources(&given.join("src"), &to.join("src"), &mut files)?;
        }
        for (file, source) in stage.files.iter().zip(&sources) {
            files.insert(to.join(file), source.clone().into_bytes());
        }
        let kit = kit(repo)?;
        let content = fingerprint::of_value(&(kit.content, &files));
        Ok(Self {
            stage: Crate {
                package: stage.package(),
                root: to.join("src/main.rs"),
                files,
                content,
            },
            kit,
            sources,
        })
    }

    /// The name of the stage's package.
    #[must_use]
    pub fn package(&self) -> &'static str {
        self.stage.package
    }

    /// A hash of all that the program is built from.
    #[must_use]
    pub fn content(&self) -> u64 {
        self.stage.content
    }
}

/// The given code that every stage stands on.
fn kit(repo: &Repo) -> anyhow::Result<Crate> {
    let (from, to) = (
        repo.root.join("exercises/kit"),
        Path::new(FOLDER).join("kit"),
    );
    let mut files = Files::new();
    files.insert(to.join("Cargo.toml"), read(&from.join("Cargo.toml"))?);
    read_sources(&from.join("src"), &to.join("src"), &mut files)?;
    let manifests = ["Cargo.toml", "Cargo.lock"].map(|file| read(&repo.root.join(file)));
    let manifests = manifests.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Crate {
        package: "kit",
        root: to.join("src/lib.rs"),
        content: fingerprint::of_value(&(manifests, &files)),
        files,
    })
}

/// A workspace that holds the crates of some stages.
#[derive(Debug)]
pub(crate) struct Workspace<'a> {
    folder: PathBuf,
    crates: Vec<&'a Crate>,
}

impl<'a> Workspace<'a> {
    /// Copies `parts` into the workspace in `folder`. The lock must be held.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or the file system does not keep time stamps.
    pub fn stage(repo: &Repo, folder: PathBuf, parts: &'a [Parts]) -> anyhow::Result<Self> {
        let kit = parts.first().map(|parts| &parts.kit);
        let stages = parts.iter().map(|parts| &parts.stage);
        let crates: Vec<&Crate> = kit.into_iter().chain(stages).collect();
        let workspace = Self { folder, crates };
        let manifest = workspace.manifest(&repo.root)?;
        mirror(manifest.as_bytes(), &workspace.folder.join("Cargo.toml"))?;
        let lock = read(&repo.root.join("Cargo.lock"))?;
        mirror(&lock, &workspace.folder.join("Cargo.lock"))?;
        for part in &workspace.crates {
            workspace.copy(part)?;
        }
        Ok(workspace)
    }

    #[must_use]
    pub fn manifest_path(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    /// Remembers that the crate of `package` was built as it stands here.
    ///
    /// # Errors
    ///
    /// When that cannot be written.
    pub fn was_built(&self, package: &str) -> anyhow::Result<()> {
        let known = self.crates.iter().find(|part| part.package == package);
        let Some(part) = known else { return Ok(()) };
        set_time(&self.folder.join(&part.root), OLD)?;
        mirror(mark(part).as_bytes(), &self.mark_of(part))
    }

    /// The root manifest with the crates as its only members.
    fn manifest(&self, root: &Path) -> anyhow::Result<String> {
        let text = String::from_utf8(read(&root.join("Cargo.toml"))?)?;
        let shared = text.find("[workspace.package]");
        let shared = shared.context("the manifest of the lab has no [workspace.package]")?;
        let folders = self
            .crates
            .iter()
            .filter_map(|part| part.root.ancestors().nth(2));
        let members: Vec<String> = folders
            .map(|folder| format!("{:?}", folder.to_string_lossy().replace('\\', "/")))
            .collect();
        Ok(format!(
            "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n{}",
            members.join(", "),
            &text[shared..]
        ))
    }

    /// Copies a crate, and makes cargo build it again unless just this was built last.
    fn copy(&self, part: &Crate) -> anyhow::Result<()> {
        let was_built =
            fs::read(self.mark_of(part)).is_ok_and(|known| known == mark(part).as_bytes());
        if !was_built {
            forget(&self.mark_of(part))?;
        }
        let folder = part.root.ancestors().nth(2).unwrap_or(&part.root);
        self.remove_others(&self.folder.join(folder), part)?;
        for (path, bytes) in &part.files {
            let path = self.folder.join(path);
            mirror(bytes, &path)?;
            let is_new = !was_built && path.ends_with(&part.root);
            set_time(&path, if is_new { NEW } else { OLD })?;
        }
        Ok(())
    }

    /// Removes what stands below `folder` and does not belong to the crate.
    fn remove_others(&self, folder: &Path, part: &Crate) -> anyhow::Result<()> {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry?.path();
            let name = path.strip_prefix(&self.folder).unwrap_or(&path);
            let is_below = |file: &&PathBuf| file.starts_with(name) && file.as_path() != name;
            if !path.symlink_metadata()?.is_dir() {
                if !part.files.contains_key(name) {
                    forget(&path)?;
                }
            } else if part.files.keys().any(|file| is_below(&file)) {
                self.remove_others(&path, part)?;
            } else {
                fs::remove_dir_all(&path).with_context(|| cannot("remove", &path))?;
            }
        }
        Ok(())
    }

    fn mark_of(&self, part: &Crate) -> PathBuf {
        self.folder.join("built").join(part.package)
    }
}

/// What is remembered of a crate that was built.
fn mark(part: &Crate) -> String {
    format!("{:016x}", part.content)
}
