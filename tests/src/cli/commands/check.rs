//! `lab check`: the checks, with the teaching output.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::build::repo::Repo;
use crate::build::subject::{Kind, Subject};
use crate::cli::args::{
    Request, all_argument, at_once, jobs_argument, only_argument, seed_argument, stages_argument,
    subject_argument, thorough_argument,
};
use crate::course::Stage;
use crate::judge::cache::ScoreCache;
use crate::judge::check::Check;
use crate::judge::side_by_side::{Job, SideBySide, how_many_at_once};
use crate::judge::{BuiltStage, Judge, Score, Verdict, built_stages};
use crate::stages;
use crate::ui::json::Json;
use crate::ui::status::Status;
use crate::ui::terminal::{self, COMMAND, paint};
use crate::ui::verdicts::{StageReport, Telling};

/// A check that takes longer is named while it runs.
const PATIENCE: Duration = Duration::from_millis(500);

#[must_use]
pub fn command() -> Command {
    Command::new("check")
        .about("Judge stages, and explain what is wrong")
        .arg(stages_argument())
        .arg(all_argument())
        .arg(only_argument())
        .arg(subject_argument())
        .arg(seed_argument())
        .arg(thorough_argument())
        .arg(jobs_argument())
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print the verdicts as JSON"),
        )
}

/// # Errors
///
/// When what was asked for could not be done.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let request = Request::new(matches, repo)?;
    let judge = Judge {
        is_thorough: matches.get_flag("thorough"),
        ..Judge::new(repo, matches.get_one::<u64>("seed").copied())
    };
    let status = Status::on_terminal();
    let building = status.show("building …");
    let candidates = built_stages(repo, &request.subject, &request.stages)?;
    drop(building);
    let candidates: Vec<Arc<BuiltStage>> = candidates.into_iter().map(Arc::new).collect();
    let jobs = candidates.iter().flat_map(|candidate| {
        let checks = request.checks(candidate.stage).into_iter();
        checks.map(|check| Job::new(candidate, check))
    });
    let judging = SideBySide::begin(&judge, jobs.collect(), at_once(matches));
    let mut places = 0..;
    let mut json = matches.get_flag("json").then(|| Json::new(judge.seed));
    let is_told = json.is_none();
    let say = |text: &str| match is_told {
        true => terminal::write(text),
        false => Ok(()),
    };
    let mut worst = Ending::Fine;
    for candidate in &candidates {
        let telling = Telling {
            repo,
            subject: &request.subject,
            is_alone: request.stages.len() == 1,
            seed: judge.seed,
            is_thorough: judge.is_thorough,
            width: terminal::width(),
            is_on_desk: false,
        };
        let mut report = StageReport::on(candidate, telling);
        say(&report.head())?;
        let mut judged = Vec::new();
        let checks = request.checks(candidate.stage).into_iter();
        for (check, place) in checks.zip(&mut places) {
            let verdict = judging.verdict_within(place, PATIENCE).unwrap_or_else(|| {
                let _said = status.show(&waiting(&check, judging.first_failure_from(place)));
                judging.verdict(place)
            });
            say(&report.verdict(&check, &verdict))?;
            worst = worst.max(Ending::of(&verdict, request.named));
            judged.push((check, verdict));
        }
        let score = request.only.is_empty().then(|| {
            let verdicts: Vec<_> = judged.iter().map(|(_, verdict)| verdict.clone()).collect();
            Score::of(candidate.stage, stages::checks(candidate.stage), &verdicts)
        });
        if let Some(score) = &score {
            ScoreCache::put(repo, &request.subject, candidate, judge.is_thorough, score);
        }
        match &mut json {
            Some(json) => json.add(candidate, &judged, score),
            None => {
                let has_failed = score
                    .as_ref()
                    .is_some_and(|score| score.first_failure.is_some());
                say(&report.end(score))?;
                if has_failed && is_at_hand(repo, &request, candidate.stage) {
                    say(&stuck())?;
                }
            }
        }
    }
    if let Some(json) = json {
        terminal::write(&json.render())?;
    }
    Ok(worst.code())
}

/// Whether `stage` is the student's own, and the one that `lab hint` is about where none is named.
fn is_at_hand(repo: &Repo, request: &Request, stage: &Stage) -> bool {
    let own = request.subject.kind == Kind::Exercises && request.stages.len() == 1;
    own && crate::cli::stage_at_hand(None, &repo.root).is_ok_and(|at_hand| at_hand == stage)
}

/// Where help is, once a stage has failed.
fn stuck() -> String {
    let command = paint(COMMAND, "cargo lab hint");
    format!("  stuck: {command} (a question first, then a stronger hint each time)\n\n")
}

/// What is said of a check whose verdict takes long. Verdicts come in the order of the rubric, and one that is known already
/// may have to wait for it.
fn waiting(check: &Check, failed: Option<Check>) -> String {
    let failed = failed.map(|failed| format!("FAILED: {}; ", failed.sentence()));
    let failed = failed.unwrap_or_default();
    format!("{failed}judging: {} …", check.sentence())
}

/// How a run ends, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    Fine,
    Wrong,
    CouldNotGrade,
}

impl Ending {
    /// Not started counts as passed only when no stage was named.
    #[must_use]
    pub fn of(verdict: &Verdict, named: bool) -> Self {
        match verdict {
            Verdict::Passed(_) | Verdict::NotJudgedHere(_) => Ending::Fine,
            Verdict::NotStarted(_) if !named => Ending::Fine,
            Verdict::NotStarted(_) | Verdict::Failed { .. } | Verdict::NotBuilt => Ending::Wrong,
            Verdict::CouldNotGrade(_) => Ending::CouldNotGrade,
        }
    }

    #[must_use]
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Ending::Fine => 0,
            Ending::Wrong => 1,
            Ending::CouldNotGrade => 2,
        })
    }
}

/// Whether all checks of `stage` of the exercises pass, as far as is known; judged now if it is not.
#[must_use]
pub fn passes(repo: &Repo, stage: &'static Stage) -> bool {
    if let Some(score) = ScoreCache::open(repo).get(repo, stage) {
        return score.is_full();
    }
    let judged = || {
        let subject = Subject::open(repo, None).ok()?;
        let candidate = built_stages(repo, &subject, &[stage]).ok()?.pop()?;
        let judge = Judge::new(repo, None);
        let candidate = Arc::new(candidate);
        let checks = stages::checks(stage).iter();
        let jobs = checks.map(|check| Job::new(&candidate, *check)).collect();
        let judging = SideBySide::begin(&judge, jobs, how_many_at_once());
        let verdicts: Vec<Verdict> = judging.verdicts().collect();
        let score = Score::of(stage, stages::checks(stage), &verdicts);
        ScoreCache::put(repo, &subject, &candidate, judge.is_thorough, &score);
        Some(score.is_full())
    };
    judged().unwrap_or(false)
}
