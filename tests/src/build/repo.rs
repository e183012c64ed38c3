//! Where the lab stands, and where it builds. Both are found out each time it runs: a clone may have been copied or moved
//! since the lab was built.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::build::fingerprint;
use crate::course::Stage;

#[derive(Debug, Clone)]
pub struct Repo {
    /// The repository's root.
    pub root: PathBuf,
    /// What we build and remember; never inside a subject.
    pub target: PathBuf,
}

impl Repo {
    /// The repository that cargo says this is run in; without cargo the one in which this program stands, or the one in
    /// which we are.
    ///
    /// # Errors
    ///
    /// When there is none, or when these are two.
    pub fn find() -> anyhow::Result<Self> {
        let program = env::current_exe().context("cannot tell where this program stands")?;
        let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let told = manifest.and_then(|folder| folder.parent().map(Path::to_path_buf));
        let root = match told.filter(|root| is_root(root)) {
            Some(root) => root,
            None => without_cargo(&program)?,
        };
        Ok(Self {
            target: target(&root, &program),
            root,
        })
    }

    /// Whether this copy of the lab has the solution of `stage`. Those that are handed out may come without.
    #[must_use]
    pub fn has_solution(&self, stage: &Stage) -> bool {
        self.root.join("solutions").join(stage.slug).is_dir()
    }

    /// A folder for results that people are to open: `target/NAME` in the usual case.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        match self.target.strip_prefix(&self.root) {
            Ok(_) => self.target.with_file_name(name),
            // Where several checkouts share a target folder, only what is inside is ours.
            Err(_) => self.target.join(name),
        }
    }
}

fn without_cargo(program: &Path) -> anyhow::Result<PathBuf> {
    let around = |path: &Path| {
        path.ancestors()
            .find(|folder| is_root(folder))
            .map(Path::to_path_buf)
    };
    let here = env::current_dir().ok();
    match (around(program), here.as_deref().and_then(around)) {
        // Several checkouts may share one target folder.
        (Some(built), Some(here)) if built != here => bail!(
            "this program stands in {}, and you are in {}: say `cargo lab`, which runs the lab of the folder that you are in",
            built.display(),
            here.display()
        ),
        (Some(root), _) | (None, Some(root)) => Ok(root),
        (None, None) => bail!(
            "there is no lab around this program or this folder: go into a clone of it, and say `cargo lab`"
        ),
    }
}

fn is_root(folder: &Path) -> bool {
    folder.join("tests/stages").is_dir() && folder.join("exercises").is_dir()
}

/// Where we build: beside what cargo built us into, apart from other checkouts that share it.
fn target(root: &Path, program: &Path) -> PathBuf {
    let is_profile = |folder: &&Path| folder.ends_with("debug") || folder.ends_with("release");
    let shared = program.ancestors().find(is_profile).and_then(Path::parent);
    match shared {
        Some(target) if !target.starts_with(root) => {
            let hash = fingerprint::of_value(&root);
            target.join(format!("lab-{hash:016x}"))
        }
        _ => root.join("target/lab"),
    }
}
