//! The map: parts and stages, how far one is, and what to do next.

use crate::build::repo::Repo;
use crate::build::subject::{Subject, unwritten};
use crate::course::{Part, STAGES, Stage};
use crate::judge::cache::ScoreCache;
use crate::judge::{Score, Verdict};
use crate::stages;
use crate::text::columns;
use crate::ui::terminal::{COMMAND, GOOD, QUIET, STRONG, paint, wrap};

/// What is known about one stage. What is not known is shown as "–".
#[derive(Debug, Clone, Copy)]
pub struct StageState {
    pub stage: &'static Stage,
    pub steps_done: Option<u8>,
    /// Steps that hold only until those behind them are written count here, too.
    pub steps_so_far: Option<u8>,
    /// How many points there are, and out of how many.
    pub points: Option<(u32, u32)>,
}

/// What is known of each stage of the exercises without judging it.
#[must_use]
pub fn known(repo: &Repo) -> Vec<StageState> {
    let results = ScoreCache::open(repo);
    let state = |stage| {
        let score = results.get(repo, stage).or_else(|| untouched(repo, stage));
        StageState {
            stage,
            steps_done: score.as_ref().map(|score| score.steps_done),
            steps_so_far: score.as_ref().map(|score| score.steps_so_far),
            points: score.map(|score| (score.points, score.most)),
        }
    };
    STAGES.iter().map(state).collect()
}

/// Whether the first step of `stage` stands in `sources` as it was shipped: then no check can pass.
#[must_use]
pub fn is_untouched(repo: &Repo, stage: &Stage, sources: &[String]) -> bool {
    let unwritten = unwritten(repo, stage, sources);
    unwritten.iter().any(|one| one.step == 1 && !one.is_begun)
}

/// A stage whose first step still stands as it was shipped has no points, and needs no judge to say so.
fn untouched(repo: &Repo, stage: &Stage) -> Option<Score> {
    let subject = Subject::open(repo, None).ok()?;
    let sources = subject.read(stage).ok()?;
    let untouched = is_untouched(repo, stage, &sources);
    let verdicts = vec![Verdict::NotStarted(1); stages::checks(stage).len()];
    untouched.then(|| Score::of(stage, stages::checks(stage), &verdicts))
}

/// The map in lines of `width` columns, in the order of `states`.
#[must_use]
pub fn render(states: &[StageState], width: usize) -> String {
    let mut map = String::new();
    let mut part = None;
    for state in states {
        if part != Some(state.stage.part) {
            part = Some(state.stage.part);
            map += &part_heading(state.stage.part, width);
        }
        map += &row(state, width);
    }
    map.trim_start().to_owned() + "\n" + &next(states, width)
}

/// From here on a row is a table's row; below, it is a paragraph.
const TABLE: usize = 60;
const TABLE_AT_MOST: usize = 80;

fn part_heading(part: Part, width: usize) -> String {
    let title = paint(STRONG, format!("Part {}: {}", part.number, part.title));
    if width < TABLE {
        return format!("\n{title}\n");
    }
    format!(
        "\n{}\n",
        spread(
            &title,
            &paint(QUIET, cells("minutes", "steps", "points")),
            width
        )
    )
}

fn row(state: &StageState, width: usize) -> String {
    let stage = state.stage;
    let [steps, points] = [steps(state), points(state)];
    let slug = if is_full(state) {
        paint(GOOD, stage.slug)
    } else {
        stage.slug.to_owned()
    };
    if width < TABLE {
        let facts = format!("{} min, steps {steps}, points {points}", stage.minutes);
        return format!("\n{slug}\n")
            + &wrap(stage.title, "  ", width)
            + &wrap(&facts, "  ", width);
    }
    let facts = cells(&stage.minutes.to_string(), &steps, &points);
    let title = wrap(&paint(QUIET, stage.title), "    ", width);
    format!("{}\n{title}", spread(&format!("  {slug}"), &facts, width))
}

fn cells(minutes: &str, steps: &str, points: &str) -> String {
    format!("{minutes:>9}{steps:>9}{points:>11}")
}

/// `left` and `right` at the two ends of a line.
fn spread(left: &str, right: &str, width: usize) -> String {
    let gap = width
        .min(TABLE_AT_MOST)
        .saturating_sub(columns(left) + columns(right));
    format!("{left}{}{right}", " ".repeat(gap))
}

fn steps(state: &StageState) -> String {
    match (state.steps_done, state.steps_so_far) {
        (None, _) => "–".to_owned(),
        (Some(done), Some(so_far)) if so_far > done => format!("{so_far} so far"),
        (Some(done), _) => format!("{done} of {}", state.stage.steps),
    }
}

fn points(state: &StageState) -> String {
    state
        .points
        .map_or("–".to_owned(), |(got, most)| format!("{got} of {most}"))
}

fn is_full(state: &StageState) -> bool {
    let steps = state
        .steps_done
        .is_none_or(|done| done >= state.stage.steps);
    steps && state.points.is_some_and(|(got, most)| got == most)
}

fn next(states: &[StageState], width: usize) -> String {
    let Some(state) = states.iter().find(|state| !is_full(state)) else {
        return all_done(width);
    };
    let stage = state.stage;
    let title = match state.steps_so_far {
        Some(done) if done < stage.steps => format!("Next: {}, step {}", stage.slug, done + 1),
        _ => format!("Next: {}", stage.slug),
    };
    let [check, hint] = ["check", "hint"]
        .map(|command| paint(COMMAND, format!("cargo lab {command} {}", stage.short())));
    let text = format!("{}\n{}", paint(STRONG, title), to_begin(stage, width));
    text + &item("check", &check, width) + &item("stuck", &hint, width)
}

/// What to know, to read and to edit in a stage.
#[must_use]
pub fn to_begin(stage: &Stage, width: usize) -> String {
    let folder = format!("exercises/{}", stage.slug);
    let mut text = wrap(&format!("You should know: {}.", stage.before), "  ", width);
    text += &item("read", &format!("{folder}/README.md"), width);
    text += &item("deck", &format!("slides/{}", stage.slide), width);
    for file in stage.files {
        text += &item("edit", &format!("{folder}/{file}"), width);
    }
    text
}

/// A word and a path or command; where both do not fit into a line, the second gets its own.
fn item(word: &str, what: &str, width: usize) -> String {
    let line = format!("  {word:<6} {what}");
    if columns(&line) <= width {
        line + "\n"
    } else {
        format!("  {word}\n  {what}\n")
    }
}

fn all_done(width: usize) -> String {
    let text = "Every stage has all its points. Well done. To see how others might write it, \
                compare your work with the solutions:";
    let command = paint(COMMAND, "cargo lab diff STAGE");
    wrap(text, "", width) + &format!("  {command}\n")
}
