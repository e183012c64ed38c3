//! The comparison: each design with each number of clients, as a table and as data for a picture.

use std::fmt::Write;

use lab::bench::chart::axis::{Axis, Unit};
use lab::bench::data::{Comparison, Design, Point, Values};
use lab::cli::commands::bench::options::BenchOptions;

use crate::contestant::{Contestant, Field};
use crate::machine;
use crate::rounds::Plan;

/// How many clients there are when nobody says otherwise.
const CLIENTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const FEW_CLIENTS: [usize; 3] = [1, 8, 64];

/// How often everything is measured when nobody says otherwise.
const RUNS: usize = 5;

/// Measures everything, run by run.
pub fn compare(asked: &BenchOptions, field: &mut Field) -> Comparison {
    let plan = Plan::new(asked, &CLIENTS, &FEW_CLIENTS, RUNS);
    let mut found = plan.measure(field, |point: &mut Point, found| {
        point.answered.add(Some(found.answers.percent_answered()));
        point.requests.add(Some(found.answers.per_second()));
        point.median.add(found.answers.within(0.5));
        point.late.add(found.answers.within(0.99));
        point.idle.add(found.idle);
    });
    leave_out_the_failed(field, &mut found);
    let designs = field.contestants.iter().zip(found);
    let designs = designs.map(|(one, points)| design(one, points)).collect();
    Comparison {
        machine: machine::ours(),
        size: plan.size,
        runs: plan.runs,
        clients: plan.clients,
        designs,
    }
}

/// What has failed once has no row.
fn leave_out_the_failed(field: &mut Field, found: &mut Vec<Vec<Point>>) {
    let mut whole = field.contestants.iter().map(|one| one.failed.is_none());
    found.retain(|_| whole.next().unwrap_or(false));
    field.contestants.retain(|one| match &one.failed {
        Some(reason) => {
            eprintln!("{} is left out: {reason}", one.program);
            false
        }
        None => true,
    });
}

fn design(contestant: &Contestant, points: Vec<Point>) -> Design {
    Design {
        name: contestant.name.clone(),
        program: contestant.program.clone(),
        points,
    }
}

/// The medians, as a table: a row for each design and number of clients.
pub fn table(comparison: &Comparison) -> String {
    let mut text = format!(
        "{:<26}{:>8}{:>10}{:>12}{:>10}{:>10}{:>10}\n",
        "", "clients", "answered", "requests/s", "median", "99 %", "idle CPU"
    );
    let any = std::iter::empty;
    let [percent, rate, time] =
        [Unit::Percent, Unit::PerSecond, Unit::Microseconds].map(|unit| Axis::around(unit, any()));
    let word = |axis: &Axis, values: &Values| {
        let median = values.median();
        median.map_or_else(|| "–".into(), |value| axis.word(value))
    };
    for design in &comparison.designs {
        for (clients, point) in comparison.clients.iter().zip(&design.points) {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{:<26}{clients:>8}{:>10}{:>12}{:>10}{:>10}{:>10}",
                design.name,
                word(&percent, &point.answered),
                word(&rate, &point.requests),
                word(&time, &point.median),
                word(&time, &point.late),
                word(&percent, &point.idle),
            );
        }
    }
    text
}
