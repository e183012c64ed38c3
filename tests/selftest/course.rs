//! The one table of stages: workspaces, folders, checks and snapshots have the stages that it names, and each is whole.

use std::collections::BTreeSet;
use std::fs;

use lab::course::{STAGES, Stage};
use lab::judge::check::Check;
use lab::stages;
use toml::{Table, Value};

use crate::support::gallery_file::{divisions, gallery};
use crate::support::scratch::root;
use crate::trees::files;

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
        .chain(slugs.map(|slug| format!("exercises/{slug}")))
        .chain(["slides/code".to_string()]);
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
fn every_stage_is_complete() {
    let gallery = gallery();
    for stage in STAGES {
        let checks = stages::checks(stage);
        let points: u32 = checks.iter().map(|check| check.points).sum();
        assert_eq!(
            points, 10,
            "{}: the points of its table add up to ten",
            stage.slug
        );
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
        let names = names(stage);
        let different: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), different.len(), "{}: a name twice", stage.slug);
        for check in checks {
            assert_ne!(divisions(check).count(), 1, "{} has one part", check.name);
        }
        let snapshots = files(&root().join("tests/snapshots").join(stage.slug));
        assert!(!snapshots.is_empty(), "{} has no snapshot", stage.slug);
        assert!(
            gallery.iter().any(|piece| piece.stage == stage),
            "{} has no mutant",
            stage.slug
        );
    }
}

/// `cargo test 10` runs whatever has a 10 in its name, and means stage 10.
#[test]
fn no_name_of_a_check_has_a_digit() {
    let numbered: Vec<&str> = STAGES
        .iter()
        .flat_map(names)
        .filter(|name| name.contains(|letter: char| letter.is_ascii_digit()))
        .collect();
    assert!(numbered.is_empty(), "{numbered:?}");
}

/// The names of all checks of `stage`, and of their parts.
fn names(stage: &Stage) -> Vec<&'static str> {
    let of_check = |check: &'static Check| {
        let parts = divisions(check).map(|part| part.name);
        [check.name].into_iter().chain(parts)
    };
    stages::checks(stage).iter().flat_map(of_check).collect()
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
            let named = format!("expect_transcript(\"{name}\")");
            assert!(
                checks.contains(&named),
                "{}: no check expects the transcript {name}",
                stage.slug
            );
        }
    }
}

fn manifest(path: &str) -> Table {
    let text =
        fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.parse()
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}
