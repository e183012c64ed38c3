//! The cost table: the server's own processor time for a request, and for five seconds of silence.

use std::fmt::Write;
use std::time::Duration;

use lab::bench::cost::{CostRow, CostTable};
use lab::bench::data::Values;
use lab::cli::commands::bench::options::BenchOptions;
use lab::course::Idle;
use lab::platform;

use crate::contestant::{Contestant, Field};
use crate::machine;
use crate::measure::silence;
use crate::rounds::Plan;

/// How many clients there are when nobody says otherwise.
const CLIENTS: [usize; 3] = [1, 50, 500];

const RUNS: usize = 7;

/// How many clients say nothing, for how long, and to whom: to those that sleep in the kernel.
const SILENT: usize = 500;
const SILENCE: Duration = Duration::from_secs(5);
const SHORT_SILENCE: Duration = Duration::from_millis(500);

/// Measures everything, run by run, and gives the table.
pub fn cost(asked: &BenchOptions, field: &mut Field) -> String {
    if platform::cpu(std::process::id()).is_none() {
        return "cost: not measured here: only Linux shows us what another process has used\n"
            .into();
    }
    let plan = Plan::new(asked, &CLIENTS, &CLIENTS, RUNS);
    platform::stay_on_one_core();
    let found = plan.measure(field, |values: &mut Values, found| {
        if found.answers.answered == found.answers.clients {
            values.0.extend(found.cost);
        }
    });
    let rows = field.contestants.iter().zip(&found);
    let rows = rows.map(|(one, costs)| CostRow::new(&one.name, costs, one.failed.clone()));
    let table = CostTable {
        size: plan.size,
        runs: plan.runs,
        machine: machine::ours(),
        clients: plan.clients,
        rows: rows.collect(),
    };
    let idle = match asked.is_quick {
        true => SHORT_SILENCE,
        false => SILENCE,
    };
    table.to_text() + &idleness(&field.contestants, table.size, idle)
}

/// What silence costs those designs that sleep in the kernel.
fn idleness(contestants: &[Contestant], size: usize, idle: Duration) -> String {
    let mut text = format!("\nCPU while {SILENT} clients are silent for {idle:?}\n\n");
    let sleeps = |one: &&Contestant| matches!(one.idle, Some(Idle::Sleeps | Idle::Scales));
    for contestant in contestants.iter().filter(sleeps) {
        eprintln!("{}: {SILENT} silent clients", contestant.name);
        let word = match silence(contestant, SILENT, size, idle) {
            Ok(Some(used)) => format!("{} µs", used.as_micros()),
            Ok(None) => "not measured here".into(),
            Err(error) => format!("{error:#}"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<26}{word:>24}", contestant.name);
    }
    text
}
