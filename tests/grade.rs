//! `cargo test`: the registry of checks, run and reported as tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use lab::build::repo::Repo;
use lab::build::subject::{Kind, Subject, unwritten};
use lab::course::readme::Readme;
use lab::course::{self, STAGES, Stage};
use lab::judge::check::Check;
use lab::judge::report::{self, ReportContext};
use lab::judge::side_by_side::{Job, SideBySide, how_many_at_once};
use lab::judge::{BuiltStage, Judge, Verdict, built_stages, startup};
use lab::stages;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

#[path = "grade/scores.rs"]
mod scores;

use scores::{print_scores, say_if_not_built};

/// The verdicts so far, by stage and by the check's place in its table.
type Verdicts = Arc<Mutex<BTreeMap<(&'static str, usize), Verdict>>>;

fn main() -> ExitCode {
    match grade() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cannot grade: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn grade() -> anyhow::Result<ExitCode> {
    let repo = startup::prepare()?;
    let mut arguments = Arguments::from_args();
    // Verdicts are told in the order of the checks; how many of these are judged at once is ours to see to.
    let at_once = arguments.test_threads.replace(1);

    let subject = Subject::open(&repo, folder("UNBLOCKED_SUBJECT").as_deref())?;
    name_the_stage(&mut arguments)?;
    let wanted: Vec<&Stage> = STAGES
        .iter()
        .filter(|stage| is_wanted(stage, &arguments))
        .collect();
    // Which checks are ignored does not hang on whether the ignored ones are asked for.
    let usual = Judge::new(&repo, None);
    let judge = Judge {
        judge_untouched: arguments.include_ignored || arguments.ignored,
        ..usual.clone()
    };

    let verdicts = Verdicts::default();
    let judging = Judging::default();
    let (mut jobs, mut trials, mut judged) = (Vec::new(), Vec::new(), Vec::new());
    if arguments.list {
        let listed = wanted.iter();
        trials.extend(listed.flat_map(|stage| list(&repo, &subject, &usual, stage)));
    } else {
        for candidate in built_stages(&repo, &subject, &wanted)? {
            say_if_not_built(&repo, &candidate, subject.kind == Kind::Exercises);
            let candidate = Arc::new(candidate);
            judged.push(Arc::clone(&candidate));
            for (place, check) in stages::checks(candidate.stage).iter().enumerate() {
                let named = subject.named().map(Path::to_path_buf);
                let job = Job::new(&candidate, *check);
                let verdict = Ahead {
                    judging: Arc::clone(&judging),
                    row: jobs.len(),
                };
                let trial = trial(&repo, named, judge.seed, &job, place, verdict, &verdicts);
                jobs.push(job);
                let early = usual.verdict_without_running(&candidate, check);
                let is_ignored = is_ignored(early.as_ref());
                let ignored = early.filter(|_| is_ignored);
                let place = (candidate.stage.slug, place);
                lock(&verdicts).extend(ignored.map(|verdict| (place, verdict)));
                trials.push(trial.with_ignored_flag(is_ignored));
            }
        }
    }
    let runs = |row: &usize| {
        let trial: &Trial = &trials[*row];
        !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial)
    };
    let rows: Vec<usize> = (0..jobs.len()).filter(runs).collect();
    let jobs = rows.iter().map(|row| jobs[*row].clone()).collect();
    let at_once = at_once.unwrap_or_else(how_many_at_once);
    let begun = SideBySide::begin(&judge, jobs, at_once);
    judging.get_or_init(|| (rows, begun));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        print_scores(&repo, &subject, &judged, &verdicts);
    }
    let could_not = |verdict: &Verdict| matches!(verdict, Verdict::CouldNotGrade(_));
    Ok(match lock(&verdicts).values().any(could_not) {
        true => ExitCode::from(2),
        false => conclusion.exit_code(),
    })
}

/// The checks that run, which are judged side by side: the numbers of their rows, from the first to the last, and what
/// judges them. Known once it is clear which those are.
type Judging = Arc<OnceLock<(Vec<usize>, SideBySide)>>;

/// Where a test finds the verdict on its check.
struct Ahead {
    judging: Judging,
    /// The number of its row among all.
    row: usize,
}

impl Ahead {
    /// Waits for the verdict.
    fn verdict(&self) -> Verdict {
        let Some((rows, judging)) = self.judging.get() else {
            return Verdict::CouldNotGrade("the tests began before the checks".into());
        };
        match rows.binary_search(&self.row) {
            Ok(place) => judging.verdict(place),
            Err(_) => Verdict::CouldNotGrade("it was not among the checks to judge".into()),
        }
    }
}

/// A number is a stage's, and no part of a name.
fn name_the_stage(arguments: &mut Arguments) -> anyhow::Result<()> {
    let is_number = |text: &String| {
        (1..=2).contains(&text.len()) && text.chars().all(|digit| digit.is_ascii_digit())
    };
    if let Some(number) = arguments.filter.as_ref().filter(|text| is_number(text)) {
        let [stage] = course::find(number)[..] else {
            anyhow::bail!("no stage has the number {number}");
        };
        arguments.filter = Some(format!("{}::", stage.slug));
    }
    Ok(())
}

/// The checks of one stage for a list. Who runs them one by one, as nextest does, asks it which are ignored.
fn list(repo: &Repo, subject: &Subject, judge: &Judge, stage: &'static Stage) -> Vec<Trial> {
    let sources = subject.read(stage).unwrap_or_default();
    let unwritten = unwritten(repo, stage, &sources);
    let checks = stages::checks(stage).iter();
    let trials = checks.map(|check| {
        let early = judge.verdict_without_building(&unwritten, check);
        Trial::test(name(stage, check), || Ok(())).with_ignored_flag(is_ignored(early.as_ref()))
    });
    trials.collect()
}

fn is_ignored(early: Option<&Verdict>) -> bool {
    matches!(
        early,
        Some(Verdict::NotStarted(_) | Verdict::NotJudgedHere(_))
    )
}

/// One check as a test.
fn trial(
    repo: &Repo,
    named: Option<PathBuf>,
    seed: u64,
    job: &Job,
    place: usize,
    ahead: Ahead,
    verdicts: &Verdicts,
) -> Trial {
    let Job { candidate, check } = job.clone();
    let place = (candidate.stage.slug, place);
    let verdicts = Arc::clone(verdicts);
    let root = repo.root.clone();
    Trial::ignorable_test(name(candidate.stage, &check), move || {
        let verdict = ahead.verdict();
        let outcome = outcome(&root, &candidate, &check, &verdict, named.as_deref(), seed);
        lock(&verdicts).insert(place, verdict);
        outcome
    })
}

fn outcome(
    root: &Path,
    candidate: &BuiltStage,
    check: &Check,
    verdict: &Verdict,
    subject: Option<&Path>,
    seed: u64,
) -> Result<Completion, Failed> {
    match verdict {
        Verdict::Passed(_) => Ok(Completion::Completed),
        Verdict::NotStarted(step) => Ok(Completion::ignored_with(candidate.why_not_started(*step))),
        Verdict::NotJudgedHere(why) => {
            Ok(Completion::ignored_with(format!("not judged here: {why}")))
        }
        Verdict::NotBuilt => {
            Err("the stage was not built; the reason stands above the first test".into())
        }
        Verdict::CouldNotGrade(why) => Err(format!("could not grade: {why}").into()),
        Verdict::Failed { part, failure } => {
            let readme = Readme::read(root, candidate.stage).ok();
            let telling = ReportContext {
                is_thorough: false,
                readme: readme.as_ref(),
                seed,
                subject,
                width: 100,
                is_on_desk: false,
            };
            let rows = report::rows(candidate.stage, check, part, failure, &telling);
            Err(format!("{}\n{rows}", report::title(candidate.stage, check, 0)).into())
        }
    }
}

fn lock(verdicts: &Verdicts) -> MutexGuard<'_, BTreeMap<(&'static str, usize), Verdict>> {
    verdicts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(stage: &Stage, check: &Check) -> String {
    format!("{}::step{}::{}", stage.slug, check.step, check.name)
}

fn names(stage: &Stage) -> Vec<String> {
    stages::checks(stage)
        .iter()
        .map(|check| name(stage, check))
        .collect()
}

/// Whether any check of `stage` was asked for: by a filter, or by standing in the stage's folder.
fn is_wanted(stage: &Stage, arguments: &Arguments) -> bool {
    if folder("UNBLOCKED_STAGE").is_some_and(|folder| !folder.ends_with(stage.slug)) {
        return false;
    }
    let matches = |name: &String, pattern: &String| {
        if arguments.exact {
            name == pattern
        } else {
            name.contains(pattern.as_str())
        }
    };
    names(stage).iter().any(|name| {
        arguments
            .filter
            .as_ref()
            .is_none_or(|filter| matches(name, filter))
            && !arguments.skip.iter().any(|skip| matches(name, skip))
    })
}

/// A folder that a stage's own `tests/grade.rs` names.
fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}
