//! The programs of the designs that are compared: release builds of the stages that show them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use toml::Table;

use crate::bench::edits;
use crate::build::repo::Repo;
use crate::build::subject::{Kind, Subject, unwritten_steps};
use crate::build::{Built, Profile, build_as, say};
use crate::course::{Design, Idle, STAGES, Stage};

/// A design, and the stage whose program shows it.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    pub design: &'static Design,
    stage: &'static Stage,
}

/// Why a design cannot be measured.
#[derive(Debug)]
pub enum Missing {
    /// The student has not got so far.
    NotStarted,
    /// It is an edit of the solution, and these sources are others.
    NotTheSolution,
    /// It is broken.
    Broken(String),
}

/// The designs, in the order of the stages.
pub fn designs() -> impl Iterator<Item = Shown> {
    let of = |stage: &'static Stage| {
        stage
            .designs
            .iter()
            .map(move |design| Shown { design, stage })
    };
    STAGES.iter().flat_map(of)
}

/// The program of the design whose cost must not grow with the number of idle clients.
///
/// # Errors
///
/// As [`Shown::program`].
pub fn event_loop(
    repo: &Repo,
    subject: &Subject,
) -> anyhow::Result<(Shown, Result<PathBuf, Missing>)> {
    let shown = designs().find(|shown| shown.design.idle == Idle::Scales);
    let shown = shown.context("no design scales")?;
    Ok((shown, shown.program(repo, subject)?))
}

impl Shown {
    /// The stage, and the mutant if it is one.
    #[must_use]
    pub fn name(&self) -> String {
        match self.design.mutant {
            Some(mutant) => format!("{} {mutant}", self.stage.number()),
            None => self.stage.slug.into(),
        }
    }

    /// Builds it from the files of `subject`.
    ///
    /// # Errors
    ///
    /// When the mutant cannot be read, or cargo cannot be started or reports nothing at all.
    pub fn program(
        &self,
        repo: &Repo,
        subject: &Subject,
    ) -> anyhow::Result<Result<PathBuf, Missing>> {
        let sources = match subject.read(self.stage) {
            Ok(sources) => sources,
            Err(error) => return Ok(Err(Missing::Broken(format!("{error:#}")))),
        };
        if sources
            .iter()
            .any(|source| !unwritten_steps(source).is_empty())
        {
            return Ok(Err(Missing::NotStarted));
        }
        match self.design.mutant {
            None => self.build(repo, subject),
            Some(mutant) => self.build_mutant(repo, subject, mutant, sources),
        }
    }

    fn build_mutant(
        &self,
        repo: &Repo,
        subject: &Subject,
        mutant: &str,
        sources: Vec<String>,
    ) -> anyhow::Result<Result<PathBuf, Missing>> {
        let path = format!("tests/mutants/{}/{mutant}.toml", self.stage.slug);
        let text = fs::read_to_string(repo.root.join(&path));
        let text = text.with_context(|| format!("cannot read {path}"))?;
        let mut table: Table = text.parse().with_context(|| path.clone())?;
        let edits = edits::read(table.remove("edit"));
        match edits.and_then(|edits| edits::apply(&edits, sources)) {
            Ok(sources) => self.build(repo, &write(repo, self.stage, &sources)?),
            Err(_) if subject.kind != Kind::Solutions => Ok(Err(Missing::NotTheSolution)),
            Err(what) => Ok(Err(Missing::Broken(format!("{path}: {what}")))),
        }
    }

    fn build(&self, repo: &Repo, subject: &Subject) -> anyhow::Result<Result<PathBuf, Missing>> {
        let built = build_as(Profile::Release, repo, subject, &[self.stage], &say)?;
        let built = built.into_iter().next().context("nothing was built")?;
        Ok(match built.built {
            Built::Program { path, .. } => Ok(path),
            Built::NoSource(reason) | Built::CouldNotBuild(reason) => Err(Missing::Broken(reason)),
            Built::DoesNotCompile(message) => Err(Missing::Broken(format!(
                "it does not compile\n\n{}",
                message.trim_end()
            ))),
        })
    }
}

/// Makes a subject of these sources.
fn write(repo: &Repo, stage: &Stage, sources: &[String]) -> anyhow::Result<Subject> {
    let folder = repo.target.join("bench/mutant");
    for (file, source) in stage.files.iter().zip(sources) {
        let path = folder.join(stage.slug).join(file);
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, source))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Subject::open(repo, Some(&folder))
}
