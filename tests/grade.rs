//! `cargo test`: the registry of checks, run and reported as tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lab::building::Built;
use lab::check::Check;
use lab::course::{STAGES, Stage};
use lab::fronts;
use lab::guide::Guide;
use lab::judge::{Candidate, Judge, Score, Verdict, candidates};
use lab::report::{self, Telling};
use lab::results::Results;
use lab::stages;
use lab::subject::{House, Subject};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

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
    let house = fronts::prepare()?;
    let mut arguments = Arguments::from_args();
    // One after the other: a check looks at what its program does, and not at what its neighbours leave of
    // the machine.
    arguments.test_threads = Some(arguments.test_threads.unwrap_or(1));

    let subject = Subject::open(&house, folder("UNBLOCKED_SUBJECT").as_deref())?;
    let wanted: Vec<&Stage> = STAGES
        .iter()
        .filter(|stage| is_wanted(stage, &arguments))
        .collect();
    let mut judge = Judge::new(&house, None);
    judge.judge_untouched = arguments.include_ignored || arguments.ignored;
    let judge = Arc::new(judge);

    let verdicts = Verdicts::default();
    let (mut trials, mut judged) = (Vec::new(), Vec::new());
    if arguments.list {
        trials.extend(
            wanted
                .iter()
                .flat_map(|stage| names(stage))
                .map(|name| Trial::test(name, || Ok(()))),
        );
    } else {
        for candidate in candidates(&house, &subject, &wanted)? {
            say_if_not_built(&house, &candidate);
            let candidate = Arc::new(candidate);
            judged.push(Arc::clone(&candidate));
            for (place, check) in stages::checks(candidate.stage).iter().enumerate() {
                let named = subject.named().map(Path::to_path_buf);
                trials.push(trial(
                    &house, named, &judge, &candidate, place, check, &verdicts,
                ));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        print_scores(&house, &subject, &judged, &verdicts);
    }
    Ok(conclusion.exit_code())
}

/// One check as a test.
fn trial(
    house: &House,
    named: Option<PathBuf>,
    judge: &Arc<Judge>,
    candidate: &Arc<Candidate>,
    place: usize,
    check: &'static Check,
    verdicts: &Verdicts,
) -> Trial {
    let place = (candidate.stage.slug, place);
    let early = judge.verdict_without_running(candidate, check);
    let is_ignored =
        |verdict: &Verdict| matches!(verdict, Verdict::NotStarted(_) | Verdict::NotJudgedHere(_));
    let ignored = early.filter(is_ignored);
    let is_ignored = ignored.is_some();
    lock(verdicts).extend(ignored.map(|verdict| (place, verdict)));
    let (judge, candidate, verdicts) = (
        Arc::clone(judge),
        Arc::clone(candidate),
        Arc::clone(verdicts),
    );
    let root = house.root.clone();
    Trial::ignorable_test(name(candidate.stage, check), move || {
        let verdict = judge.judge(&candidate, check);
        let outcome = outcome(
            &root,
            &candidate,
            check,
            &verdict,
            named.as_deref(),
            judge.seed,
        );
        lock(&verdicts).insert(place, verdict);
        outcome
    })
    .with_ignored_flag(is_ignored)
}

fn outcome(
    root: &Path,
    candidate: &Candidate,
    check: &Check,
    verdict: &Verdict,
    subject: Option<&Path>,
    seed: u64,
) -> Result<Completion, Failed> {
    match verdict {
        Verdict::Passed | Verdict::PassedSoFar(_) => Ok(Completion::Completed),
        Verdict::NotStarted(step) => Ok(Completion::ignored_with(format!(
            "step {step} is not started"
        ))),
        Verdict::NotJudgedHere(why) => {
            Ok(Completion::ignored_with(format!("not judged here: {why}")))
        }
        Verdict::NotBuilt => {
            Err("the stage was not built; the reason stands above the first test".into())
        }
        Verdict::CouldNotGrade(why) => Err(format!("could not grade: {why}").into()),
        Verdict::Failed(failure) => {
            let guide = Guide::read(root, candidate.stage).ok();
            let telling = Telling {
                guide: guide.as_ref(),
                seed,
                subject,
                width: 100,
            };
            let rows = report::rows(candidate.stage, check, failure, &telling);
            Err(format!("{}\n{rows}", report::title(candidate.stage, check, 0)).into())
        }
    }
}

/// Why a stage was not built: once, before its checks fail with a line each.
fn say_if_not_built(house: &House, candidate: &Candidate) {
    let slug = candidate.stage.slug;
    match &candidate.built {
        Built::Program { .. } => {}
        Built::NoSource(reason) => eprintln!("\n{slug}: {reason}"),
        Built::DoesNotCompile(message) => {
            eprintln!(
                "\n{slug} does not compile; cargo says:\n\n{}",
                message.trim_end()
            );
            let guide = Guide::read(&house.root, candidate.stage).ok();
            if let Some(hint) = guide.and_then(|guide| guide.hint_for_compiler(message)) {
                eprintln!(
                    "\na hint on this: cargo lab hint {} {hint}",
                    candidate.stage.short()
                );
            }
        }
    }
}

/// The score of each stage, and their sum. Checks that a filter left out count neither way.
fn print_scores(house: &House, subject: &Subject, judged: &[Arc<Candidate>], verdicts: &Verdicts) {
    let verdicts = lock(verdicts);
    let (mut points, mut most) = (0, 0);
    let slugs = STAGES.iter().map(|stage| stage.slug.len());
    let width = slugs.max().unwrap_or_default();
    for candidate in judged {
        let stage = candidate.stage;
        let all = stages::checks(stage).len();
        let ran: Vec<Verdict> = (0..all)
            .filter_map(|place| verdicts.get(&(stage.slug, place)).cloned())
            .collect();
        let whole = ran.len() == all;
        let left_out = Verdict::NotJudgedHere("left out".into());
        let place = |place| {
            verdicts
                .get(&(stage.slug, place))
                .unwrap_or(&left_out)
                .clone()
        };
        let score = Score::of(stage, &(0..all).map(place).collect::<Vec<_>>());
        let graded = !ran
            .iter()
            .any(|verdict| matches!(verdict, Verdict::CouldNotGrade(_)));
        if whole && graded {
            Results::put(house, subject, candidate, &score);
        }
        let part = if whole {
            String::new()
        } else {
            format!(" ({} of {all} checks)", ran.len())
        };
        let sum = format!("{:>3} of {}", score.points, report::points_word(score.most));
        println!("{:<width$} {sum}{part}", stage.slug);
        points += score.points;
        most += score.most;
    }
    println!(
        "{:<width$} {points:>3} of {}\n",
        "total",
        report::points_word(most)
    );
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
