//! Every deck is in order, shows code that is really there, and explains what checks send people to it for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lab::course::cause::Cause;
use lab::course::deck::snippet::renewed;
use lab::course::deck::{self, Deck, Slide};
use lab::course::{STAGES, Stage};

use crate::support::gallery_file::{Kind, gallery};
use crate::support::scratch::root;
use structure::{inside, minutes_of_demonstrations, outside};

mod marks;
mod structure;

/// A lecture, in minutes, and how many slides it has room for.
const LECTURE: u32 = 45;
const SLIDES: usize = 20;

/// What a slide takes at least that is not a demonstration, in tenths of a minute.
const SLIDE: u32 = 15;

/// Causes that READMEs explain and decks need not: what the house has agreed upon, and not what sockets do.
const OF_THE_HOUSE: [Cause; 18] = [
    Cause::NotAnnounced,
    Cause::WrongAddress,
    Cause::WrongFamily,
    Cause::NotAtItsAddress,
    Cause::AddressNotNamed,
    Cause::NotRecorded,
    Cause::ConnectedLate,
    Cause::ResetLoggedAsEnd,
    Cause::WrongCount,
    Cause::ObeysTheText,
    Cause::NotPrinted,
    Cause::WrongExit,
    Cause::ExitedEarly,
    Cause::Panicked,
    Cause::UnboundedMemory,
    Cause::UnboundedDescriptors,
    Cause::UnboundedThreads,
    Cause::TooLong,
];

#[test]
fn every_deck_is_in_order() {
    let mut problems = Vec::new();
    for (file, deck) in decks() {
        let lines = marks::lines(&read(&format!("slides/{file}")));
        let found = [outside(&deck), inside(&deck), lines].concat();
        let found = found.into_iter();
        problems.extend(found.map(|what| format!("slides/{file}: {what}")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn decks_and_stages_have_the_same_names() {
    for (file, deck) in decks() {
        let Some(stage) = STAGES.iter().find(|stage| stage.slide == file) else {
            assert_eq!(file, deck::INTRODUCTION);
            assert_eq!(deck.setting("title"), Some("Why sockets block"));
            continue;
        };
        let title = format!("{}: {}", stage.number(), stage.title);
        assert_eq!(deck.setting("title"), Some(title.as_str()), "slides/{file}");
        let last = deck.slides.last().expect("a deck has slides");
        let (slug, short) = (stage.slug, stage.short());
        assert_eq!(
            last.prose[..4],
            [
                format!("- read: [exercises/{slug}](../exercises/{slug}/README.md)"),
                format!("- edit: `exercises/{slug}/{}`", stage.files[0]),
                format!("- check: `cargo lab check {short}`"),
                format!("- stuck: `cargo lab hint {short}`"),
            ],
            "slides/{file}"
        );
        assert_eq!(last.title(), format!("Your turn: stage {}", stage.number()));
        let readme = fs::read_to_string(root().join(format!("exercises/{slug}/README.md")));
        let link = format!("](../../slides/{file}");
        assert!(
            readme.is_ok_and(|text| text.contains(&link)),
            "the README of {slug} has no link to its deck"
        );
    }
}

#[test]
fn code_on_slides_is_what_the_sources_have() {
    let mut problems = Vec::new();
    for file in deck::files() {
        let text = match fs::read_to_string(root().join("slides").join(file)) {
            Ok(text) => text,
            Err(error) => {
                problems.push(format!("slides/{file}: {error}"));
                continue;
            }
        };
        let deck = Deck::parse(&text);
        let (_, findings) = renewed(&text, |path| Ok(fs::read_to_string(root().join(path))?));
        problems.extend(findings.into_iter().map(|finding| {
            let mut slides = deck.slides.iter().rev();
            let slide = slides.find(|slide| slide.line <= finding.line);
            let title = slide.map_or("", Slide::title);
            let (line, what) = (finding.line, finding.what);
            format!("slides/{file}:{line}: \"{title}\": {what}")
        }));
    }
    assert!(
        problems.is_empty(),
        "`cargo lab bless --slides` writes code and links anew:\n{}",
        problems.join("\n")
    );
}

#[test]
fn slides_explain_the_causes_that_checks_name() {
    let mut missing = BTreeSet::new();
    for piece in gallery() {
        let Kind::Mutant { cause, .. } = piece.kind else {
            continue;
        };
        let deck = Deck::of(root(), piece.stage).expect("every stage has a deck");
        if !OF_THE_HOUSE.contains(&cause) && deck.slide_for(cause).is_none() {
            missing.insert(format!("slides/{}: {}", piece.stage.slide, cause.name()));
        }
    }
    assert!(missing.is_empty(), "no slide explains {missing:#?}");
}

#[test]
fn the_index_is_a_course_of_lectures_of_45_minutes() {
    let index = read("slides/README.md");
    let rows: Vec<&str> = index
        .lines()
        .filter(|line| line.contains(".md)") && line.starts_with("| "))
        .collect();
    assert_eq!(rows.len(), STAGES.len() + 1, "one row a deck");
    let mut lectures: Vec<Lecture> = Vec::new();
    for (row, (file, deck)) in rows.into_iter().zip(decks()) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [
            lecture,
            title,
            minutes,
            demonstrations,
            slides,
            optional,
            stage,
        ] = cells[..]
        else {
            panic!("{row} has not seven cells");
        };
        let name = deck.setting("title").unwrap_or_default();
        assert_eq!(title, format!("[{name}]({file})"));
        assert_eq!(Some(minutes), deck.setting("minutes"), "{row}");
        let own = STAGES.iter().find(|stage| stage.slide == file);
        let link = own.map_or("none".to_string(), |stage| {
            format!("[{0}](../exercises/{0}/README.md)", stage.slug)
        });
        assert_eq!(stage, link);
        let given: Vec<&Slide> = deck
            .slides
            .iter()
            .filter(|slide| !slide.is_optional())
            .collect();
        let numbered = deck.slides.iter().zip(1..);
        let left_out: Vec<String> = numbered
            .filter(|(slide, _)| slide.is_optional())
            .map(|(_, number): (_, usize)| number.to_string())
            .collect();
        let shown: u32 = given
            .iter()
            .map(|slide| minutes_of_demonstrations(slide))
            .sum();
        let counted = [
            shown.to_string(),
            given.len().to_string(),
            match left_out.is_empty() {
                true => "none".to_string(),
                false => left_out.join(", "),
            },
        ];
        assert_eq!(
            [demonstrations, slides, optional],
            counted,
            "{row}: minutes of demonstrations, slides, optional ones"
        );
        if lectures.last().is_none_or(|last| last.name != lecture) {
            lectures.push(Lecture {
                name: lecture.to_string(),
                ..Lecture::default()
            });
        }
        let lecture = lectures.last_mut().expect("there is one");
        lecture.minutes += minutes.parse::<u32>().expect("minutes are a number");
        lecture.slides += given.len();
        let told = given
            .iter()
            .filter(|slide| minutes_of_demonstrations(slide) == 0)
            .count();
        lecture.needed += shown * 10 + told as u32 * SLIDE;
    }
    for (lecture, number) in lectures.iter().zip(1..) {
        let Lecture {
            name,
            minutes,
            slides,
            needed,
        } = lecture;
        assert_eq!(*name, number.to_string(), "lectures are numbered in order");
        assert_eq!(
            *minutes, LECTURE,
            "the decks of lecture {name} take {minutes} minutes, and a lecture has {LECTURE}: move a deck, or change its minutes"
        );
        assert!(
            *slides <= SLIDES,
            "lecture {name} has {slides} slides, and time for {SLIDES}: mark some as optional"
        );
        assert!(
            *needed <= LECTURE * 10,
            "lecture {name} needs {needed} tenths of a minute: its slides and its demonstrations"
        );
    }
}

/// What stands in the index about the decks of one lecture.
#[derive(Default)]
struct Lecture {
    name: String,
    minutes: u32,
    slides: usize,
    /// In tenths of a minute.
    needed: u32,
}

#[test]
fn what_lies_beside_the_decks_is_shown() {
    let mut expected: BTreeSet<String> = deck::files().map(str::to_owned).collect();
    expected.extend(["README.md", "theme.css", "img", "code"].map(str::to_owned));
    assert_eq!(names("slides"), expected);
    let mut pages: Vec<String> = deck::files().map(|file| format!("slides/{file}")).collect();
    let readme = |stage: &Stage| format!("exercises/{}/README.md", stage.slug);
    pages.extend(STAGES.iter().map(readme));
    let pages: Vec<String> = pages.iter().map(|page| read(page)).collect();
    let recordings = names("slides/img/runs");
    for name in &recordings {
        let [json, svg] = ["json", "svg"].map(|ending| Path::new(name).with_extension(ending));
        let is_pair = [json, svg]
            .iter()
            .all(|path| recordings.contains(&path.display().to_string()));
        assert!(
            is_pair,
            "{name} is a recording without a picture, or the other way round"
        );
    }
    let runs = recordings.iter().map(|name| format!("runs/{name}"));
    let pictures = names("slides/img").into_iter().chain(runs);
    for picture in pictures.filter(|name| name.ends_with(".svg")) {
        let shown = format!("img/{picture})");
        let is_shown = pages.iter().any(|page| page.contains(&shown));
        assert!(
            is_shown,
            "no slide and no README shows slides/img/{picture}"
        );
    }
}

#[test]
fn a_deck_that_is_out_of_order_is_noticed() {
    let good = read("tests/selftest/fixtures/deck.md");
    let faults = |text: &str| {
        let deck = Deck::parse(text);
        [outside(&deck), inside(&deck)].concat()
    };
    assert_eq!(faults(&good), [""; 0]);
    let cases = [
        (
            "## Coming",
            "## One\n\n---\n\n## Coming",
            "nothing stands on it",
        ),
        ("lang: en-GB", "lang: de", "lang is Some(\"de\")"),
        ("minutes: 25\n", "", "the settings are"),
        ("## Coming from Python", "## Python", "no slide begins with"),
        ("## Predict: B", "## Coming from B", "no slide begins with"),
        ("## You will", "## Will you", "slide 2 is not"),
        ("## Recap", "## And so", "slide 8 is not"),
        ("## Your turn", "## My turn", "slide 9 is not"),
        (
            "## A leaves, and B is served",
            "## Only 0 bytes mean the end",
            "the same heading",
        ),
        ("## TCP carries", "### TCP carries", "one heading"),
        ("# 02: A stream", "# A stream", "one heading"),
        ("B is served\n", "B is served.\n", "full stop"),
        (
            "causes: waits-for-more",
            "causes: waits-for-tea",
            "waits-for-tea is not known",
        ),
        (
            "causes: wrong-bytes",
            "causes: waits-for-more",
            "waits-for-more stands on two slides",
        ),
        ("_class: optional", "_class: big", "no class big"),
        (
            "## Recap\n",
            "## Recap\n<!-- _class: optional -->\n",
            "no lecture leaves",
        ),
        ("Ask: vote", "Please vote", "a note begins with"),
        ("Demo, 2 min: type", "Demo: type", "a note begins with"),
        ("Demo, 2 min: type", "Note: type", "how long it takes"),
        ("- **b** when", "- when", "commit themselves"),
        (
            "< two\\n\n",
            "…\n…\n…\n…\n…\n…\n…\n…\n",
            "a block of 8 lines",
        ),
        ("```python slides", "```text slides", "Python has a slide"),
        ("```rust sol", "```python sol", "Python has a slide"),
        ("It never waits", "It <b>never</b> waits", "raw HTML"),
        ("It never waits", "`It` <b>never</b> `waits`", "raw HTML"),
        ("![Three", "![bg Three", "bg is a picture's keyword"),
        ("![Three", "![Three h:200", "h:200 is a picture's keyword"),
        ("![Three", "![In contrast Three", "contrast is a picture's"),
        ("![Three", "![99% Three", "99% is a picture's keyword"),
        ("![Three", "![](img/runs/poll.svg) ![Three", "says nothing"),
        ("## Predict: ", "## Think: ", "before a demonstration"),
        ("Client B:\n", "Client B.\n", "whose it is"),
    ];
    for (from, to, said) in cases {
        assert!(good.contains(from), "{from}");
        let problems = faults(&good.replacen(from, to, 1));
        assert!(
            problems.iter().any(|problem| problem.contains(said)),
            "{from} to {to}: {problems:?}"
        );
    }
}

/// What lies in a folder.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder can be read");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

fn decks() -> impl Iterator<Item = (&'static str, Deck)> {
    deck::files().map(|file| (file, Deck::parse(&read(&format!("slides/{file}")))))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
