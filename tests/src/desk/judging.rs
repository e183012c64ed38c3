//! One judging of a stage, beside the desk. It ends at once when nobody wants its verdicts any more.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::Context;

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::course::Stage;
use crate::judge::cache::ScoreCache;
use crate::judge::side_by_side::{Job, SideBySide, how_many_at_once};
use crate::judge::{BuiltStage, Judge, Score, Verdict, built_stages_telling};
use crate::process::output::NO_THREAD;
use crate::process::reaper;
use crate::stages;

/// What becomes of a judging, bit by bit.
#[derive(Debug)]
pub enum News {
    /// What the build has to wait for.
    Waiting(String),
    Built {
        candidate: Arc<BuiltStage>,
        /// Replays the verdicts.
        seed: u64,
    },
    /// On the check at this place of the stage's table.
    Verdict(usize, Verdict),
    /// All verdicts are told.
    Judged(Score),
    /// The lab could not do its part.
    Failed(String),
}

/// A judging that is under way, until it is dropped.
#[derive(Debug)]
pub struct Judging {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Judging {
    /// Begins to build and judge `stage` of the exercises, and tells of it.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread.
    pub fn begin(
        repo: &Repo,
        stage: &'static Stage,
        seed: Option<u64>,
        tell: impl Fn(News) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let (repo, ended) = (repo.clone(), Arc::clone(&is_over));
        let work = move || {
            let judged = judge(&repo, stage, seed, &ended, &tell);
            tell(match judged {
                Ok(score) => News::Judged(score),
                Err(error) => News::Failed(format!("{error:#}")),
            });
        };
        let thread = thread::Builder::new().name("judging".into()).spawn(work);
        Ok(Self {
            is_over,
            thread: Some(thread.context(NO_THREAD)?),
        })
    }
}

impl Drop for Judging {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _called_off = reaper::call_off();
        if let Some(thread) = self.thread.take() {
            // Nobody wants to know what it found.
            let _ = thread.join();
        }
    }
}

fn judge(
    repo: &Repo,
    stage: &'static Stage,
    seed: Option<u64>,
    is_over: &AtomicBool,
    tell: &impl Fn(News),
) -> anyhow::Result<Score> {
    let subject = Subject::open(repo, None)?;
    let waits = |what: &str| tell(News::Waiting(what.into()));
    let built = built_stages_telling(repo, &subject, &[stage], &waits)?.pop();
    let candidate = Arc::new(built.context("nothing was built")?);
    let judge = Judge::new(repo, seed);
    tell(News::Built {
        candidate: Arc::clone(&candidate),
        seed: judge.seed,
    });
    let checks = stages::checks(stage);
    let jobs = checks.iter().map(|check| Job::new(&candidate, *check));
    let judging = SideBySide::begin(&judge, jobs.collect(), how_many_at_once());
    let mut verdicts = vec![None; checks.len()];
    let mut told = HashSet::new();
    while let Some((place, verdict)) = judging.next_verdict(&mut told) {
        anyhow::ensure!(!is_over.load(Ordering::SeqCst), "it was called off");
        verdicts[place] = Some(verdict.clone());
        tell(News::Verdict(place, verdict));
    }
    let verdicts: Vec<Verdict> = verdicts.into_iter().flatten().collect();
    let score = Score::of(stage, checks, &verdicts);
    ScoreCache::put(repo, &subject, &candidate, judge.is_thorough, &score);
    Ok(score)
}
