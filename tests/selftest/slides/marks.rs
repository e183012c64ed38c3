//! What the lines of every deck have to keep to, beyond what every page does.

use lab::course::markdown::{Element, Kind, elements};

use super::read;
use crate::markdown::differences;

/// Which languages blocks are in. `rust` is compared with the sources, `console` is run.
const LANGUAGES: [&str; 4] = ["rust", "console", "python", "text"];

/// What is wrong with single lines.
pub fn lines(text: &str) -> Vec<String> {
    let mut problems = differences(text);
    // The place of an element that may link to lines.
    let mut caption = None;
    for (at, element) in elements(text).enumerate() {
        let mut say = |what: &str| {
            let line = element.source.lines().next().unwrap_or_default();
            problems.push(format!("line {}, {what}: {line}", element.line));
        };
        match element.kind {
            Kind::Code { info, body } => {
                let language = info.split(' ').next().unwrap_or_default();
                caption = ["rust", "python"].contains(&language).then_some(at + 2);
                in_a_block(&element, language, body)
                    .into_iter()
                    .for_each(&mut say);
            }
            Kind::Comment(inner) => in_a_note(&element, inner).into_iter().for_each(&mut say),
            _ if element.source.contains("#L") && caption != Some(at) => {
                say("a link to lines stands right below the block that shows them");
            }
            _ => {}
        }
    }
    problems
}

fn in_a_block(element: &Element, language: &str, body: &str) -> Vec<&'static str> {
    let lines = |text: &str| text.lines().count();
    let faults = [
        (
            !element.source.starts_with(['`', '~']),
            "a block begins at the head of its line",
        ),
        (
            !LANGUAGES.contains(&language),
            "a block names its language: rust, console, python or text",
        ),
        (
            language != "console" && body.lines().any(|line| line.starts_with("$ ")),
            "what is typed stands in a block of console, where it is run",
        ),
        (lines(element.source) < lines(body) + 2, "it does not end"),
    ];
    found(faults)
}

fn in_a_note(element: &Element, inner: &str) -> Vec<&'static str> {
    found([
        (
            inner.contains("<!--"),
            "another note begins before the last has ended",
        ),
        (
            !element.source.trim_end().ends_with("-->"),
            "behind a note ends the line",
        ),
    ])
}

fn found<const N: usize>(faults: [(bool, &'static str); N]) -> Vec<&'static str> {
    let found = faults.into_iter().filter(|(is_there, _)| *is_there);
    found.map(|(_, what)| what).collect()
}

#[test]
fn a_line_that_only_looks_like_one_of_a_deck_is_noticed() {
    let good = read("tests/selftest/fixtures/deck.md");
    assert_eq!(lines(&good), [""; 0]);
    let begins = "a block begins at the head of its line";
    let names = "a block names its language";
    let otherwise = "only Markdown has";
    let fence = "```rust solutions/02-echo-server/src/server.rs region=close bare";
    let [tilde, long, indented, other] = [
        fence.replace("```", "~~~"),
        fence.replace("```", "````"),
        format!("- one\n\n  {fence}"),
        fence.replace("rust", "Rust"),
    ];
    let after = "(../solutions/02-echo-server/src/server.rs#L105-L115)\n";
    let cases = [
        (fence, tilde.as_str(), "it does not end"),
        (fence, &long, "it does not end"),
        (fence, &indented, begins),
        (fence, &other, names),
        ("```console A\n", "```sh\n", names),
        ("```console A\n", "```\n", names),
        ("```console A\n", "```text\n", "in a block of console"),
        ("## Coming", "    let lie = 1;\n\n## Coming", otherwise),
        (
            after,
            "(../README.md)\n\n[b](../a.rs#L7)\n",
            "a link to lines",
        ),
        ("## Only 0", "Other\n---\n\n## Only 0", otherwise),
        ("---\n\n## Only", "***\n\n## Only", otherwise),
        ("## Only 0", "Other\n=====\n\n## Only 0", otherwise),
        ("look at B.\n-->", "look at B.\n--> and A", "behind a note"),
        ("look at B.\n-->", "look at B.\n", "another note begins"),
        ("## Your turn", "```text\n## Your turn", "it does not end"),
    ];
    for (from, to, said) in cases {
        assert!(good.contains(from), "{from}");
        let problems = lines(&good.replacen(from, to, 1));
        let is_said = problems.iter().any(|problem| problem.contains(said));
        assert!(is_said, "{from} to {to}: {problems:?}");
    }
}
