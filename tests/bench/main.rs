//! What generates load for `lab bench`, which builds and calls it: many clients on one thread, and one server after
//! the other.

mod compare;
mod contestant;
mod cost;
mod crowd;
mod machine;
mod measure;
mod peers;
mod progress;
mod rounds;

use std::fs;
use std::process::ExitCode;

use anyhow::Context;
use lab::cli::commands::bench::options::{BenchOptions, Kind, command};
use lab::cli::commands::bench::{keep, write};
use lab::cli::ui::terminal;
use lab::judge::startup;
use lab::platform;

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
    platform::allow_ourselves_descriptors();
    let mut field = contestant::gather(asked, &repo)?;
    let folder = asked.folder(&repo);
    if asked.kind == Kind::Cost {
        let table = cost::cost(asked, &mut field);
        terminal::print(&table)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        write(&folder.join("cost.txt"), &table)?;
    } else {
        let comparison = compare::compare(asked, &mut field);
        anyhow::ensure!(!comparison.designs.is_empty(), "nothing could be measured");
        terminal::print(&compare::table(&comparison))?;
        keep(&comparison, &folder)?;
    }
    Ok(if field.is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
