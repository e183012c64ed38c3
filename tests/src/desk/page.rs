//! What stands on each page of the desk, as text.

use crate::build::subject::Subject;
use crate::course::readme::Readme;
use crate::course::{STAGES, Stage};
use crate::desk::state::{Desk, Page, Work};
use crate::judge::{BuiltStage, Score, Verdict};
use crate::stages;
use crate::text::{columns, counted, points_word};
use crate::ui::hints;
use crate::ui::map::{known, to_begin};
use crate::ui::terminal::{GOOD, QUIET, STRONG, paint, wrap};
use crate::ui::verdicts::{StageReport, Telling};

/// The first line: where we are, and how far the judging is.
#[must_use]
pub fn head(desk: &Desk) -> (String, String) {
    let slug = paint(STRONG, desk.stage.slug);
    let left = match &desk.page {
        Page::Output(output) => format!("{slug}  {}", output.title),
        _ => slug,
    };
    let right = match &desk.work {
        Work::Untouched => "nothing written yet".to_string(),
        Work::Building(None) => "building …".into(),
        Work::Building(Some(what)) => what.clone(),
        Work::Judged {
            score: Some(score), ..
        } => sum(desk.stage, score),
        Work::Judged { verdicts, .. } => {
            let known = verdicts.iter().flatten().count();
            format!("judging: {known} of {} …", verdicts.len())
        }
        Work::Failed(_) => "could not be judged".into(),
    };
    (left, right)
}

fn sum(stage: &Stage, score: &Score) -> String {
    let points = format!("{} of {}", score.points, points_word(score.most));
    let text = format!("{}, {points}", score.steps(stage));
    match score.is_full() {
        true => paint(GOOD, text),
        false => text,
    }
}

/// The page that is shown, in lines of at most `width` columns; what is to be copied may be longer.
#[must_use]
pub fn body(desk: &Desk, width: usize) -> String {
    let notice = match desk.polls {
        true => wrap(
            "This file system does not tell of changes: the lab looks at your files three times a second.",
            "",
            width,
        ),
        false => String::new(),
    };
    let page = match &desk.page {
        Page::Stage => stage(desk, width),
        Page::List => list(desk, width),
        Page::Hint(shown) => hint(desk, *shown, width),
        Page::Output(output) => output.text.clone(),
        Page::Reset => reset(desk, width),
        Page::Keys => keys(desk),
    };
    notice + &page
}

fn stage(desk: &Desk, width: usize) -> String {
    let title = wrap(desk.stage.title, "", width);
    match &desk.work {
        Work::Untouched => {
            let what = "Nothing is written here yet. Write step 1 and save the file: it is judged at once.";
            format!(
                "{title}\n{}\n{}",
                wrap(what, "", width),
                to_begin(desk.stage, width)
            )
        }
        Work::Building(_) => title,
        Work::Failed(why) => format!("{title}\n{}", wrap(why, "", width)),
        Work::Judged {
            candidate,
            seed,
            verdicts,
            score,
        } => match Subject::open(desk.repo, None) {
            Ok(subject) => {
                let telling = Telling {
                    repo: desk.repo,
                    subject: &subject,
                    is_alone: true,
                    seed: *seed,
                    is_thorough: false,
                    width,
                    is_on_desk: true,
                };
                judged(desk, candidate, telling, verdicts, score.as_ref())
            }
            Err(error) => format!("{title}\n{}", wrap(&format!("{error:#}"), "", width)),
        },
    }
}

/// The first failure with all that is known of it, and the other checks in a line each.
fn judged(
    desk: &Desk,
    candidate: &BuiltStage,
    telling: Telling,
    verdicts: &[Option<Verdict>],
    score: Option<&Score>,
) -> String {
    let mut report = StageReport::on(candidate, telling);
    let title = wrap(candidate.stage.title, "", telling.width);
    let mut text = format!("{title}\n{}{}", report.changed(), report.why_not_built());
    if !candidate.is_program() {
        return text;
    }
    let checks = stages::checks(candidate.stage);
    let is_failure = |verdict: &Option<Verdict>| matches!(verdict, Some(Verdict::Failed { .. }));
    let first = verdicts.iter().position(is_failure);
    if let Some(place) = first
        && let Some(verdict) = &verdicts[place]
    {
        text += &report.verdict(&checks[place], verdict);
    }
    let others = checks.iter().zip(verdicts).enumerate();
    for (_, (check, verdict)) in others.filter(|(place, _)| Some(*place) != first) {
        text += &match verdict {
            Some(verdict) => report.line(check, verdict),
            None => report.pending(check),
        };
    }
    text += &report.warnings();
    text + &score.map_or_else(String::new, |score| {
        next(desk, score, verdicts, telling.width)
    })
}

/// What to do next, where that does not stand above.
fn next(desk: &Desk, score: &Score, verdicts: &[Option<Verdict>], width: usize) -> String {
    let stage = desk.stage;
    let step = verdicts.iter().flatten().find_map(|verdict| match verdict {
        Verdict::NotStarted(step) => Some(*step),
        _ => None,
    });
    let has_failed = verdicts
        .iter()
        .flatten()
        .any(|verdict| matches!(verdict, Verdict::Failed { .. }));
    let words = match (has_failed, step) {
        (true, _) => "Press h for a hint, and again for a stronger one.".into(),
        (false, Some(step)) => format!(
            "Next: step {step}, in exercises/{}/{}",
            stage.slug, stage.files[0]
        ),
        (false, None) if score.is_full() => {
            let compare = "d to compare your work with the solution";
            match (following(stage), desk.may_compare()) {
                (Some(next), true) => {
                    format!(
                        "Every check passes. Press n to go on to {}, or {compare}.",
                        next.slug
                    )
                }
                (Some(next), false) => {
                    format!("Every check passes. Press n to go on to {}.", next.slug)
                }
                (None, true) => {
                    format!("Every check passes, and this was the last stage. Press {compare}.")
                }
                (None, false) => "Every check passes, and this was the last stage.".into(),
            }
        }
        (false, None) => return String::new(),
    };
    format!("\n{}", wrap(&words, "", width))
}

fn following(stage: &Stage) -> Option<&'static Stage> {
    STAGES.iter().skip_while(|other| *other != stage).nth(1)
}

/// The column of their titles.
const TITLES: usize = 36;

/// All stages, a line each.
fn list(desk: &Desk, width: usize) -> String {
    let mut text = String::new();
    for state in known(desk.repo) {
        let stage = state.stage;
        let is_here = stage == desk.stage;
        let mark = if is_here { "> " } else { "  " };
        let points = match state.points {
            None => paint(QUIET, "–"),
            Some((points, most)) if points == most => paint(GOOD, format!("{points} of {most}")),
            Some((points, most)) => format!("{points} of {most}"),
        };
        let slug = match is_here {
            true => paint(STRONG, stage.slug),
            false => stage.slug.to_string(),
        };
        let gap = " ".repeat(24_usize.saturating_sub(stage.slug.len()));
        let line = format!("{mark}{slug}{gap}{points}");
        let room = TITLES.saturating_sub(columns(&line));
        let title = format!("{}{}", " ".repeat(room), paint(QUIET, stage.title));
        let fits = TITLES + columns(stage.title) <= width;
        text += &format!("{line}{}\n", if fits { title.as_str() } else { "" });
    }
    let words = "n and p, or the arrow keys, go to the next stage and back; l or Enter opens the one with the mark.";
    format!("{text}\n{}", wrap(words, "", width))
}

fn hint(desk: &Desk, shown: usize, width: usize) -> String {
    let hints = desk.hints();
    let Some(hint) = hints.get(shown) else {
        let words = format!(
            "There is no hint on what is shown now. `cargo lab hint {}` lists all hints of this stage.",
            desk.stage.short()
        );
        return wrap(&words, "", width);
    };
    let place = format!("hint {} of {}", shown + 1, hints.len());
    let place = paint(QUIET, place);
    let last = match shown + 1 == hints.len() {
        true => wrap("\nThat was the strongest. Enter goes back.", "", width),
        false => String::new(),
    };
    match Readme::read(&desk.repo.root, desk.stage) {
        Ok(readme) => format!(
            "{place}\n{}{last}",
            hints::render(desk.stage, &readme, hint, width)
        ),
        Err(error) => format!("{error:#}\n"),
    }
}

/// The keys of the stage's page, a line each: in a low terminal their words do not stand below it.
fn keys(desk: &Desk) -> String {
    let keys = desk.keys().into_iter();
    keys.map(|(key, what)| format!("{}  {what}\n", paint(STRONG, format!("{key:>4}"))))
        .collect()
}

fn reset(desk: &Desk, width: usize) -> String {
    let files = counted(desk.stage.files.len(), "file");
    let what = format!(
        "Put the starter of {} back ({files})? What you have written is kept beside it.",
        desk.stage.slug
    );
    wrap(&what, "", width)
}
