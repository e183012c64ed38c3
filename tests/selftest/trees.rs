//! The trees agree: exercises, solutions, starters, manifests, and the one table of stages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::course::{STAGES, Stage};
use lab::stages;
use lab::subject::steps_not_started;
use toml::{Table, Value};

use crate::gallery_file::{gallery, root, sources};
use crate::regions::{Part, parts, step};

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
                        assert_eq!(steps_not_started(&body), [step], "{}: {name}", stage.slug);
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

#[test]
fn both_workspaces_have_the_same_rules() {
    let (ours, twin) = (manifest("Cargo.toml"), manifest("solutions/Cargo.toml"));
    assert_eq!(ours["profile"], twin["profile"]);
    for key in ["lints", "package", "resolver"] {
        assert_eq!(ours["workspace"][key], twin["workspace"][key], "{key}");
    }
    let crates = |manifest: &Table| {
        let mut crates = manifest["workspace"]["dependencies"].clone();
        crates.as_table_mut().map(|crates| crates.remove("kit"));
        crates
    };
    assert_eq!(crates(&ours), crates(&twin));
    let versions = |lock: &Table| -> BTreeSet<(String, String)> {
        let packages = lock["package"].as_array().expect("packages");
        let text =
            |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_string();
        packages
            .iter()
            .map(|package| (text(package, "name"), text(package, "version")))
            .collect()
    };
    let (ours, twin) = (
        versions(&manifest("Cargo.lock")),
        versions(&manifest("solutions/Cargo.lock")),
    );
    let foreign: Vec<_> = twin.difference(&ours).collect();
    assert!(
        foreign.is_empty(),
        "not in the root's Cargo.lock: {foreign:?}"
    );
}

#[test]
fn workspaces_have_the_stages_of_the_table() {
    let members = |path: &str| {
        let members = manifest(path)["workspace"]["members"].clone();
        members
            .try_into::<Vec<String>>()
            .expect("members are texts")
    };
    let slugs = STAGES.iter().map(|stage| stage.slug.to_string());
    assert!(
        members("solutions/Cargo.toml")
            .into_iter()
            .eq(slugs.clone())
    );
    let fixed = ["tests".to_string(), "exercises/kit".to_string()];
    let expected = fixed
        .into_iter()
        .chain(slugs.map(|slug| format!("exercises/{slug}")));
    assert!(members("Cargo.toml").into_iter().eq(expected));
    for stage in STAGES {
        let package = manifest(&format!("exercises/{}/Cargo.toml", stage.slug));
        assert_eq!(package["package"]["name"].as_str(), Some(stage.package()));
    }
    let stage_folders = |tree: &str| -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(root().join(tree))
            .expect("a tree can be read")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
            .collect();
        names.sort();
        names
    };
    for tree in [
        "exercises",
        "solutions",
        "tests/starters",
        "tests/snapshots",
        "tests/mutants",
    ] {
        let slugs = STAGES.iter().map(|stage| stage.slug);
        assert!(
            stage_folders(tree).iter().eq(slugs),
            "{tree} has other stages than the table"
        );
    }
}

#[test]
fn every_stage_is_complete() {
    let gallery = gallery();
    for stage in STAGES {
        let checks = stages::checks(stage);
        let points: u32 = checks.iter().map(|check| check.points).sum();
        assert_eq!(points, 10, "{}", stage.slug);
        assert!(
            checks.is_sorted_by_key(|check| check.step),
            "{}",
            stage.slug
        );
        let steps: BTreeSet<u8> = checks.iter().map(|check| check.step).collect();
        assert!(
            steps.into_iter().eq(1..=stage.steps),
            "{}: a step without a check",
            stage.slug
        );
        let names: BTreeSet<&str> = checks.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), checks.len(), "{}: a name twice", stage.slug);
        let snapshots = files(&root().join("tests/snapshots").join(stage.slug));
        assert!(!snapshots.is_empty(), "{} has no snapshot", stage.slug);
        assert!(
            gallery.iter().any(|piece| piece.stage == stage),
            "{} has no mutant",
            stage.slug
        );
    }
}

#[test]
fn snapshots_are_those_that_checks_name() {
    // A stage may have a check of an earlier one, with a transcript of its own.
    let mut checks = String::new();
    for stage in STAGES {
        let file = root()
            .join("tests/stages")
            .join(stage.package().replace('-', "_") + ".rs");
        checks += &fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for name in files(&root().join("tests/snapshots").join(stage.slug)).keys() {
            let name = name.to_string_lossy();
            let name = name
                .strip_suffix(".snap")
                .unwrap_or_else(|| panic!("{name} is no snapshot"));
            let named = format!("plays_as_in(\"{name}\")");
            assert!(
                checks.contains(&named),
                "{}: no check plays as in {name}",
                stage.slug
            );
        }
    }
}

#[test]
fn no_file_speaks_of_the_machine_that_it_was_written_on() {
    // In two pieces each, so that this file does not speak of them either.
    let strangers = [
        concat!("/wo", "rk/"),
        concat!("sha", "red/"),
        concat!("/tmp/", "target"),
    ];
    let Some(tracked) = tracked() else {
        return; // A copy without its history: there is nothing to ask.
    };
    for path in tracked {
        let Ok(text) = fs::read_to_string(root().join(&path)) else {
            continue;
        };
        for stranger in strangers {
            assert!(!text.contains(stranger), "{path} mentions {stranger}");
        }
    }
}

/// Files by their paths below a folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Everything below `folder`, without what `lab reset` has kept.
fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        let entries =
            fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()));
        for entry in entries {
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

fn manifest(path: &str) -> Table {
    let text =
        fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.parse()
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files that git knows. `None` without git.
fn tracked() -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .ok()?;
    let list = String::from_utf8(output.stdout).ok()?;
    let files: Vec<String> = list.split_terminator('\0').map(str::to_string).collect();
    (output.status.success() && !files.is_empty()).then_some(files)
}
