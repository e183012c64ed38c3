//! The designs that are compared, and their programs: release builds of the stages that show them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::build::repo::Repo;
use crate::build::subject::{Subject, steps_not_started};
use crate::build::{Built, Profile, build_as};
use crate::course::{self, Stage};

/// A way to serve many clients.
#[derive(Debug)]
pub struct Design {
    pub name: &'static str,
    /// The number of the stage that shows it.
    number: &'static str,
    /// Whether the stage's nap is taken out.
    is_sleepless: bool,
}

/// In the order of the stages.
pub const DESIGNS: [Design; 6] = [
    design("one thread, blocking", "2"),
    Design {
        is_sleepless: true,
        ..design("polling, without a nap", "7")
    },
    design("polling, naps of 1 ms", "7"),
    design("thread per client", "8"),
    design("poll(2)", "9"),
    design("event loop", "10"),
];

const fn design(name: &'static str, number: &'static str) -> Design {
    Design {
        name,
        number,
        is_sleepless: false,
    }
}

/// Why a design cannot be measured.
#[derive(Debug)]
pub enum Missing {
    /// The student has not got so far.
    NotStarted,
    /// It is broken.
    Broken(String),
}

impl Design {
    /// What shows it, in few words.
    #[must_use]
    pub fn program(&self) -> String {
        match self.stage() {
            Some(stage) if self.is_sleepless => format!("{} without its nap", stage.number()),
            Some(stage) => stage.slug.into(),
            None => self.name.into(),
        }
    }

    /// The student's files, as they are to be built.
    fn sources(&self, subject: &Subject, stage: &Stage) -> anyhow::Result<Vec<String>> {
        let sources = subject.read(stage)?;
        if !self.is_sleepless {
            return Ok(sources);
        }
        let changed = sources.iter().map(|source| without_nap(source)).collect();
        let changed: Option<Vec<String>> = changed;
        changed
            .context("its region `nap_if_idle` is not there, so that its nap cannot be taken out")
    }

    fn stage(&self) -> Option<&'static Stage> {
        course::find(self.number).first().copied()
    }
}

/// The program of the event loop, which is the one whose cost must not grow.
///
/// # Errors
///
/// When cargo cannot be started, or has no say at all.
pub fn event_loop(
    repo: &Repo,
    subject: &Subject,
) -> anyhow::Result<(&'static Design, Result<PathBuf, Missing>)> {
    let design = DESIGNS.last().context("there are designs")?;
    Ok((design, program(repo, subject, design)?))
}

/// Builds the program of a design.
///
/// # Errors
///
/// When cargo cannot be started, or has no say at all.
pub fn program(
    repo: &Repo,
    subject: &Subject,
    design: &Design,
) -> anyhow::Result<Result<PathBuf, Missing>> {
    let stage = design.stage().context("a design has a stage")?;
    let sources = match design.sources(subject, stage) {
        Ok(sources) => sources,
        Err(error) => return Ok(Err(Missing::Broken(format!("{error:#}")))),
    };
    let gaps = sources.iter().flat_map(|source| steps_not_started(source));
    if gaps.count() > 0 {
        return Ok(Err(Missing::NotStarted));
    }
    let built = if design.is_sleepless {
        let changed = keep(repo, stage, &sources)?;
        build_as(Profile::Release, repo, &changed, &[stage])?
    } else {
        build_as(Profile::Release, repo, subject, &[stage])?
    };
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

/// A stage's source in which whoever has nothing to do goes on at once.
fn without_nap(source: &str) -> Option<String> {
    let (before, rest) = source.split_once("// region nap_if_idle\n")?;
    let (_, after) = rest.split_once("// endregion")?;
    Some(format!(
        "{before}// region nap_if_idle\n    let _ = is_idle;\n    // endregion{after}"
    ))
}

/// Makes a subject of these sources.
fn keep(repo: &Repo, stage: &Stage, sources: &[String]) -> anyhow::Result<Subject> {
    let folder = repo.target.join("bench/without-nap");
    for (file, source) in stage.files.iter().zip(sources) {
        let path = folder.join(stage.slug).join(file);
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, source))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Subject::open(repo, Some(&folder))
}
