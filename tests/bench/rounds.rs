//! Everything once, then everything again: what the machine does meanwhile meets all of them.

use lab::cli::commands::bench::options::BenchOptions;
use lab::text::counted;

use crate::contestant::Field;
use crate::measure::{Found, QUICK, Times, USUAL, measure};
use crate::progress::Progress;

/// How often everything is measured when it is to be quick.
const FEW_RUNS: usize = 2;

/// With how many clients, how often, and for how long.
pub struct Plan {
    pub clients: Vec<usize>,
    pub runs: usize,
    pub size: usize,
    times: Times,
}

impl Plan {
    /// What is ordered, or as usual: with so many `clients`, or these `few` when it is to be quick.
    pub fn new(asked: &BenchOptions, clients: &[usize], few: &[usize], runs: usize) -> Self {
        let (usual, runs, times) = match asked.is_quick {
            true => (few, FEW_RUNS, QUICK),
            false => (clients, runs, USUAL),
        };
        let clients = match asked.clients.is_empty() {
            true => usual.to_vec(),
            false => asked.clients.clone(),
        };
        Self {
            clients,
            runs: asked.runs.unwrap_or(runs),
            size: asked.size,
            times,
        }
    }

    /// What `keep` makes of each measurement: a row for each contestant, a place for each number of clients. Those that
    /// are compared follow each other at once. A contestant that fails once is measured no more.
    pub fn measure<V: Clone + Default>(
        &self,
        field: &mut Field,
        keep: impl Fn(&mut V, &Found),
    ) -> Vec<Vec<V>> {
        let row = vec![V::default(); self.clients.len()];
        let mut all = vec![row; field.contestants.len()];
        let mut progress = Progress::new(self.runs);
        let places = (1..=self.runs)
            .flat_map(|run| self.clients.iter().enumerate().map(move |at| (run, at)));
        for (run, (place, &clients)) in places {
            for (contestant, row) in field.contestants.iter_mut().zip(&mut all) {
                if contestant.failed.is_some() {
                    continue;
                }
                progress.shows(run, &contestant.name, clients);
                match measure(contestant, clients, self.size, self.times) {
                    Ok(found) => keep(&mut row[place], &found),
                    Err(error) => {
                        let reason = format!("with {}: {error:#}", counted(clients, "client"));
                        contestant.failed = Some(reason);
                        field.is_whole = false;
                    }
                }
            }
        }
        progress.ends();
        all
    }
}
