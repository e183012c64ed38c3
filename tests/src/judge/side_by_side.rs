//! Checks side by side. A check mostly waits, so that some of them share a processor; who asks for the verdicts gets them
//! in the order of the checks all the same.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::judge::check::Check;
use crate::judge::{BuiltStage, Judge, Verdict};
use crate::platform::basics::start_threads;
use crate::platform::descriptors_allowed;

/// How many parts run at once for each processor, and in all.
const PER_PROCESSOR: usize = 2;
const MOST: usize = 8;

/// What a machine has to have for each of them: descriptors for its many clients, and threads of the lab and of the
/// program.
const DESCRIPTORS: u64 = 2048;
const THREADS: usize = 32;

/// One check of one stage, to be judged.
#[derive(Debug, Clone)]
pub struct Job {
    pub candidate: Arc<BuiltStage>,
    pub check: Check,
}

impl Job {
    #[must_use]
    pub fn new(candidate: &Arc<BuiltStage>, check: Check) -> Self {
        Self {
            candidate: Arc::clone(candidate),
            check,
        }
    }
}

/// Checks that are being judged.
#[derive(Debug)]
pub struct SideBySide {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    judge: Judge,
    jobs: Vec<Job>,
    /// All parts of all jobs, in their order: the number of the job, and that of the part.
    parts: Vec<(usize, usize)>,
    /// The first of `parts` that nobody has taken.
    next: AtomicUsize,
    /// What is known of each job.
    progress: Mutex<Vec<Progress>>,
    changed: Condvar,
}

/// What is known of one check.
#[derive(Debug, Clone)]
enum Progress {
    /// The verdicts on its parts so far.
    Running(Vec<Option<Verdict>>),
    Judged(Verdict),
}

/// How many parts this machine can run at once. Where descriptors or threads are scarce, that is one.
#[must_use]
pub fn how_many_at_once() -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let most = (processors * PER_PROCESSOR).min(MOST);
    let has_descriptors = descriptors_allowed() / DESCRIPTORS >= most as u64;
    match has_descriptors && start_threads(most * THREADS).is_ok() {
        true => most,
        false => 1,
    }
}

impl SideBySide {
    /// Begins to judge `jobs`, so many parts of them `at_once`.
    #[must_use]
    pub fn begin(judge: &Judge, jobs: Vec<Job>, at_once: usize) -> Self {
        let early = |job: &Job| judge.verdict_without_running(&job.candidate, &job.check);
        let running = |job: &Job| Progress::Running(vec![None; job.check.parts.len()]);
        let progress = jobs
            .iter()
            .map(|job| early(job).map_or_else(|| running(job), Progress::Judged));
        let progress: Vec<Progress> = progress.collect();
        let to_run = progress.iter().enumerate().flat_map(|(job, known)| {
            let parts = match known {
                Progress::Running(parts) => parts.len(),
                Progress::Judged(_) => 0,
            };
            (0..parts).map(move |part| (job, part))
        });
        let parts: Vec<(usize, usize)> = to_run.collect();
        let workers = at_once.clamp(1, parts.len().max(1));
        let shared = Arc::new(Shared {
            judge: judge.clone(),
            jobs,
            parts,
            next: AtomicUsize::new(0),
            progress: Mutex::new(progress),
            changed: Condvar::new(),
        });
        let start = |_| {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name("judge".into())
                .spawn(move || shared.work())
                .ok()
        };
        let workers = (0..workers).filter_map(start).collect();
        Self { shared, workers }
    }

    /// The verdicts on all jobs, in their order; each is waited for.
    pub fn verdicts(&self) -> impl Iterator<Item = Verdict> {
        (0..self.shared.jobs.len()).map(|place| self.verdict(place))
    }

    /// Waits for the verdict on the check `place` of the jobs.
    #[must_use]
    pub fn verdict(&self, place: usize) -> Verdict {
        loop {
            if let Some(verdict) = self.verdict_within(place, Duration::MAX) {
                return verdict;
            }
        }
    }

    /// As [`verdict`](Self::verdict), and no longer than `patience`.
    #[must_use]
    pub fn verdict_within(&self, place: usize, patience: Duration) -> Option<Verdict> {
        let shared = &self.shared;
        if self.workers.is_empty() {
            // The system has no thread for us, and this one is free.
            shared.work();
        }
        let is_open =
            |progress: &mut Vec<Progress>| matches!(progress[place], Progress::Running(_));
        let waited = shared
            .changed
            .wait_timeout_while(shared.lock(), patience, is_open);
        let (progress, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match &progress[place] {
            Progress::Judged(verdict) => Some(verdict.clone()),
            Progress::Running(_) => None,
        }
    }

    /// Waits for a verdict that is not among `told`, whichever comes next, and puts it there. `None` when all were told.
    #[must_use]
    pub fn next_verdict(&self, told: &mut HashSet<usize>) -> Option<(usize, Verdict)> {
        let shared = &self.shared;
        if told.len() == shared.jobs.len() {
            return None;
        }
        if self.workers.is_empty() {
            shared.work();
        }
        let next = |progress: &[Progress]| {
            let mut known = progress.iter().enumerate();
            known.find_map(|(place, known)| match known {
                Progress::Judged(verdict) if !told.contains(&place) => {
                    Some((place, verdict.clone()))
                }
                _ => None,
            })
        };
        let is_none_new = |progress: &mut Vec<Progress>| next(progress).is_none();
        let waited = shared.changed.wait_while(shared.lock(), is_none_new);
        let found = next(&waited.unwrap_or_else(PoisonError::into_inner));
        told.extend(found.as_ref().map(|(place, _)| *place));
        found
    }

    /// The first check from `place` on that has failed so far.
    #[must_use]
    pub fn first_failure_from(&self, place: usize) -> Option<Check> {
        let progress = self.shared.lock();
        let mut known = progress.iter().zip(&self.shared.jobs).skip(place);
        let has_failed =
            |known: &Progress| matches!(known, Progress::Judged(Verdict::Failed { .. }));
        known
            .find(|(known, _)| has_failed(known))
            .map(|(_, job)| job.check)
    }
}

impl Drop for SideBySide {
    /// Whoever stops asking has no use for what was not begun.
    fn drop(&mut self) {
        self.shared
            .next
            .store(self.shared.parts.len(), Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            // What a worker found is in the verdicts.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges one part after the other, until none is left.
    fn work(&self) {
        while let Some(&(job, part)) = self.parts.get(self.next.fetch_add(1, Ordering::SeqCst)) {
            let hangs_on_it = match &self.lock()[job] {
                Progress::Running(parts) => parts[..part].iter().flatten().all(Verdict::is_pass),
                Progress::Judged(_) => false,
            };
            if !hangs_on_it {
                continue;
            }
            let Job { candidate, check } = &self.jobs[job];
            let verdict = self.judge.judge_part(candidate, check, &check.parts[part]);
            let mut progress = self.lock();
            if let Progress::Running(parts) = &mut progress[job] {
                parts[part] = Some(verdict);
                let known = Verdict::of_parts(parts.iter().map_while(Clone::clone));
                if !known.is_pass() || parts.iter().all(Option::is_some) {
                    progress[job] = Progress::Judged(known);
                    self.changed.notify_all();
                }
            }
        }
    }
}
