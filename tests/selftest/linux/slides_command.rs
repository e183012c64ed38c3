//! `lab slides`: which decks are meant, what it says where a tool is missing, and where the decks are.

use assert_cmd::Command;
use predicates::str::{contains, is_empty};

use crate::linux::support::command::Lab;
use crate::support::scratch::{program, root, scratch};

#[test]
fn without_the_tool_it_says_what_to_install_and_what_to_read() {
    let nothing = scratch("no programs here");
    for (arguments, read) in [
        (&["2"][..], "slides/02-echo-server.md"),
        (&["0"], "slides/00-why-sockets-block.md"),
        (&["why"], "slides/00-why-sockets-block.md"),
        (&["event"], "slides/10-event-loop.md"),
        (&[], "slides/README.md"),
    ] {
        let mut lab = Lab::new(&["slides"]).env("PATH", &nothing);
        lab.command.args(arguments);
        Command::from_std(lab.command)
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(contains("Node.js"))
            .stderr(contains("npm ci --prefix .slides"))
            .stderr(contains(read));
    }
}

#[test]
fn an_old_tool_is_told_from_a_missing_one() {
    let folder = program("old programs", "node", "echo v12.22.9");
    let ran = Lab::new(&["slides", "2"]).env("PATH", &folder).run();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("too old"), "{ran:?}");
}

#[test]
fn in_a_stages_folder_its_deck_is_meant() {
    let nothing = scratch("no programs here");
    let mut lab = Lab::new(&["slides"]).env("PATH", &nothing);
    lab.command
        .current_dir(root().join("exercises/04-nonblocking-accept"));
    let ran = lab.run();
    assert!(
        ran.err.contains("slides/04-nonblocking-accept.md"),
        "{ran:?}"
    );
}

#[test]
fn a_deck_that_nobody_has_is_refused() {
    for (word, said) in [
        ("99", "no stage is called \"99\""),
        ("block", "may mean each of these"),
        ("", "no stage is called \"\""),
    ] {
        let ran = Lab::new(&["slides", word]).run();
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(said), "{word}: {ran:?}");
    }
}

#[test]
fn it_makes_a_deck_and_says_where_it_is() {
    if !root().join(".slides/node_modules").is_dir() {
        eprintln!("left out, since `npm ci --prefix .slides` was not run: making a deck");
        return;
    }
    let ran = Lab::new(&["slides", "2", "--out", "Cargo.toml"]).run();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.starts_with("lab: cannot make "), "{ran:?}");
    let out = scratch("made by lab slides");
    let mut lab = Lab::new(&["slides", "2", "--out"]);
    lab.command.arg(&out);
    let ran = lab.run();
    let page = out.join("02-echo-server.html");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let below = page.strip_prefix(root()).unwrap_or(&page);
    let line = format!("open {}\n", below.display());
    assert!(ran.out.contains(&line), "{line}: {ran:?}");
    assert!(page.is_file(), "{ran:?}");
}
