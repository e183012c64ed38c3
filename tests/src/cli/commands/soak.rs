//! `lab soak`: the same checks again and again, while other processes burn the processor. A check that fails
//! now and then on a right program is a bug of the check.
//!
//! The log is a text file with one line a stage and run: `KEY STAGE RUN PASSES FAILURES`. KEY stands for
//! the program, the checks and the number of burners; runs with the same key are not repeated.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode, Stdio};
use std::sync::Arc;

use anyhow::Context;
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::build::repo::Repo;
use crate::build::{Built, fingerprint};
use crate::cli::args::{
    Request, at_once, jobs_argument, only_argument, stages_argument, subject_argument,
    thorough_argument,
};
use crate::judge::report::{self, ReportContext};
use crate::judge::side_by_side::{Job, SideBySide};
use crate::judge::{BuiltStage, Judge, Verdict, built_stages};
use crate::platform::{self, LIMITS, Limits};
use crate::process::reaper;
use crate::text::counted;
use crate::ui::status::Status;
use crate::ui::terminal;

/// The hidden command that a burner runs.
pub const BURN: &str = "__burn";

#[must_use]
pub fn command() -> Command {
    let number = |name: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .value_parser(value_parser!(u32))
    };
    Command::new("soak")
        .about("Repeat checks under load, to find flaky ones (for contributors)")
        .arg(stages_argument())
        .arg(only_argument())
        .arg(subject_argument())
        .arg(thorough_argument())
        .arg(jobs_argument())
        .arg(
            number("runs")
                .default_value("20")
                .help("How many runs of each stage there are to be in the log"),
        )
        .arg(
            number("burners")
                .default_value("4")
                .help("How many processes burn the processor meanwhile"),
        )
        .arg(
            Arg::new("log")
                .long("log")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("The log to go on with [default: soak.log in the target folder]"),
        )
}

/// # Errors
///
/// When what was asked for could not be done.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let request = Request::new(matches, repo)?;
    let number = |name: &str| matches.get_one::<u32>(name).copied().unwrap_or_default();
    let (runs, burners) = (number("runs"), number("burners"));
    let is_thorough = matches.get_flag("thorough");
    let candidates = built_stages(repo, &request.subject, &request.stages)?;
    let candidates: Vec<Arc<BuiltStage>> = candidates.into_iter().map(Arc::new).collect();
    let path = matches
        .get_one("log")
        .cloned()
        .unwrap_or_else(|| repo.target.join("soak.log"));
    let mut log = Log::open(&path)?;
    let keys = keys(&candidates, &request, burners, is_thorough)?;

    let _burning = (0..burners)
        .map(|_| Burner::start())
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut failures = 0;
    let status = Status::on_terminal();
    let at_once = at_once(matches);
    for (candidate, key) in candidates.iter().zip(&keys) {
        let before = log.runs(key);
        for run in before.runs..runs {
            let what = format!("{}: run {} of {runs} …", candidate.stage.slug, run + 1);
            let _said = status.show(&what);
            let (passes, failed) = one_run(repo, &request, candidate, is_thorough, at_once)?;
            log.add(key, candidate, run, passes, failed)?;
        }
        let all = log.runs(key);
        failures += all.failures;
        terminal::print(&format!(
            "{}: {} ({} of them before), {}: {} passes, {}\n",
            candidate.stage.slug,
            counted(all.runs as usize, "run"),
            before.runs,
            counted(burners as usize, "burner"),
            all.passes,
            counted(all.failures as usize, "failure")
        ))?;
    }
    Ok(if failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Uses the processor until it is killed.
pub fn burn() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

/// Runs the checks of one stage once, and prints a report of each that fails.
fn one_run(
    repo: &Repo,
    request: &Request,
    candidate: &Arc<BuiltStage>,
    is_thorough: bool,
    at_once: usize,
) -> anyhow::Result<(u64, u64)> {
    let judge = Judge {
        is_thorough,
        ..Judge::new(repo, None)
    };
    let (mut passes, mut failures) = (0, 0);
    let checks = request.checks(candidate.stage);
    let jobs = checks.iter().map(|check| Job::new(candidate, *check));
    let judging = SideBySide::begin(&judge, jobs.collect(), at_once);
    for (check, verdict) in checks.into_iter().zip(judging.verdicts()) {
        if verdict.is_fine() {
            passes += 1;
            continue;
        }
        failures += 1;
        let title = report::title(candidate.stage, &check, 0);
        let rows = match &verdict {
            Verdict::Failed { part, failure } => {
                let telling = ReportContext {
                    readme: None,
                    seed: judge.seed,
                    is_thorough,
                    subject: request.subject.named(),
                    width: terminal::width(),
                    is_on_desk: false,
                };
                report::rows(candidate.stage, &check, part, failure, &telling)
            }
            other => format!("  {other:?}\n"),
        };
        terminal::print(&format!("{title}\n{rows}"))?;
    }
    Ok((passes, failures))
}

/// A process that does nothing but use the processor, until it is dropped.
struct Burner(process::Child);

impl Burner {
    fn start() -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot tell where this program stands")?;
        let mut command = process::Command::new(program);
        command.arg(BURN).stdin(Stdio::null()).stdout(Stdio::null());
        platform::confine(
            &mut command,
            Limits {
                cpu_seconds: 24 * 60 * 60,
                ..LIMITS
            },
        );
        Ok(Self(
            reaper::start(&mut command).context("cannot start a burner")?,
        ))
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        reaper::end(&mut self.0);
    }
}

struct Log {
    file: File,
    lines: Vec<String>,
}

/// What the log holds for one key.
#[derive(Default)]
struct Sum {
    runs: u32,
    passes: u64,
    failures: u64,
}

impl Log {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let opened = OpenOptions::new().create(true).append(true).open(path);
        let file = opened.with_context(|| format!("cannot write to {}", path.display()))?;
        Ok(Self {
            file,
            lines: text.lines().map(str::to_string).collect(),
        })
    }

    fn runs(&self, key: &str) -> Sum {
        let mut sum = Sum::default();
        for line in self.lines.iter().filter(|line| line.starts_with(key)) {
            let mut numbers = line
                .split(' ')
                .skip(3)
                .filter_map(|word| word.parse::<u64>().ok());
            sum.runs += 1;
            sum.passes += numbers.next().unwrap_or_default();
            sum.failures += numbers.next().unwrap_or_default();
        }
        sum
    }

    fn add(
        &mut self,
        key: &str,
        candidate: &BuiltStage,
        run: u32,
        passes: u64,
        failures: u64,
    ) -> anyhow::Result<()> {
        let line = format!("{key} {} {run} {passes} {failures}", candidate.stage.slug);
        writeln!(self.file, "{line}").context("cannot write the log")?;
        self.lines.push(line);
        Ok(())
    }
}

/// What stands for each program in the log, together with the checks and the load.
fn keys(
    candidates: &[Arc<BuiltStage>],
    request: &Request,
    burners: u32,
    is_thorough: bool,
) -> anyhow::Result<Vec<String>> {
    let ourselves = std::env::current_exe().context("cannot tell where this program stands")?;
    let ourselves = fs::read(ourselves).context("cannot read this program")?;
    let key = |candidate: &Arc<BuiltStage>| {
        let program = match &candidate.built {
            Built::Program { path, .. } => Some(fs::read(path).context("cannot read a program")?),
            _ => None,
        };
        let slug = candidate.stage.slug;
        let hash = fingerprint::of_value(&(
            program,
            slug,
            &request.only,
            burners,
            is_thorough,
            &ourselves,
        ));
        Ok(format!("{hash:016x}"))
    };
    candidates.iter().map(key).collect()
}
