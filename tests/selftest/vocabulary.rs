//! The page of verbs says what the harness has, and the harness has what the page says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lab::platform::Power;

use crate::support::scratch::root;

/// The types whose methods checks are written in.
const ACTORS: [&str; 6] = [
    "Program",
    "Server",
    "Peer",
    "ScriptedServer",
    "Client",
    "ExitedProgram",
];

#[test]
fn the_page_lists_every_verb_and_no_other() {
    let page = page();
    for actor in ACTORS {
        let section = section(&page, actor);
        let in_backticks = section.split('`').skip(1).step_by(2);
        let is_name = |word: &&str| {
            word.chars()
                .all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        let on_page: BTreeSet<&str> = in_backticks
            .filter(is_name)
            .filter(|word| word.chars().any(char::is_lowercase))
            .collect();
        let methods = methods(actor);
        let missing: Vec<&String> = methods
            .iter()
            .filter(|name| !on_page.contains(name.as_str()))
            .collect();
        assert!(missing.is_empty(), "{actor}: not on the page: {missing:?}");
        let gone: Vec<&str> = rows(section)
            .map(|(verb, _)| verb)
            .filter(|verb| !methods.contains(*verb))
            .collect();
        let others = section.lines().filter(|line| line.starts_with("Not "));
        let others = others.flat_map(|line| line.split('`').skip(1).step_by(2));
        let gone: Vec<&str> = gone
            .into_iter()
            .chain(others.filter(|name| !methods.contains(*name)))
            .collect();
        assert!(
            gone.is_empty(),
            "{actor}: on the page, and not there: {gone:?}"
        );
    }
}

#[test]
fn what_a_verb_needs_is_a_power() {
    let page = page();
    let powers: Vec<String> = Power::ALL
        .iter()
        .map(|power| format!("{power:?}"))
        .collect();
    for actor in ACTORS {
        for (verb, needs) in rows(section(&page, actor)) {
            let needs = needs.trim_matches(['(', ')']);
            for need in needs.split(", ").filter(|need| !need.is_empty()) {
                let power = need.split(' ').next().unwrap_or_default();
                assert!(
                    powers.iter().any(|known| known == power),
                    "{verb} needs {need}"
                );
            }
        }
    }
}

/// What a check may do reads as what it is: an action, a wait or an expectation.
#[test]
fn verbs_are_imperatives() {
    let page = page();
    for actor in ACTORS {
        for (verb, _) in rows(section(&page, actor)) {
            let first = verb.split('_').next().unwrap_or_default();
            let is_third_person = first.ends_with('s') && !["address", "less"].contains(&first);
            assert!(!is_third_person, "{actor}::{verb} is no imperative");
        }
    }
}

fn page() -> String {
    let path = root().join("tests/src/harness/README.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The part of the page about one actor.
fn section<'a>(page: &'a str, actor: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("\n# {actor}\n"))
        .unwrap_or_else(|| panic!("the page has no section {actor}"));
    rest.split("\n# ").next().unwrap_or(rest)
}

/// Each verb of a section, and what it needs.
fn rows(section: &str) -> impl Iterator<Item = (&str, &str)> {
    section.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.strip_suffix('|')?.split(" | ");
        let verb = cells.next()?.strip_suffix('`')?;
        Some((verb, cells.nth(1)?.trim()))
    })
}

/// The public methods of one actor, from the sources.
fn methods(actor: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    read(&root().join("tests/src/harness"), actor, &mut found);
    found
}

fn read(folder: &Path, actor: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read to its end").path();
        if path.is_dir() {
            read(&path, actor, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source file is text");
            for block in text.split(&format!("\nimpl {actor} {{\n")).skip(1) {
                let block = block.split("\n}").next().unwrap_or(block);
                let names = block.lines().filter_map(|line| {
                    let name = line.strip_prefix("    pub fn ")?;
                    name.split('(').next()
                });
                found.extend(names.filter(|name| *name != "new").map(str::to_string));
            }
        }
    }
}
