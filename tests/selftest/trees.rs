//! The trees agree: exercises, solutions and starters, file by file and region by region.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lab::build::given;
use lab::build::subject::unwritten_steps;
use lab::course::{STAGES, Stage};

use crate::support::gallery_file::sources;
use crate::support::regions::{Part, parts, step};
use crate::support::scratch::root;

#[test]
fn exercises_and_solutions_differ_in_the_students_files_only() {
    for stage in STAGES {
        let mut exercise = files(&root().join("exercises").join(stage.slug));
        let solution = files(&root().join("solutions").join(stage.slug));
        assert!(
            exercise.remove(Path::new("README.md")).is_some(),
            "{} has no README",
            stage.slug
        );
        let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&exercise), names(&solution), "{}", stage.slug);
        for (name, bytes) in &exercise {
            let is_students = stage.files.iter().any(|file| Path::new(file) == name);
            let is_same = solution.get(name) == Some(bytes);
            assert_eq!(is_same, !is_students, "{}/{}", stage.slug, name.display());
        }
    }
}

/// What a student's clone is compared with. After a change of a given file: `cargo lab bless --slides`.
#[test]
fn the_list_of_given_files_is_up_to_date() {
    let list = fs::read_to_string(root().join(given::LIST)).expect("there is a list");
    assert_eq!(list, given::list(root()).expect("all of them can be read"));
    for stage in STAGES {
        assert_eq!(given::changed(root(), stage), [""; 0], "{}", stage.slug);
    }
}

#[test]
fn students_files_differ_inside_regions_only() {
    for (stage, starter, solution) in twins() {
        let (starter, solution) = (outline(&starter), outline(&solution));
        let differs = starter.lines().zip(solution.lines()).find(|(a, b)| a != b);
        assert_eq!(differs, None, "{}", stage.slug);
        assert!(starter == solution, "{}: one file is longer", stage.slug);
    }
}

#[test]
fn each_gap_says_which_step_it_is() {
    for stage in STAGES {
        let mut found = BTreeSet::new();
        for (_, starter) in sources(&root().join("exercises"), stage) {
            for part in parts(&starter) {
                match part {
                    Part::Outside(text) => assert!(!text.contains("todo!"), "{}", stage.slug),
                    Part::Inside { name, body } => {
                        let step = step(&name, &body);
                        assert_eq!(unwritten_steps(&body), [step], "{}: {name}", stage.slug);
                        assert_eq!(body.matches("todo!").count(), 1, "{}: {name}", stage.slug);
                        found.insert(step);
                    }
                }
            }
        }
        assert!(found.into_iter().eq(1..=stage.steps), "{}", stage.slug);
    }
}

#[test]
fn solutions_leave_nothing_to_do() {
    for (stage, _, solution) in twins() {
        for word in ["todo!", "TODO", "unimplemented!"] {
            assert!(!solution.contains(word), "{}: {word}", stage.slug);
        }
    }
}

#[test]
fn students_files_are_the_same_on_every_system() {
    for (stage, starter, solution) in twins() {
        for text in [starter, solution] {
            assert!(
                !text.contains("cfg(") && !text.contains("cfg!("),
                "{}",
                stage.slug
            );
        }
    }
}

#[test]
fn pristine_copies_are_what_is_shipped() {
    for stage in STAGES {
        let shipped = sources(&root().join("exercises"), stage);
        let expected: Files = shipped
            .into_iter()
            .filter_map(|(file, text)| {
                Some((
                    PathBuf::from(Path::new(file).file_name()?),
                    text.into_bytes(),
                ))
            })
            .collect();
        let kept = files(&root().join("tests/starters").join(stage.slug));
        assert!(
            kept == expected,
            "tests/starters/{} and exercises/{0} differ",
            stage.slug
        );
    }
}

/// Files by their paths below a folder.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Everything below `folder`, without what `lab reset` has kept.
pub fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        // A folder that is missing has no files.
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.expect("a folder can be read to its end").path();
            if path.is_dir() {
                waiting.push(path);
            } else if !path.to_string_lossy().contains(".before-reset") {
                let bytes =
                    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let name = path
                    .strip_prefix(folder)
                    .expect("it stands below the folder");
                found.insert(name.to_path_buf(), bytes);
            }
        }
    }
    found
}

/// Each student's file as shipped, and as solved.
fn twins() -> Vec<(&'static Stage, String, String)> {
    let of_stage = |stage: &'static Stage| {
        let starters = sources(&root().join("exercises"), stage);
        let solutions = sources(&root().join("solutions"), stage);
        starters
            .into_iter()
            .zip(solutions)
            .map(move |((_, starter), (_, solution))| (stage, starter, solution))
    };
    STAGES.iter().flat_map(of_stage).collect()
}

/// A student's file with a line in place of each region: its name.
fn outline(text: &str) -> String {
    let line = |part| match part {
        Part::Outside(text) => text,
        Part::Inside { name, .. } => format!("region {name}\n"),
    };
    parts(text).into_iter().map(line).collect()
}
