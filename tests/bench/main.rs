//! `lab bench` builds and calls this: it measures the designs, and draws what was measured. Load comes from many clients on
//! one thread, one server after the other.

mod compare;
mod contestant;
mod cost;
mod crowd;
mod machine;
mod measure;
mod peers;
mod progress;
mod results;
mod rounds;
mod scale;

use std::fs;
use std::process::ExitCode;

use anyhow::Context;
use lab::build::repo::Repo;
use lab::cli::commands::bench::options::{BenchOptions, Kind, command};
use lab::judge::startup;
use lab::platform;
use lab::ui::terminal;

fn main() -> ExitCode {
    let matches = command().get_matches();
    let asked = BenchOptions::new(&matches);
    match asked.and_then(|asked| obey(&asked)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn obey(asked: &BenchOptions) -> anyhow::Result<ExitCode> {
    let repo = startup::prepare()?;
    match &asked.kind {
        Kind::Draw(kept) => results::draw(asked, kept),
        Kind::Scale => scale::scale(asked, &repo),
        Kind::Compare | Kind::Cost => measure_designs(asked, &repo),
    }
}

fn measure_designs(asked: &BenchOptions, repo: &Repo) -> anyhow::Result<ExitCode> {
    platform::allow_ourselves_descriptors();
    let mut field = contestant::gather(asked, repo)?;
    let folder = asked.folder(repo);
    if asked.kind == Kind::Cost {
        let table = cost::cost(asked, &mut field);
        terminal::print(&table)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        results::write(&folder.join("cost.txt"), &table)?;
    } else {
        let comparison = compare::compare(asked, &mut field);
        anyhow::ensure!(!comparison.designs.is_empty(), "nothing could be measured");
        terminal::print(&compare::table(&comparison))?;
        results::keep(&comparison, &folder)?;
    }
    Ok(if field.is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
