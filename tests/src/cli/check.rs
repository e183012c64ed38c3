//! `lab check`: the checks, with the teaching output.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anstream::stdout;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

use super::request::{Request, only_argument, seed_argument, stages_argument, subject_argument};
use super::style;
use crate::building::Built;
use crate::check::Check;
use crate::course::Stage;
use crate::guide::Guide;
use crate::judge::{Candidate, Judge, Score, Verdict, candidates};
use crate::report;
use crate::results::Results;
use crate::stages;
use crate::subject::{House, Subject};

#[must_use]
pub fn command() -> Command {
    Command::new("check")
        .about("Judge stages, and explain what is wrong")
        .arg(stages_argument())
        .arg(only_argument())
        .arg(subject_argument())
        .arg(seed_argument())
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
pub fn run(matches: &ArgMatches, house: &House) -> anyhow::Result<ExitCode> {
    let request = Request::new(matches, house)?;
    let judge = Judge::new(house, matches.get_one::<u64>("seed").copied());
    if io::stderr().is_terminal() {
        eprintln!("building …");
    }
    let candidates = candidates(house, &request.subject, &request.stages)?;
    let mut printer = Printer {
        json: matches.get_flag("json"),
        told: Vec::new(),
        scores: Vec::new(),
    };
    let mut results = Results::open(house);
    let mut worst = Ending::Fine;
    for candidate in &candidates {
        let verdicts = printer.stage(house, &judge, candidate, &request)?;
        if request.only.is_none() {
            let score = Score::of(candidate.stage, &verdicts);
            results.put(house, &request.subject, candidate.stage, &score);
            printer.score(candidate.stage, &score)?;
        }
        worst = verdicts
            .iter()
            .map(|verdict| Ending::of(verdict, request.named))
            .fold(worst, Ord::max);
    }
    printer.end(&judge)?;
    Ok(worst.code())
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
            Verdict::Passed | Verdict::NotJudgedHere(_) => Ending::Fine,
            Verdict::NotStarted(_) if !named => Ending::Fine,
            Verdict::NotStarted(_) | Verdict::Failed(_) | Verdict::NotBuilt => Ending::Wrong,
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

/// Writes verdicts as they come: for people, or as JSON at the end.
struct Printer {
    json: bool,
    told: Vec<Value>,
    scores: Vec<Value>,
}

impl Printer {
    fn stage(
        &mut self,
        house: &House,
        judge: &Judge,
        candidate: &Candidate,
        request: &Request,
    ) -> anyhow::Result<Vec<Verdict>> {
        let guide = Guide::read(&house.root, candidate.stage).ok();
        if !self.json {
            writeln!(
                stdout(),
                "{}{}{}  {}",
                style::STRONG,
                candidate.stage.slug,
                anstyle::Reset,
                candidate.stage.title
            )?;
            self.not_built(candidate, guide.as_ref())?;
        }
        let mut verdicts = Vec::new();
        for check in request.checks(candidate.stage) {
            let verdict = judge.judge(candidate, check);
            let points = if matches!(verdict, Verdict::Passed) {
                check.points
            } else {
                0
            };
            if self.json {
                self.told.push(as_json(candidate, check, &verdict, points));
            } else {
                self.line(candidate.stage, check, &verdict, guide.as_ref(), judge.seed)?;
            }
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    /// One line a check; below a failed one the rows of its report.
    fn line(
        &self,
        stage: &Stage,
        check: &Check,
        verdict: &Verdict,
        guide: Option<&Guide>,
        seed: u64,
    ) -> io::Result<()> {
        let (mark, style, remark) = match verdict {
            Verdict::Passed => ("passed", style::GOOD, String::new()),
            Verdict::Failed(_) => (
                "FAILED",
                style::BAD,
                format!(" (0 of {})", report::points_word(check.points)),
            ),
            Verdict::NotBuilt => ("FAILED", style::BAD, " (not built, see above)".into()),
            Verdict::NotStarted(step) => (
                "  –   ",
                style::QUIET,
                format!(" (step {step} is not started)"),
            ),
            Verdict::NotJudgedHere(why) => {
                ("  –   ", style::QUIET, format!(" (not judged here: {why})"))
            }
            Verdict::CouldNotGrade(why) => {
                ("  ?   ", style::BAD, format!(" (could not grade: {why})"))
            }
        };
        let sentence = check.sentence();
        let mut out = stdout().lock();
        writeln!(
            out,
            "  {style}{mark}{}  step {}: {sentence}{remark}",
            anstyle::Reset,
            check.step
        )?;
        if let Verdict::Failed(failure) = verdict {
            let rows = report::rows(stage, check, failure, guide, seed, style::width());
            writeln!(out, "\n{rows}")?;
        }
        Ok(())
    }

    fn not_built(&self, candidate: &Candidate, guide: Option<&Guide>) -> io::Result<()> {
        let mut out = stdout().lock();
        match &candidate.built {
            Built::Program(_) => {}
            Built::NoSource(reason) => writeln!(out, "  {reason}")?,
            Built::DoesNotCompile(message) => {
                writeln!(
                    out,
                    "  does not compile; cargo says:\n\n{}",
                    message.trim_end()
                )?;
                if let Some(number) = guide.and_then(|guide| guide.hint_for_compiler(message)) {
                    writeln!(
                        out,
                        "\n  a hint on this: cargo lab hint {} {number}",
                        candidate.stage.short()
                    )?;
                }
                writeln!(out)?;
            }
        }
        Ok(())
    }

    fn score(&mut self, stage: &Stage, score: &Score) -> io::Result<()> {
        if self.json {
            self.scores.push(json!({
                "stage": stage.slug,
                "points": score.points,
                "most": score.most,
                "steps_done": score.steps_done,
                "steps": stage.steps,
            }));
            return Ok(());
        }
        let steps = format!("{} of {} steps", score.steps_done, stage.steps);
        writeln!(
            stdout(),
            "  {} of {}, {steps}\n",
            score.points,
            report::points_word(score.most)
        )
    }

    fn end(&self, judge: &Judge) -> io::Result<()> {
        if !self.json {
            return Ok(());
        }
        let all = json!({
            "version": 1,
            "seed": judge.seed,
            "stages": self.scores,
            "checks": self.told,
        });
        writeln!(stdout(), "{all:#}")
    }
}

fn as_json(candidate: &Candidate, check: &Check, verdict: &Verdict, points: u32) -> Value {
    let mut told = json!({
        "stage": candidate.stage.slug,
        "step": check.step,
        "check": check.name,
        "points": points,
        "most": check.points,
        "verdict": match verdict {
            Verdict::Passed => "passed",
            Verdict::Failed(_) | Verdict::NotBuilt => "failed",
            Verdict::NotStarted(_) => "not started",
            Verdict::NotJudgedHere(_) => "not judged here",
            Verdict::CouldNotGrade(_) => "could not grade",
        },
    });
    match (verdict, &candidate.built) {
        (Verdict::Failed(failure), _) => {
            told["cause"] = failure.cause.name().into();
            told["sent"] = failure.sent.as_str().into();
            told["expected"] = failure.expected.as_str().into();
            told["received"] = failure.received.as_str().into();
            told["program"] = failure.program.as_str().into();
        }
        (Verdict::NotBuilt, Built::DoesNotCompile(message) | Built::NoSource(message)) => {
            told["cause"] = "does-not-compile".into();
            told["program"] = message.as_str().into();
        }
        (Verdict::NotJudgedHere(why) | Verdict::CouldNotGrade(why), _) => {
            told["why"] = why.as_str().into()
        }
        _ => {}
    }
    told
}

/// Whether all checks of `stage` of the exercises pass, as far as is known; judged now if it is not.
#[must_use]
pub fn passes(house: &House, stage: &'static Stage) -> bool {
    let full = |score: &Score| score.points == score.most;
    if let Some(score) = Results::open(house).get(house, stage) {
        return full(&score);
    }
    let judged = || {
        let subject = Subject::open(house, None).ok()?;
        let candidate = candidates(house, &subject, &[stage]).ok()?.pop()?;
        let judge = Judge::new(house, None);
        let verdicts: Vec<Verdict> = stages::checks(stage)
            .iter()
            .map(|check| judge.judge(&candidate, check))
            .collect();
        let score = Score::of(stage, &verdicts);
        Results::open(house).put(house, &subject, stage, &score);
        Some(full(&score))
    };
    judged().unwrap_or(false)
}
