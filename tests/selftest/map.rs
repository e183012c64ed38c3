//! The map says where one is and what comes next, and fits its terminal.

use lab::course::STAGES;
use lab::ui::map::{StageState, render};

use crate::support::scratch::root;

#[test]
fn the_readme_shows_the_map_of_a_fresh_clone() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let fresh: Vec<_> = STAGES.iter().map(|_| (Some(0), Some((0, 10)))).collect();
    let map = text(&fresh, 80);
    let (stages, _) = map
        .split_once("\nNext: ")
        .expect("the map says what comes next");
    let shown = stages.trim();
    assert!(
        readme.contains(shown),
        "README.md shows another map than\n{shown}"
    );
}

#[test]
fn leads_to_the_first_stage_that_is_not_full() {
    let map = text(
        &[
            (Some(3), Some((10, 10))),
            (Some(1), Some((3, 10))),
            (None, None),
        ],
        80,
    );
    assert!(map.contains("Next: 02-echo-server, step 2"), "{map}");
    assert!(
        map.contains("exercises/02-echo-server/src/server.rs"),
        "{map}"
    );
    assert!(map.contains("cargo lab check 2"), "{map}");
    assert!(map.contains("1 of 3") && map.contains("3 of 10"), "{map}");
}

#[test]
fn does_not_take_the_unknown_for_done() {
    let map = text(&[(Some(3), None), (None, None), (None, Some((10, 10)))], 80);
    assert!(map.contains("Next: 01-listen\n"), "{map}");
    assert_eq!(map.matches('–').count(), 4, "{map}");
}

#[test]
fn has_nothing_next_when_all_is_done() {
    let map = text(
        &[
            (Some(3), Some((10, 10))),
            (Some(3), Some((8, 8))),
            (None, Some((10, 10))),
        ],
        80,
    );
    assert!(!map.contains("Next:"), "{map}");
}

#[test]
fn fits_every_width() {
    let known = (Some(3), Some((10, 10)));
    for width in 40..=100 {
        for states in [
            [(None, None); 3],
            [known, known, (Some(0), Some((0, 10)))],
            [known; 3],
        ] {
            for line in text(&states, width).lines() {
                let path = line.trim().starts_with("exercises/") && !line.trim().contains(' ');
                assert!(
                    path || line.chars().count() <= width,
                    "{width} columns: {line}"
                );
            }
        }
    }
}

type Known = (Option<u8>, Option<(u32, u32)>);

/// The map without its colours, for what is known about the first stages.
fn text(known: &[Known], width: usize) -> String {
    let states: Vec<_> = STAGES
        .iter()
        .zip(known)
        .map(|(stage, (steps_done, points))| StageState {
            stage,
            steps_done: *steps_done,
            steps_so_far: *steps_done,
            points: *points,
        })
        .collect();
    anstream::adapter::strip_str(&render(&states, width)).to_string()
}
