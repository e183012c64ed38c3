//! What stands around the tests: why a stage was not built, and the scores.

use std::sync::Arc;

use lab::build::Built;
use lab::build::given;
use lab::build::repo::Repo;
use lab::build::subject::Subject;
use lab::course::STAGES;
use lab::course::readme::Readme;
use lab::judge::cache::ScoreCache;
use lab::judge::{BuiltStage, Score, Verdict, report};
use lab::stages;
use lab::text::points_word;

use crate::{Verdicts, lock};

/// Which given files of a stage were changed, where it is the student's own, and why it was not built: once, before its checks
/// fail with a line each.
pub fn say_if_not_built(repo: &Repo, candidate: &BuiltStage, is_own: bool) {
    let slug = candidate.stage.slug;
    let changed = given::changed(&repo.root, candidate.stage);
    if is_own && !changed.is_empty() {
        eprintln!(
            "\n{slug} is not as it was shipped, and a grade rests on what was; to have it back: git checkout {}",
            changed.join(" ")
        );
    }
    match &candidate.built {
        Built::Program { .. } => {}
        Built::NoSource(reason) => eprintln!("\n{slug}: {reason}"),
        Built::CouldNotBuild(reason) => {
            eprintln!("\n{}", report::could_not_build(candidate.stage, reason));
        }
        Built::DoesNotCompile(message) => {
            eprintln!(
                "\n{slug} does not compile; cargo says:\n\n{}",
                message.trim_end()
            );
            let readme = Readme::read(&repo.root, candidate.stage).ok();
            if let Some(hint) = readme.and_then(|readme| readme.hint_for_compiler(message)) {
                eprintln!(
                    "\na hint on this: cargo lab hint {} {hint}",
                    candidate.stage.short()
                );
            }
        }
    }
}

/// The score of each stage, and their sum. Checks that a filter left out count neither way.
pub fn print_scores(
    repo: &Repo,
    subject: &Subject,
    judged: &[Arc<BuiltStage>],
    verdicts: &Verdicts,
) {
    let verdicts = lock(verdicts);
    let (mut points, mut most) = (0, 0);
    let slugs = STAGES.iter().map(|stage| stage.slug.len());
    let width = slugs.max().unwrap_or_default();
    for candidate in judged {
        let stage = candidate.stage;
        let all = stages::checks(stage).len();
        let ran: Vec<Verdict> = (0..all)
            .filter_map(|place| verdicts.get(&(stage.slug, place)).cloned())
            .collect();
        let whole = ran.len() == all;
        let left_out = Verdict::NotJudgedHere("left out".into());
        let place = |place| {
            verdicts
                .get(&(stage.slug, place))
                .unwrap_or(&left_out)
                .clone()
        };
        let score = Score::of(
            stage,
            stages::checks(stage),
            &(0..all).map(place).collect::<Vec<_>>(),
        );
        if whole {
            ScoreCache::put(repo, subject, candidate, false, &score);
        }
        let part = if whole {
            String::new()
        } else {
            format!(" ({} of {all} checks)", ran.len())
        };
        let ungraded = report::ungraded(score.ungraded);
        let sum = format!("{:>3} of {}", score.points, points_word(score.most));
        println!("{:<width$} {sum}{ungraded}{part}", stage.slug);
        points += score.points;
        most += score.most;
    }
    println!("{:<width$} {points:>3} of {}\n", "total", points_word(most));
}
