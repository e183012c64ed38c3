//! What every deck's lines have to keep to, so that Markdown, the lab and the eye see the same blocks, rules, notes and
//! links in them: what only one of them took for code would be compared with nothing.

use super::read;

/// Which languages blocks are in. `rust` is compared with the sources, `console` is run.
const LANGUAGES: [&str; 4] = ["rust", "console", "python", "text"];

/// Where a line stands.
enum Place {
    Settings,
    Slide,
    /// Its language, and the line that opens it.
    Block(String, usize),
    /// And the line that opens it.
    Note(usize),
}

/// What is wrong with single lines.
pub fn lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut problems = Vec::new();
    let mut place = Place::Settings;
    let mut caption = None;
    for (at, &line) in lines.iter().enumerate() {
        let mut say = |what: &str| problems.push(format!("line {}, {what}: {line}", at + 1));
        if line.contains("#L") && caption != Some(at) {
            say("a link to lines stands right below the block that shows them");
        }
        place = match place {
            Place::Settings if at > 0 && line == "---" => Place::Slide,
            Place::Settings => Place::Settings,
            Place::Block(language, _) if line == "```" => {
                caption = (language == "rust").then_some(at + 2);
                Place::Slide
            }
            Place::Block(language, first) => {
                if line.trim_start().starts_with("```") {
                    say("a block ends with ``` alone");
                }
                if language != "console" && line.starts_with("$ ") {
                    say("what is typed stands in a block of console, where it is run");
                }
                Place::Block(language, first)
            }
            Place::Note(first) => {
                if line.contains("<!--") {
                    say("another note begins before the last has ended");
                }
                match line.split_once("-->") {
                    Some((_, "")) => Place::Slide,
                    Some(_) => {
                        say("behind a note ends the line");
                        Place::Slide
                    }
                    None => Place::Note(first),
                }
            }
            Place::Slide if line.starts_with("<!--") && !line.contains("-->") => Place::Note(at),
            Place::Slide => {
                let above = lines[at - 1];
                on_a_slide(above, line, lines.get(at + 1).copied()).map(&mut say);
                match line.strip_prefix("```") {
                    Some(info) => {
                        Place::Block(info.split(' ').next().unwrap_or_default().into(), at)
                    }
                    None => Place::Slide,
                }
            }
        };
    }
    match place {
        Place::Slide => {}
        Place::Settings => problems.push("the settings do not end".into()),
        Place::Block(_, first) | Place::Note(first) => {
            problems.push(format!("line {}, it does not end", first + 1));
        }
    }
    problems
}

#[test]
fn a_line_that_only_looks_like_one_of_a_deck_is_noticed() {
    let good = read("slides/02-echo-server.md");
    assert_eq!(lines(&good), [""; 0]);
    let begins = "a block begins at the head of its line";
    let fence = "```rust solutions/02-echo-server/src/server.rs region=close bare";
    let [tilde, long, indented, other] = [
        fence.replace("```", "~~~"),
        fence.replace("```", "````"),
        format!("- one\n\n  {fence}"),
        fence.replace("rust", "Rust"),
    ];
    let after = "(../solutions/02-echo-server/src/server.rs#L105-L115)\n";
    let cases = [
        (fence, tilde.as_str(), begins),
        (fence, &long, begins),
        (fence, &indented, begins),
        (fence, &other, begins),
        ("```console A\n", "```sh\n", begins),
        ("```console A\n", "```\n", begins),
        ("```console A\n", "```text\n", "in a block of console"),
        (
            "Ok(())\n```\n",
            "Ok(())\n``` \n",
            "a block ends with ``` alone",
        ),
        (
            "## Coming",
            "    let lie = 1;\n\n## Coming",
            "in a block that names",
        ),
        (
            after,
            "(../README.md)\n\n[b](../a.rs#L7)\n",
            "a link to lines",
        ),
        (
            "\n---\n\n## Only",
            "---\n\n## Only",
            "empty lines stand around",
        ),
        ("---\n\n## Only", "***\n\n## Only", "slides part at ---"),
        (
            "## Only 0",
            "Other\n=====\n\n## Only 0",
            "headings begin with #",
        ),
        (
            "## Only 0",
            "[a]: nowhere.md\n\n## Only 0",
            "a link names its target",
        ),
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

/// What is wrong with a line outside of blocks and notes.
fn on_a_slide(above: &str, line: &str, below: Option<&str>) -> Option<&'static str> {
    let bare = line.trim();
    let is_fence = bare.starts_with("```") || bare.starts_with("~~~");
    let language = line.strip_prefix("```").unwrap_or_default();
    let language = language.split(' ').next().unwrap_or_default();
    if is_fence && !LANGUAGES.contains(&language) {
        return Some(
            "a block begins at the head of its line, with ``` and rust, console, python or text",
        );
    }
    if above.is_empty() && (line.starts_with('\t') || line.starts_with("    ")) {
        return Some("code stands in a block that names its language");
    }
    let is_of = |mark: char| {
        let letters = bare.chars().filter(|letter| *letter != ' ');
        bare.starts_with(mark)
            && letters.clone().all(|letter| letter == mark)
            && letters.count() > 1
    };
    if line == "---" {
        let is_alone = above.is_empty() && below.is_none_or(str::is_empty);
        return (!is_alone)
            .then_some("empty lines stand around a rule, or the line above is a heading");
    }
    if ['-', '*', '_', '='].into_iter().any(is_of) {
        return Some("slides part at ---, and headings begin with #");
    }
    let is_definition = line.starts_with('[') && line.contains("]: ");
    is_definition.then_some("a link names its target where it stands")
}
