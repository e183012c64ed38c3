//! `lab doctor`: whether this machine has what the lab needs, what the checks rely on, and what it costs where something
//! is missing.

use std::process::ExitCode;

use clap::ArgMatches;

use crate::build::repo::Repo;
use crate::course::STAGES;
use crate::judge::check::Check;
use crate::platform::basics::BASICS;
use crate::platform::{self, Power, Powers};
use crate::stages;
use crate::ui::terminal::{BAD, GOOD, QUIET, STRONG, paint, print, width, wrap};

mod machine;
mod tools;

/// What is looked at: its name, how to try it, and what to do, or what it costs, where it is missing.
type Trial = (
    &'static str,
    fn(&Repo) -> anyhow::Result<String>,
    &'static str,
);

#[must_use]
pub fn command() -> clap::Command {
    clap::Command::new("doctor")
        .about("Try once what the lab needs and what the checks rely on, and say what is missing")
}

/// The exit code is 1 when something is missing that the lab cannot do without. Whatever else is missing costs checks that
/// are not judged, and no points.
///
/// # Errors
///
/// When standard output takes nothing.
pub fn run(_matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let page = Page { width: width() };
    platform::allow_ourselves_descriptors();
    page.heading("What the lab needs")?;
    let mut is_healthy = page.needs(&tools::FIRST, repo)?;
    if is_healthy {
        is_healthy = page.needs(&tools::OTHERS, repo)?;
    }
    is_healthy &= page.basics()?;

    page.heading("\nWhat the checks rely on")?;
    for (power, found) in Powers::probed().each() {
        page.power(power, found)?;
    }
    for (name, look, cost) in machine::EXTRAS.iter().chain(&tools::EXTRAS) {
        page.extra(name, look(repo), cost)?;
    }
    page.verdict(is_healthy)
}

/// What is printed.
struct Page {
    width: usize,
}

impl Page {
    fn heading(&self, text: &str) -> anyhow::Result<()> {
        Ok(print(&(paint(STRONG, text) + "\n"))?)
    }

    /// Tries all of them; whether none is missing.
    fn needs(&self, needs: &[Trial], repo: &Repo) -> anyhow::Result<bool> {
        let mut all = true;
        for (name, look, remedy) in needs {
            let found = look(repo);
            all &= found.is_ok();
            match found {
                Ok(what) => self.line(GOOD, "ok", &format!("{name}: {what}"))?,
                Err(why) => {
                    self.line(BAD, "missing", &format!("{name}: {why:#}"))?;
                    self.line(QUIET, "", &format!("To mend it: {remedy}"))?;
                }
            }
        }
        Ok(all)
    }

    fn basics(&self) -> anyhow::Result<bool> {
        let mut all = true;
        for (name, try_it) in BASICS {
            let found = try_it();
            all &= found.is_ok();
            match found {
                Ok(what) => self.line(GOOD, "ok", &format!("{name}: {what}"))?,
                Err(why) => self.line(BAD, "missing", &format!("{name}: {why}"))?,
            }
        }
        Ok(all)
    }

    fn power(&self, power: Power, found: Result<(), &str>) -> anyhow::Result<()> {
        match found {
            Ok(()) => self.line(GOOD, "ok", &power.to_string()),
            Err(why) => {
                let cost = cost(&[power]);
                self.line(QUIET, "not here", &format!("{power}: {why}; {cost}"))
            }
        }
    }

    fn extra(&self, name: &str, found: anyhow::Result<String>, cost: &str) -> anyhow::Result<()> {
        match found {
            Ok(what) => self.line(GOOD, "ok", &format!("{name}: {what}")),
            Err(why) => self.line(QUIET, "not here", &format!("{name}: {why:#}; {cost}")),
        }
    }

    fn line(&self, style: anstyle::Style, mark: &str, text: &str) -> anyhow::Result<()> {
        let mark = paint(style, format!("{mark:<9}"));
        Ok(print(&wrap(text, &mark, self.width))?)
    }

    fn verdict(&self, is_healthy: bool) -> anyhow::Result<ExitCode> {
        let missing = Powers::probed().each().filter(|(_, found)| found.is_err());
        let missing: Vec<Power> = missing.map(|(power, _)| power).collect();
        let verdict = match (is_healthy, &missing[..]) {
            (false, _) => "Something is missing, without which nothing can be graded.".into(),
            (true, []) => "All that is needed is here.".into(),
            (true, missing) => format!(
                "All that is needed is here. What the checks cannot see costs nobody a point: {}.",
                cost(missing)
            ),
        };
        print(&format!("\n{}", wrap(&verdict, "", self.width)))?;
        Ok(match is_healthy {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

/// What cannot be judged without `missing`.
fn cost(missing: &[Power]) -> String {
    let points = |counts: &dyn Fn(&Check) -> bool| -> u32 {
        let checks = STAGES.iter().flat_map(stages::checks);
        let counted = checks.filter(|check| counts(check));
        counted.map(|check| check.points).sum()
    };
    let all = points(&|_| true);
    match points(&|check| check.is_lost_without(missing)) {
        0 => "no check is lost: what needs it is left out, and the verdict or the report says less"
            .into(),
        lost => format!("checks worth {lost} of {all} points are not judged here"),
    }
}
