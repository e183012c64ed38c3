//! `lab` without a command: the lab opens, with the map.

use std::process::ExitCode;

use crate::build::repo::Repo;
use crate::build::subject::{Subject, steps_not_started};
use crate::cli::ui::map::{self, StageState};
use crate::cli::ui::terminal;
use crate::course::{STAGES, Stage};
use crate::judge::cache::ScoreCache;
use crate::judge::{Score, Verdict};
use crate::stages;

/// # Errors
///
/// When the map cannot be printed.
pub fn run(repo: &Repo) -> anyhow::Result<ExitCode> {
    let results = ScoreCache::open(repo);
    let states: Vec<StageState> = STAGES
        .iter()
        .map(|stage| {
            let score = results.get(repo, stage).or_else(|| untouched(repo, stage));
            StageState {
                stage,
                steps_done: score.as_ref().map(|score| score.steps_done),
                points: score.map(|score| (score.points, score.most)),
            }
        })
        .collect();
    let mut text = map::render(&states, terminal::width());
    if let Ok(subject) = Subject::open(repo, None) {
        let unreadable = STAGES.iter().filter_map(|stage| subject.read(stage).err());
        for error in unreadable {
            text += &format!(
                "\n{}",
                terminal::wrap(&format!("{error:#}"), "", terminal::width())
            );
        }
    }
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A stage whose first step still stands as it was shipped has no points, and needs no judge to say so.
fn untouched(repo: &Repo, stage: &Stage) -> Option<Score> {
    let subject = Subject::open(repo, None).ok()?;
    let sources = subject.read(stage).ok()?;
    let untouched = sources
        .iter()
        .any(|source| steps_not_started(source).contains(&1));
    let verdicts = vec![Verdict::NotStarted(1); stages::checks(stage).len()];
    untouched.then(|| Score::of(stage, stages::checks(stage), &verdicts))
}
