//! How other systems judge, tried here: with the powers that they lack taken away from the check.

use lab::build::repo::Repo;
use lab::build::subject::Subject;
use lab::course::{STAGES, Stage};
use lab::judge::{Judge, Verdict, built_stages};
use lab::platform::{Power, Powers};
use lab::stages;

use crate::linux::support::fixtures::{fixture, stage};
use crate::support::scratch::root;

/// What only Linux shows.
fn portable() -> Powers {
    let missing = Power::ALL
        .iter()
        .copied()
        .filter(|power| power.needs_linux());
    let missing: Vec<Power> = missing.collect();
    Powers::probed().clone().without(&missing, "taken away")
}

#[test]
fn solutions_pass_or_are_not_judged_without_what_only_linux_shows() {
    let repo = Repo::find().expect("the lab");
    let subject = Subject::open(&repo, Some(&root().join("solutions"))).expect("the solutions");
    let all: Vec<&'static Stage> = STAGES.iter().collect();
    let judged = judge(&repo, &subject, &all);
    assert!(
        judged
            .iter()
            .any(|(_, verdict)| matches!(verdict, Verdict::NotJudgedHere(_))),
        "every check was judged without what only Linux shows"
    );
    let is_without = |verdict: &Verdict| matches!(verdict, Verdict::Passed(reservation) if !reservation.without.is_empty());
    assert!(
        judged.iter().any(|(_, verdict)| is_without(verdict)),
        "no check says what it went without"
    );
    let bad: Vec<String> = judged
        .iter()
        .filter(|(_, verdict)| !verdict.is_fine())
        .map(|(name, verdict)| format!("{name}: {verdict:?}"))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// A check that passes says what it could not see, or sees it.
#[test]
fn a_weaker_look_is_said() {
    let repo = Repo::find().expect("the lab");
    let subject = fixture("weaker", &[("2", "solution")]);
    let subject = Subject::open(&repo, Some(&subject)).expect("a subject");
    let judged = judge(&repo, &subject, &[stage("2")]);
    let first = judged
        .iter()
        .find(|(name, _)| name.contains("exactly_its_bytes"));
    let Some((_, Verdict::Passed(reservation))) = first else {
        panic!("{judged:?}");
    };
    assert_eq!(
        reservation.words(),
        "without: what a program is doing, bytes that wait in the kernel"
    );
}

/// Wrong programs are caught by what every system shows.
#[test]
fn wrong_programs_fail_without_what_only_linux_shows() {
    let repo = Repo::find().expect("the lab");
    for program in ["fails-at-once", "panics"] {
        let subject = fixture(&format!("portable-{program}"), &[("2", program)]);
        let subject = Subject::open(&repo, Some(&subject)).expect("a subject");
        let judged = judge(&repo, &subject, &[stage("2")]);
        assert!(
            judged
                .iter()
                .any(|(_, verdict)| matches!(verdict, Verdict::Failed { .. })),
            "{program}: {judged:?}"
        );
    }
}

fn judge(
    repo: &Repo,
    subject: &Subject,
    stages: &[&'static Stage],
) -> Vec<(&'static str, Verdict)> {
    let mut judge = Judge::new(repo, Some(1));
    judge.powers = portable();
    judge.judge_untouched = true;
    let built = built_stages(repo, subject, stages).expect("they can be built");
    let each = built.iter().flat_map(|built| {
        let checks = stages::checks(built.stage).iter();
        checks.map(|check| (check.name, judge.judge(built, check)))
    });
    each.collect()
}
