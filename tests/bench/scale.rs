//! The scale check: the cost of the event loop with few idle clients and with many.

use std::process::ExitCode;

use anyhow::ensure;
use lab::bench::designs::{self, Missing};
use lab::bench::idle_clients::{self, Cost, FEW, MOST_GROWTH, Scale};
use lab::build::repo::Repo;
use lab::cli::commands::bench::options::BenchOptions;
use lab::ui::terminal;

/// The scale check. Where this machine cannot show it, it is left out, and a line says so.
///
/// # Errors
///
/// When there is no such subject, or cargo cannot be started.
pub fn scale(asked: &BenchOptions, repo: &Repo) -> anyhow::Result<ExitCode> {
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
    let (design, program) = designs::event_loop(repo, &subject)?;
    let measured = match program {
        Ok(program) => idle_clients::measure(&program, many),
        Err(Missing::NotStarted) => Err(anyhow::anyhow!("it is not started")),
        Err(Missing::NotTheSolution) => Err(anyhow::anyhow!("it is an edit of the solution")),
        Err(Missing::Broken(reason)) => Err(anyhow::anyhow!(reason)),
    };
    let (text, is_fine) = match measured {
        Ok(scale) => table(&design.name(), &scale),
        Err(error) => (format!("{}: {error:#}\n", design.name()), false),
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
