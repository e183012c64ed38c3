//! Names mean in the lab's tests what they mean in every Rust program.

use crate::rooms::{code, files, read};
use crate::support::scratch::root;

/// Types and traits of the prelude.
const PRELUDE: [&str; 36] = [
    "AsMut",
    "AsRef",
    "Box",
    "Clone",
    "Copy",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Into",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "Vec",
];

#[test]
fn no_test_shadows_the_prelude() {
    let mut paths = Vec::new();
    files(&root().join("tests/selftest"), &mut paths);
    // This file plants some.
    paths.retain(|path| !path.ends_with("names.rs"));
    let faults = paths.iter().flat_map(|path| {
        let found = shadows(&read(path)).into_iter();
        found.map(|name| format!("{}: {name}", path.display()))
    });
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_planted_shadow_is_found() {
    for (text, found) in [
        ("pub struct Clone {", "Clone"),
        (
            "pub(crate) type Result<T> = std::result::Result<T, ()>;",
            "Result",
        ),
        ("use crate::clone::Clone;", "Clone"),
        ("use std::fmt::{self, Result};", "Result"),
        ("use process::Command as Drop;", "Drop"),
        ("use a::{\n    b::Vec,\n    c,\n};", "Vec"),
    ] {
        assert_eq!(shadows(text), [found], "{text}");
    }
    assert!(shadows("impl Clone for A {}\nfn f() -> Option<u8> { None }").is_empty());
}

/// The names of the prelude that a file gives to something else: to what it defines, or what it brings in.
fn shadows(text: &str) -> Vec<String> {
    let code = code(text);
    let items = code.split_inclusive(['{', ';']);
    let uses = code.split(';').filter_map(|part| {
        let line = part.find("use ").filter(|at| {
            let before = part[..*at].trim_end_matches("pub ");
            before.is_empty() || before.ends_with('\n')
        });
        line.map(|at| words(&part[at..]))
    });
    let defined = items.filter_map(|item| {
        let words = words(item);
        let keyword = words
            .iter()
            .position(|word| ["struct", "enum", "trait", "type"].contains(word))?;
        Some(words.get(keyword + 1).copied().into_iter().collect())
    });
    let named = uses.chain(defined).flatten();
    let shadowed = named.filter(|name| PRELUDE.contains(name));
    shadowed.map(str::to_string).collect()
}

fn words(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .collect()
}
