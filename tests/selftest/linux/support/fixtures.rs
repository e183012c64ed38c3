//! Small subjects whose programs are up to no good.

use std::fs;
use std::path::PathBuf;

use lab::course::{STAGES, Stage};

use crate::support::gallery_file::{Source, sources, subject};
use crate::support::scratch::root;

/// A subject in which stages have one of the programs in `fixtures/`; `solution` stands for the solution.
pub fn fixture(name: &str, programs: &[(&str, &str)]) -> PathBuf {
    let found: Vec<(&Stage, Vec<Source>)> = programs
        .iter()
        .map(|(number, program)| (stage(number), program_of(stage(number), program)))
        .collect();
    let all: Vec<_> = found
        .iter()
        .map(|(stage, sources)| (*stage, sources.as_slice()))
        .collect();
    subject(&format!("fixture/{name}"), &all)
}

/// The stage with that number, as people type it.
pub fn stage(number: &str) -> &'static Stage {
    STAGES
        .iter()
        .find(|stage| stage.short() == number)
        .expect("there is such a stage")
}

fn program_of(stage: &'static Stage, program: &str) -> Vec<Source> {
    if program == "solution" {
        return sources(&root().join("solutions"), stage);
    }
    let path = root().join(format!("tests/selftest/fixtures/{program}.rs"));
    let text = fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    vec![(stage.files[0], text)]
}
