//! What people read is true: causes, links, commands, paths, names and excerpts.

use std::collections::BTreeSet;
use std::fs;

use assert_cmd::Command;
use lab::course::cause::Cause;
use lab::course::readme::Readme;
use lab::course::{self, STAGES, deck};
use lab::judge::check::Part;
use lab::stages;
use toml::Table;

use crate::support::gallery_file::{Kind, divisions, gallery, sources};
use crate::support::markdown::{
    blocks, code, commands, comments, emphasised, example, has_place, links, section,
};
use crate::support::scratch::{lab_program, root};

#[test]
fn every_cause_that_a_mutant_shows_is_explained() {
    let mut missing = BTreeSet::new();
    for piece in gallery() {
        let Kind::Mutant { cause, .. } = piece.kind else {
            continue;
        };
        let readme = Readme::read(root(), piece.stage).expect("every stage has a README");
        if readme.heading_for(cause).is_none() {
            missing.insert(format!(
                "{}: no heading on {}",
                piece.stage.slug,
                cause.name()
            ));
        }
        // The question, and at least one hint that knows the stage.
        if readme.hints_about(cause).len() < 2 {
            missing.insert(format!("{}: no hint on {}", piece.stage.slug, cause.name()));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Each cause is first asked about, in words of its own, so that the student finds it and is not told.
#[test]
fn every_cause_has_a_question_of_its_own() {
    let questions: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.question()).collect();
    assert_eq!(questions.len(), Cause::ALL.len());
    for question in questions {
        assert!(question.ends_with('?'), "{question}");
    }
}

#[test]
fn each_step_names_its_checks() {
    for stage in STAGES {
        let path = format!("exercises/{}/README.md", stage.slug);
        let text = read(&path);
        let steps = section(&text, "## Steps");
        for step in 1..=stage.steps {
            let named: Vec<String> = emphasised(section(steps, &format!("### Step {step}: ")))
                .into_iter()
                .map(|phrase| phrase.to_lowercase().replace('-', " "))
                .filter(|phrase| phrase.split(' ').count() > 2)
                .collect();
            let checks = stages::checks(stage).iter();
            let mut expected = Vec::new();
            for check in checks.filter(|check| check.step == step) {
                expected.push(check.sentence());
                expected.extend(divisions(check).map(Part::sentence));
            }
            let missing: Vec<_> = expected.iter().filter(|one| !named.contains(one)).collect();
            let extra: Vec<_> = named.iter().filter(|one| !expected.contains(one)).collect();
            assert_eq!(
                named, expected,
                "{path}, step {step}: missing {missing:?}, too many {extra:?}, or in another order"
            );
        }
    }
}

#[test]
fn the_map_of_the_stages_agrees_with_the_table() {
    let text = read("exercises/README.md");
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| ["))
        .collect();
    assert_eq!(rows.len(), STAGES.len(), "one row a stage");
    for (row, stage) in rows.into_iter().zip(STAGES) {
        let link = format!(
            "| [{}]({}/README.md) | {} |",
            stage.number(),
            stage.slug,
            stage.title
        );
        assert!(row.starts_with(&link), "{row} and not {link}");
        assert!(row.ends_with(&format!("| {} |", stage.minutes)), "{row}");
        let part = format!("## Part {}: {}", stage.part.number, stage.part.title);
        assert!(text.contains(&part), "{part}");
        let title = format!("# {}: {}\n", stage.number(), stage.title);
        let readme = read(&format!("exercises/{}/README.md", stage.slug));
        assert!(
            readme.starts_with(&title),
            "{} begins with {title}",
            stage.slug
        );
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    for page in pages() {
        for link in links(&read(&page)) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => root().join(&page),
                file => root()
                    .join(&page)
                    .parent()
                    .expect("a page stands in a folder")
                    .join(file),
            };
            assert!(target.exists(), "{page}: there is no {link}");
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).expect("a page with headings is a file");
                assert!(has_place(&text, heading), "{page}: no heading {link}");
            }
        }
    }
}

#[test]
fn every_path_that_is_named_exists() {
    for page in pages() {
        let text = read(&page);
        let example = example(&text);
        for path in code(&text) {
            let first = path.split('/').next().unwrap_or_default();
            let is_path = path.contains('/') && !path.contains(|c: char| c.is_whitespace());
            let is_placeholder = path.contains(|c: char| "<>*…{}".contains(c))
                || path.contains("NN-")
                || path.split('/').any(|piece| {
                    !piece.is_empty() && piece.chars().all(|c| c.is_ascii_uppercase())
                });
            let from = match first {
                "exercises" | "solutions" | "tests" | "slides" | ".github" | ".cargo" | ".ci" => {
                    root().to_path_buf()
                }
                "src" => root()
                    .join(&page)
                    .parent()
                    .expect("a page stands in a folder")
                    .to_path_buf(),
                _ => continue,
            };
            if !is_path || is_placeholder || (first == "src" && !from.join("src").is_dir()) {
                continue;
            }
            assert!(from.join(&path).exists(), "{page}: there is no {path}");
        }
        if let Some((path, block)) = example {
            assert_eq!(block, read(&path), "{page} shows another {path}");
        }
    }
}

#[test]
fn every_command_that_is_named_is_one() {
    let manifest: Table = read(".cargo/config.toml")
        .parse()
        .expect("a configuration of cargo");
    let aliases: Vec<&String> = manifest["alias"]
        .as_table()
        .expect("aliases")
        .keys()
        .collect();
    let cargos_own = [
        "build", "check", "clippy", "fetch", "fmt", "help", "install", "run", "test",
    ];
    let subcommands = help(&[]);
    for page in pages() {
        for line in commands(&read(&page)) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_cargo, command, rest @ ..] = &words[..] else {
                continue;
            };
            let is_known =
                cargos_own.contains(command) || aliases.iter().any(|alias| alias == command);
            assert!(
                is_known || command.starts_with(['-', '…']),
                "{page}: {line}"
            );
            let (&"lab", [subcommand, arguments @ ..]) = (command, rest) else {
                continue;
            };
            if subcommand.starts_with('…') {
                continue;
            }
            let listed = subcommands
                .lines()
                .any(|line| line.split_whitespace().next() == Some(subcommand));
            assert!(listed, "{page}: `lab` has no command for {line}");
            check_arguments(&page, &line, subcommand, arguments);
        }
        // What presenters say is no code: a command stands in their notes as it is.
        let text = read(&page);
        let notes = comments(&text).into_iter();
        for line in notes.flat_map(|(_, note)| note.lines()) {
            for rest in line.split("cargo lab ").skip(1) {
                let end = |letter: char| letter.is_whitespace() || ".,;:?)`".contains(letter);
                let mut words = rest.split(end);
                let subcommand = words.next().unwrap_or_default();
                let listed = subcommands
                    .lines()
                    .any(|line| line.split_whitespace().next() == Some(subcommand));
                assert!(listed, "{page}: `lab` has no command for {line}");
                let number = words.next().filter(|word| word.parse::<u32>().is_ok());
                check_arguments(&page, line, subcommand, number.as_slice());
            }
        }
    }
}

#[test]
fn excerpts_are_what_stands_in_the_solution() {
    for stage in STAGES {
        let page = format!("exercises/{}/README.md", stage.slug);
        let solution: String = sources(&root().join("solutions"), stage)
            .into_iter()
            .flat_map(|(_, text)| {
                text.lines()
                    .map(|line| format!("{}\n", line.trim()))
                    .collect::<Vec<_>>()
            })
            .collect();
        for block in blocks(&read(&page), "rust") {
            let block: String = block
                .lines()
                .map(|line| format!("{}\n", line.trim()))
                .collect();
            assert!(
                solution.contains(&block),
                "{page}: not in the solution:\n{block}"
            );
        }
    }
}

/// That the stage exists, and each option.
fn check_arguments(page: &str, line: &str, subcommand: &str, arguments: &[&str]) {
    let ours = arguments
        .split(|word| *word == "--")
        .next()
        .unwrap_or_default();
    let help = help(&[subcommand]);
    for option in ours.iter().filter(|word| word.starts_with("--")) {
        let listed = help
            .split(|c: char| c.is_whitespace() || c == ',')
            .any(|word| word == *option);
        assert!(listed, "{page}: {subcommand} has no {option} in {line}");
    }
    let takes_stage = help.contains("[STAGE]") || help.contains("<STAGE>");
    let first = ours
        .first()
        .filter(|word| takes_stage && !word.starts_with('-'));
    if let Some(word) = first {
        let is_placeholder =
            word.starts_with(['[', '…']) || word.chars().all(|c| c.is_ascii_uppercase());
        assert!(
            is_placeholder || course::find(word).len() == 1,
            "{page}: no one stage is meant by {word} in {line}"
        );
    }
}

/// What `lab … --help` prints.
fn help(words: &[&str]) -> String {
    let output = Command::new(lab_program())
        .args(words)
        .arg("--help")
        .output()
        .expect("lab can be started");
    assert!(output.status.success(), "lab {words:?} --help");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every Markdown page of the repository that people read here.
pub fn pages() -> Vec<String> {
    let mut pages = vec![
        "README.md".to_string(),
        ".github/CONTRIBUTING.md".to_string(),
        "exercises/README.md".to_string(),
        "exercises/AGENTS.md".to_string(),
        ".bench/README.md".to_string(),
        "slides/README.md".to_string(),
    ];
    pages.extend(deck::files().map(|file| format!("slides/{file}")));
    pages.extend(
        STAGES
            .iter()
            .map(|stage| format!("exercises/{}/README.md", stage.slug)),
    );
    pages
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
