//! Each rule of a README has a judge, and each check a rule: the two directions in which they could drift apart.

use std::collections::BTreeSet;

use lab::course::readme::rules::{Judge, Sentence};
use lab::course::readme::{HeadingRef, Readme};
use lab::course::{STAGES, Stage};
use lab::judge::check::Part;
use lab::stages;

use crate::support::gallery_file::gallery;
use crate::support::scratch::root;

/// What a marker names where no check could pass without the rule: that the server announces itself, say.
const EVERY_CHECK: &str = "every_check";

/// What a sentence about verdicts says. Without a marker, nobody would know whether it is true.
const VERDICTS: [&str; 9] = [
    "the lab accepts",
    "the lab allows",
    "the lab expects",
    "this stage allows",
    "is accepted;",
    "is accepted.",
    "be a failure",
    "is not asked for",
    "is allowed",
];

/// How a sentence says that a rule is not judged, if not in the one form that is looked for.
const OTHER_FORMS: [&str; 3] = ["not judge", "no check judges", "nobody judges"];

/// The fewest words of a reason.
const REASON: usize = 5;

#[test]
fn every_rule_has_a_judge() {
    let problems: Vec<String> = STAGES
        .iter()
        .flat_map(|stage| {
            let found = faults(stage, &read(stage), &variants(stage)).into_iter();
            found.map(move |what| format!("exercises/{}/README.md: {what}", stage.slug))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_check_has_a_rule() {
    let without: Vec<String> = STAGES
        .iter()
        .flat_map(|stage| {
            let missing = without_a_rule(stage, &read(stage)).into_iter();
            missing.map(move |name| format!("exercises/{}/README.md: {name}", stage.slug))
        })
        .collect();
    assert!(
        without.is_empty(),
        "checks and parts that no `<!-- judged: … -->` names:\n{}",
        without.join("\n")
    );
}

#[test]
fn what_is_wrong_with_a_rule_is_noticed() {
    let stage = &STAGES[0];
    let variants = BTreeSet::from(["std".to_owned()]);
    let found = |text: &str| faults(stage, &parse(text), &variants);
    for (text, expected) in [
        (
            "It waits. <!-- judged: waits_for_ever -->",
            "line 3: no check or part is called waits_for_ever",
        ),
        (
            // A row that has parts is judged by them.
            "It waits. <!-- judged: waits_for_clients_without_using_the_cpu -->",
            "no check or part is called waits_for_clients_without_using_the_cpu",
        ),
        ("You may. <!-- allowed: mio -->", "no variant is called mio"),
        (
            "It waits. (Not judged: Linux hides it.)",
            "the reason \"Linux hides it\" is too short",
        ),
        (
            "It waits. The lab does not judge this.",
            "say it with \"(Not judged: REASON.)\"",
        ),
        (
            "### The wait\n\n<!-- causes: busy -->\n\nIt waits.\n\n### The end\n\nIt ends. <!-- judged: every_check -->",
            "line 3: no rule below \"The wait\" has a judge",
        ),
        (
            "<!-- judged: every_check --> It waits.",
            "a judge is named behind no sentence",
        ),
        (
            "It waits. <!-- judge: every_check -->",
            "the marker \"judge: every_check\" is not known",
        ),
        (
            "It naps. <!-- allowed: std --> A nap in every round is accepted. It ends.",
            "a verdict without a marker: A nap in every round is accepted.",
        ),
    ] {
        let problems = found(text);
        let is_noticed = problems.iter().any(|problem| problem.contains(expected));
        assert!(is_noticed, "{text}: {problems:?}");
    }
    for text in [
        "### The wait\n\n<!-- causes: busy -->\n\nIt waits. <!-- judged: every_check -->",
        "It waits. <!-- judged: waits_without_a_timeout, every_check --> Why?",
        "One nap is accepted. <!-- allowed: std -->",
        "It never fails. (Not judged: Linux does not show it here.) It ends.",
        "`<!-- judged: NAME -->` names a check.",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn a_check_without_a_rule_is_noticed() {
    let stage = &STAGES[0];
    let all: Vec<&str> = parts(stage).map(|part| part.name).collect();
    let [first, others @ ..] = &all[..] else {
        panic!("a stage has checks");
    };
    let readme = parse(&format!("It waits. <!-- judged: {} -->", others.join(", ")));
    assert_eq!(without_a_rule(stage, &readme), [*first]);
}

#[test]
fn a_marker_belongs_to_the_sentence_before_it() {
    let readme =
        parse("**One.** Two, three. <!-- judged: x, y --> Four. (Not judged: for a reason.)");
    let found: Vec<(&str, usize)> = readme
        .sentences()
        .iter()
        .map(|sentence| (sentence.text.as_str(), sentence.judges.len()))
        .collect();
    let expected = [("**One.**", 0), ("Two, three.", 1), ("Four.", 1)];
    assert_eq!(found, expected);
}

/// What is wrong with the rules of a README, where its stage has these `variants`.
fn faults(stage: &Stage, readme: &Readme, variants: &BTreeSet<String>) -> Vec<String> {
    let known: BTreeSet<&str> = parts(stage).map(|part| part.name).collect();
    let is_known = |name: &str| name == EVERY_CHECK || known.contains(name);
    let mut faults = readme.problems();
    // `readmes` sees to those.
    faults.retain(|problem| !problem.contains("heading"));
    for sentence in readme.sentences() {
        for judge in &sentence.judges {
            let wrong = match judge {
                Judge::Checks(names) => names
                    .iter()
                    .find(|name| !is_known(name))
                    .map(|name| format!("no check or part is called {name}")),
                Judge::Variants(names) => names
                    .iter()
                    .find(|name| !variants.contains(*name))
                    .map(|name| format!("no variant is called {name}")),
                Judge::Nobody(why) => (why.split_whitespace().count() < REASON)
                    .then(|| format!("the reason \"{why}\" is too short")),
            };
            faults.extend(wrong.map(|what| format!("line {}: {what}", sentence.line)));
        }
        faults.extend(unmarked(sentence));
    }
    // A cause is what a check fails with.
    let silent = readme.headings_without_a_judge();
    faults.extend(silent.map(|HeadingRef { line, title }| {
        format!("line {line}: no rule below \"{title}\" has a judge")
    }));
    faults
}

/// What a sentence says of verdicts without a marker.
fn unmarked(Sentence { line, text, judges }: &Sentence) -> Option<String> {
    let lower = text.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    if says(&OTHER_FORMS) {
        return Some(format!(
            "line {line}: say it with \"(Not judged: REASON.)\""
        ));
    }
    (judges.is_empty() && says(&VERDICTS))
        .then(|| format!("line {line}: a verdict without a marker: {text}"))
}

/// The checks and parts of `stage` that no marker of its README names.
fn without_a_rule(stage: &Stage, readme: &Readme) -> Vec<&'static str> {
    let judges = readme.sentences().iter().flat_map(|one| &one.judges);
    let named: BTreeSet<&str> = judges
        .filter_map(|judge| match judge {
            Judge::Checks(names) => Some(names.iter().map(String::as_str)),
            _ => None,
        })
        .flatten()
        .collect();
    let names = parts(stage).map(|part| part.name);
    names.filter(|name| !named.contains(name)).collect()
}

/// All parts of the checks of `stage`. A check without parts of its own has one that bears its name.
fn parts(stage: &Stage) -> impl Iterator<Item = &'static Part> {
    stages::checks(stage).iter().flat_map(|check| check.parts)
}

fn variants(stage: &Stage) -> BTreeSet<String> {
    let pieces = gallery().into_iter().filter(|piece| piece.stage == stage);
    let names = pieces.filter_map(|piece| piece.name.strip_prefix("variants/").map(str::to_owned));
    names.collect()
}

fn read(stage: &Stage) -> Readme {
    Readme::read(root(), stage).expect("every stage has a README")
}

/// A page that says `text` and nothing else.
fn parse(text: &str) -> Readme {
    Readme::parse(&format!("## Steps\n\n{text}\n"), &STAGES[0])
}
