//! `lab bench`: what the designs cost. This is its front. What generates load is a program of its own, built with
//! optimisation and behind a feature, so that nobody else has to build it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::ArgMatches;

use crate::bench::chart;
use crate::bench::data::Comparison;
use crate::bench::idle_clients::{self, Cost, FEW, MOST_GROWTH, Scale};
use crate::build::cargo;
use crate::build::repo::Repo;
use crate::cli::ui::terminal;
use crate::process::reaper;

pub mod options;

pub use options::command;

use crate::bench::designs::Missing;
use options::{BenchOptions, Kind};

/// # Errors
///
/// When what was asked for could not be done.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let asked = BenchOptions::new(matches)?;
    match &asked.kind {
        Kind::Draw(json) => draw(&asked, json),
        Kind::Scale => weigh(&asked, repo),
        Kind::Compare | Kind::Cost => {
            asked.subject(repo)?;
            generate_load(repo)
        }
    }
}

/// Writes a comparison and its picture, and says where.
///
/// # Errors
///
/// When they cannot be written.
pub fn keep(comparison: &Comparison, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write(&folder.join("comparison.json"), &comparison.to_json())?;
    write(&folder.join("comparison.svg"), &chart::draw(comparison))
}

/// Writes a file of results, and says where.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("written: {}", path.display());
    Ok(())
}

fn draw(asked: &BenchOptions, json: &Path) -> anyhow::Result<ExitCode> {
    let read = fs::read_to_string(json);
    let text = read.with_context(|| format!("cannot read {}", json.display()))?;
    let comparison = Comparison::from_json(&text)
        .with_context(|| format!("{} cannot be drawn", json.display()))?;
    let mut picture = json.with_extension("svg");
    if let Some(folder) = &asked.out {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        picture = folder.join(picture.file_name().context("a picture has a name")?);
    }
    write(&picture, &chart::draw(&comparison))?;
    Ok(ExitCode::SUCCESS)
}

/// Calls the program that generates load, with the words that we were called with.
fn generate_load(repo: &Repo) -> anyhow::Result<ExitCode> {
    let mut command = cargo();
    command
        .args(["run", "--quiet", "--release", "--package", "lab"])
        .args(["--features", "bench", "--bin", "bench"])
        .arg("--manifest-path")
        .arg(repo.root.join("Cargo.toml"))
        .arg("--")
        .args(std::env::args_os().skip(2));
    eprintln!("building what generates load, with optimisation (the first time takes a while)");
    let started = reaper::start(&mut command);
    let mut child =
        started.context("cannot start cargo: is Rust installed, and cargo on the PATH?")?;
    let waited = child.wait();
    reaper::block_if_interrupted();
    let code = waited.context("cannot wait for cargo")?.code();
    reaper::end(&mut child);
    Ok(code
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::from(2), ExitCode::from))
}

/// The scale check. Where this machine cannot show it, it is left out, and a line says so.
fn weigh(asked: &BenchOptions, repo: &Repo) -> anyhow::Result<ExitCode> {
    let subject = asked.subject(repo)?;
    let many = match (idle_clients::most_clients(), asked.clients.last()) {
        (Err(reason), _) => {
            terminal::print(&format!("scale: not judged here: {reason}\n"))?;
            return Ok(ExitCode::SUCCESS);
        }
        (Ok(most), wanted) => wanted.map_or(most, |wanted| most.min(*wanted)),
    };
    ensure!(
        many > FEW,
        "--clients: more than {FEW} idle clients are compared with {FEW}"
    );
    let (design, program) = crate::bench::designs::event_loop(repo, &subject)?;
    let measured = match program {
        Ok(program) => idle_clients::measure(&program, many),
        Err(Missing::NotStarted) => Err(anyhow::anyhow!("it is not started")),
        Err(Missing::Broken(reason)) => Err(anyhow::anyhow!(reason)),
    };
    let (text, is_fine) = match measured {
        Ok(scale) => table(&design.program(), &scale),
        Err(error) => (format!("{}: {error:#}\n", design.program()), false),
    };
    terminal::print(&text)?;
    Ok(if is_fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What the scale check has found, and whether that is as it should be.
fn table(program: &str, scale: &Scale) -> (String, bool) {
    let row = |name: &str, unit: &str, cost: &Cost| {
        let [few, many] = [&cost.few, &cost.many].map(|values| {
            let median = values.median().unwrap_or_default();
            format!("{median:.1} {unit}")
        });
        format!("  {name:<28}{few:>14}{many:>14}{:>10.2}\n", cost.growth())
    };
    let mut text = format!(
        "{program}, one busy client among idle ones\n  {:<28}{:>14}{:>14}    growth\n{}{}",
        "idle clients",
        scale.few,
        scale.many,
        row("memory a client", "B", &scale.memory),
        row("CPU a request, median", "µs", &scale.cpu),
    );
    let grows = [
        ("memory a client", &scale.memory),
        ("CPU a request", &scale.cpu),
    ];
    let grown = grows.into_iter().filter(|(_, cost)| cost.grows());
    let grown: Vec<&str> = grown.map(|(name, _)| name).collect();
    text += &match grown[..] {
        [] => format!("neither grows more than {MOST_GROWTH} times\n"),
        _ => format!("more than {MOST_GROWTH} times: {}\n", grown.join(", ")),
    };
    (text, grown.is_empty())
}
