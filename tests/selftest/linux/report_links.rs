//! Reports and hints send people to the slide that explains what happened.

use std::fs;

use lab::course::cause::Cause;
use lab::course::readme::Readme;

use crate::linux::support::command::Lab;
use crate::linux::support::fixtures::fixture;
use crate::support::gallery_file::{Kind, gallery, subject};
use crate::support::scratch::root;

#[test]
fn a_report_and_a_hint_name_the_slide() {
    let heading = "Only 0 bytes mean the end";
    let deck = fs::read_to_string(root().join("slides/02-echo-server.md")).expect("a deck");
    let mut lines = deck.lines();
    let line = lines
        .position(|line| line == format!("## {heading}"))
        .expect("a slide")
        + 1;
    let place = format!("slides/02-echo-server.md:{line}, \"{heading}\"");
    let mut pieces = gallery().into_iter();
    let mutant = pieces.find(|piece| {
        let cause = match piece.kind {
            Kind::Mutant { cause, .. } => Some(cause),
            Kind::Variant => None,
        };
        piece.stage.short() == "2" && cause == Some(Cause::EndIgnored)
    });
    let mutant = mutant.expect("somebody ignores the end");
    let folder = subject("slides/report", &[(mutant.stage, &mutant.sources)]);
    let ran = Lab::check(&folder, &["2"]).run();
    let row = format!("slide      {place}");
    assert!(ran.out.contains(&row), "{row}: {ran:?}");

    let readme = Readme::read(root(), mutant.stage).expect("every stage has a README");
    let number = readme.hint_for(Cause::EndIgnored).expect("there is a hint");
    let ran = Lab::new(&["hint", "2", &number.to_string()]).run();
    assert!(
        ran.out.contains(&format!("On slides:\n  {place}\n")),
        "{ran:?}"
    );
    assert!(
        !ran.out.contains("]("),
        "a terminal has no use for targets: {ran:?}"
    );
}

#[test]
fn a_cause_that_no_slide_explains_sends_people_to_the_deck() {
    let folder = fixture("reports without a slide", &[("2", "fails-at-once")]);
    let ran = Lab::check(&folder, &["2"]).run();
    assert!(
        ran.out.contains("  slide      slides/02-echo-server.md\n"),
        "{ran:?}"
    );
}

/// What a program met is what the lab did to it: the report says so.
#[test]
fn a_report_tells_what_the_lab_did_to_the_program() {
    let mut pieces = gallery().into_iter();
    let mutant =
        pieces.find(|piece| piece.stage.short() == "2" && piece.name == "ignores-what-send-took");
    let mutant = mutant.expect("somebody ignores what send took");
    let folder = subject("reports/lab", &[(mutant.stage, &mutant.sources)]);
    let ran = Lab::check(&folder, &["2", "--only", "stopped_in_send"]).run();
    assert!(ran.out.contains("the lab"), "{ran:?}");
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("stops your program inside"), "{ran:?}");
}
