//! The report on a failure shows what happened step by step.

use lab::course::STAGES;
use lab::course::cause::Cause;
use lab::diagnose::failure::Failure;
use lab::harness::transcript::Transcript;
use lab::judge::report::{ReportContext, rows};
use lab::stages;

fn report(exchange: &[(&str, &str)], width: usize) -> String {
    let stage = &STAGES[1];
    let check = &stages::checks(stage)[0];
    let steps = exchange.iter();
    let failure = Failure {
        sent: "all of it in a line".into(),
        exchange: steps
            .map(|(who, what)| (who.to_string(), what.to_string()))
            .collect(),
        expected: "\"hi\"".into(),
        received: "nothing".into(),
        program: "was inside recv".into(),
        calls: None,
        cause: Cause::WaitsForMore,
    };
    let telling = ReportContext {
        readme: None,
        seed: 1,
        is_thorough: false,
        subject: None,
        width,
        is_on_desk: false,
    };
    let text = rows(stage, check, &check.parts[0], &failure, &telling);
    let end = text.find("  expected").expect("it says what was expected");
    text[..end].to_string()
}

#[test]
fn a_column_for_each_who_took_part_with_the_program_first() {
    let steps = [
        ("client 1", "connects"),
        ("client 2", "connects"),
        ("client 2", "sends a message that is longer than a column"),
        ("server", "client 2 left after 5 bytes"),
    ];
    let expected = "  \
  exchange        your server         client 1            client 2
               1                      connects
               2                                          connects
               3                                          sends a message
                                                          that is longer
                                                          than a column
               4  client 2 left
                  after 5 bytes
";
    assert_eq!(report(&steps, 80), expected);
}

#[test]
fn where_columns_do_not_fit_each_step_is_a_line() {
    let steps = [
        ("client 1", "connects"),
        ("client 2", "connects"),
        ("client 3", "connects"),
        ("client 2", "sends \"hi\""),
    ];
    let expected = "  \
  exchange     1  client 1: connects
               2  client 2: connects
               3  client 3: connects
               4  client 2: sends \"hi\"
";
    assert_eq!(report(&steps, 60), expected);
}

#[test]
fn of_a_long_exchange_the_end_is_shown_and_of_a_short_one_a_line_is_enough() {
    let steps = [
        ("client 1", "sends \"hi\""),
        ("client 1", "receives \"hi\""),
    ]
    .repeat(10);
    let text = report(&steps, 80);
    assert!(text.contains("… 12 steps before"), "{text}");
    assert!(!text.contains(" 12  "), "{text}");
    assert!(
        text.contains(" 13  sends") && text.contains(" 20  receives"),
        "{text}"
    );

    let text = report(&steps[..2], 80);
    assert_eq!(text, "  sent       all of it in a line\n");
}

#[test]
fn what_is_done_again_and_again_is_one_step() {
    let steps = [
        ("client 1", "connects"),
        ("client 1", "sends \"?\""),
        ("client 1", "sends \"?\""),
        ("client 1", "sends \"?\""),
        ("client 2", "sends \"?\""),
    ];
    let expected = "  \
  exchange        client 1                       client 2
               1  connects
               2  sends \"?\", 3 times
               3                                 sends \"?\"
";
    assert_eq!(report(&steps, 80), expected);
}

/// What the lab does to a program explains what follows, in the report. A transcript tells what program and peers did.
#[test]
fn what_the_lab_does_is_a_step_and_no_part_of_the_transcript() {
    let mut transcript = Transcript::default();
    transcript.note("client 1", "connects");
    let before = transcript.render();
    transcript.lab_did("stops your server");
    assert_eq!(transcript.render(), before);
    let step = |who: &str, what: &str| (who.to_string(), what.to_string());
    let steps = [
        step("client 1", "connects"),
        step("the lab", "stops your server"),
    ];
    assert_eq!(transcript.steps(), steps);
    assert_eq!(transcript.sent(), "the lab: stops your server");
}
