//! The verdicts on one stage, as people are told of them.

use std::fmt::Write;

use anstyle::Style;

use crate::build::Built;
use crate::build::given;
use crate::build::repo::Repo;
use crate::build::subject::{Kind, Subject};
use crate::course::cause::Cause;
use crate::course::readme::Readme;
use crate::course::{STAGES, Stage};
use crate::diagnose::failure::Failure;
use crate::judge::check::{Check, Part};
use crate::judge::report::{self, ReportContext};
use crate::judge::{BuiltStage, Score, Verdict};
use crate::text::points_word;
use crate::ui::terminal::{BAD, COMMAND, GOOD, QUIET, STRONG, paint, wrap};

/// On a terminal with fewer columns than this, a verdict is broken into lines.
const NARROW: usize = 60;

/// What a report on one stage is about, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    pub repo: &'a Repo,
    pub subject: &'a Subject,
    /// Whether no other stage is judged with it.
    pub is_alone: bool,
    pub seed: u64,
    pub is_thorough: bool,
    /// How many columns a line may have.
    pub width: usize,
    /// Whether it is shown on the desk, where a check may take several lines, and hints are a key away. In running text a line
    /// stays whole, so that it can be searched for.
    pub is_on_desk: bool,
}

/// The verdicts on one stage, in words.
#[derive(Debug)]
pub struct StageReport<'a> {
    telling: Telling<'a>,
    candidate: &'a BuiltStage,
    readme: Option<Readme>,
    /// Causes that were explained already.
    explained: Vec<Cause>,
    failed: u32,
    /// Why a check could not be graded, the last time.
    ungraded: Option<String>,
    /// The lowest step that is not started.
    next_step: Option<u8>,
}

impl<'a> StageReport<'a> {
    #[must_use]
    pub fn on(candidate: &'a BuiltStage, telling: Telling<'a>) -> Self {
        Self {
            telling,
            candidate,
            readme: Readme::read(&telling.repo.root, candidate.stage).ok(),
            explained: Vec::new(),
            failed: 0,
            ungraded: None,
            next_step: None,
        }
    }

    /// The stage's name, and the compiler's message if there is no program.
    #[must_use]
    pub fn head(&self) -> String {
        let Stage { slug, title, .. } = self.candidate.stage;
        let (changed, why) = (self.changed(), self.why_not_built());
        format!("{}  {title}\n{changed}{why}", paint(STRONG, slug))
    }

    /// Which given files are not as they were shipped: the verdicts rest on them too.
    #[must_use]
    pub fn changed(&self) -> String {
        let Telling {
            repo,
            subject,
            width,
            ..
        } = self.telling;
        let changed = match subject.kind {
            Kind::Exercises => given::changed(&repo.root, self.candidate.stage),
            _ => Vec::new(),
        };
        if changed.is_empty() {
            return String::new();
        }
        let names = changed.join(" ");
        let words = "Given files have been changed, and these verdicts rest on them. A grade rests on those that were shipped. \
                     To have them back:";
        let command = paint(COMMAND, format!("git checkout {names}"));
        format!("{}    {command}\n\n", wrap(words, "  ", width))
    }

    /// One line a check, and below a failed one the rows of its report; for a cause that was explained above,
    /// the line alone. Nothing where there is no program.
    #[must_use]
    pub fn verdict(&mut self, check: &Check, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Failed { part, failure } if !self.explained.contains(&failure.cause) => {
                let line = self.line_of(check, BAD, "FAILED", &lost(check));
                self.failed += 1;
                self.explained.push(failure.cause);
                format!("{line}\n{}\n", self.rows(check, part, failure))
            }
            _ => self.line(check, verdict),
        }
    }

    /// One line a check. Nothing where there is no program.
    #[must_use]
    pub fn line(&mut self, check: &Check, verdict: &Verdict) -> String {
        let (style, mark, remark) = match verdict {
            Verdict::Passed(reservation) => {
                let words = reservation.words();
                let remark = match words.is_empty() {
                    true => String::new(),
                    false => format!(" ({words})"),
                };
                (GOOD, "passed", remark)
            }
            Verdict::Failed { part, failure } => {
                self.failed += 1;
                (BAD, "FAILED", self.remark(check, part, failure))
            }
            Verdict::NotBuilt => return String::new(),
            Verdict::NotStarted(step) => {
                self.next_step = self.next_step.or(Some(*step));
                let remark = format!(" ({})", self.candidate.why_not_started(*step));
                (QUIET, "  –   ", remark)
            }
            Verdict::NotJudgedHere(why) => {
                let remark = format!(" (not judged here: {why})");
                (QUIET, "  –   ", remark)
            }
            Verdict::CouldNotGrade(_) if self.could_not_build() => return String::new(),
            Verdict::CouldNotGrade(why) => {
                let why = match self.ungraded.replace(why.clone()) {
                    Some(before) if before == *why => "for the same reason",
                    _ => why,
                };
                let remark = format!(" (could not grade: {why})");
                (BAD, "  ?   ", remark)
            }
        };
        self.line_of(check, style, mark, &remark)
    }

    fn line_of(&self, check: &Check, style: Style, mark: &str, remark: &str) -> String {
        let alone = check.only_part().map_or_else(String::new, |part| {
            format!(", only the part \"{}\"", part.sentence())
        });
        let words = format!("step {}: {}{alone}{remark}", check.step, check.sentence());
        self.fit(&format!("  {}  ", paint(style, mark)), &words)
    }

    /// The line of a check that is still being judged.
    #[must_use]
    pub fn pending(&self, check: &Check) -> String {
        let words = format!("step {}: {}", check.step, check.sentence());
        self.fit(&format!("  {}  ", paint(QUIET, "  …   ")), &words)
    }

    fn fit(&self, mark: &str, words: &str) -> String {
        let Telling {
            width, is_on_desk, ..
        } = self.telling;
        match is_on_desk || width < NARROW {
            true => wrap(words, mark, width),
            false => format!("{mark}{words}\n"),
        }
    }

    /// What is said of a failed check in its line, where no report follows: what it cost, and why it failed.
    fn remark(&self, check: &Check, part: &Part, failure: &Failure) -> String {
        let lost = lost(check);
        let same = match self.explained.contains(&failure.cause) {
            true => "the same cause",
            false => "another cause",
        };
        let place = match check.is_divided_into(part) {
            true => format!(" in its part \"{}\",", part.sentence()),
            false => String::new(),
        };
        format!("{lost},{place} for {same}: {}", failure.cause.name())
    }

    /// The rows of the report on a failed check.
    #[must_use]
    pub fn rows(&self, check: &Check, part: &Part, failure: &Failure) -> String {
        let telling = ReportContext {
            readme: self.readme.as_ref(),
            seed: self.telling.seed,
            is_thorough: self.telling.is_thorough,
            subject: self.telling.subject.named(),
            width: self.telling.width,
            is_on_desk: self.telling.is_on_desk,
        };
        report::rows(self.candidate.stage, check, part, failure, &telling)
    }

    /// What the compiler had to say of a program that it built; nothing where it said nothing.
    #[must_use]
    pub fn warnings(&self) -> String {
        match &self.candidate.built {
            Built::Program { warnings, .. } if !warnings.is_empty() => {
                let (said, hint) = (warnings.trim_end(), self.compiler_hint(warnings));
                format!("\n  The compiler has a word on this program:\n\n{said}\n\n{hint}\n")
            }
            _ => String::new(),
        }
    }

    /// What the compiler had to say, the sum, and what to do next.
    #[must_use]
    pub fn end(&self, score: Option<Score>) -> String {
        let mut text = self.warnings();
        if let Some(score) = score {
            let sum = report::sum(&score);
            let steps = score.steps(self.candidate.stage);
            let _ = writeln!(text, "  {sum}, {steps}{}\n", self.next(&score));
        }
        text
    }

    /// What to do next, where one stage of the student's own was asked for.
    fn next(&self, score: &Score) -> String {
        let stage = self.candidate.stage;
        let own = self.telling.subject.kind == Kind::Exercises && self.telling.is_alone;
        let following = STAGES.iter().skip_while(|other| *other != stage).nth(1);
        let next = match (self.next_step, following) {
            _ if !own || self.failed > 0 => return String::new(),
            (Some(step), _) => format!(
                "step {step}, in exercises/{}/{}",
                stage.slug, stage.files[0]
            ),
            (None, _) if !score.is_full() => return String::new(),
            (None, Some(following)) => format!("exercises/{}/README.md", following.slug),
            (None, None) => "that was the last stage".into(),
        };
        let has_solution = self.telling.repo.has_solution(stage);
        let compare = match self.next_step {
            Some(_) => String::new(),
            None if !has_solution => String::new(),
            None => {
                let command = paint(COMMAND, format!("cargo lab diff {}", stage.short()));
                format!("\n  compare: {command}")
            }
        };
        format!("{compare}\n  next: {next}")
    }

    fn could_not_build(&self) -> bool {
        matches!(self.candidate.built, Built::CouldNotBuild(_))
    }

    /// Why there is no program; nothing where there is one.
    #[must_use]
    pub fn why_not_built(&self) -> String {
        let lost = "  All of its checks fail until it compiles.\n";
        match &self.candidate.built {
            Built::Program { .. } => String::new(),
            Built::NoSource(reason) => format!("{}{lost}", wrap(reason, "  ", self.telling.width)),
            Built::CouldNotBuild(reason) => {
                format!(
                    "  {}\n",
                    report::could_not_build(self.candidate.stage, reason)
                )
            }
            Built::DoesNotCompile(message) => {
                let hint = self.compiler_hint(message);
                format!(
                    "  It does not compile. The compiler says:\n\n{}\n\n{hint}{lost}",
                    message.trim_end()
                )
            }
        }
    }

    /// Where a hint on what the compiler says is, if there is one.
    fn compiler_hint(&self, message: &str) -> String {
        let readme = self.readme.as_ref();
        let hint = readme.and_then(|readme| readme.hint_for_compiler(message));
        hint.map_or_else(String::new, |number| {
            let command = match self.telling.is_on_desk {
                true => "press h".into(),
                false => format!("cargo lab hint {} {number}", self.candidate.stage.short()),
            };
            format!("  There is a hint on this: {}\n", paint(COMMAND, command))
        })
    }
}

/// The points that a failure costs, in brackets. A part that runs by itself is worth none.
fn lost(check: &Check) -> String {
    match check.points {
        0 => String::new(),
        points => format!(" (0 of {})", points_word(points)),
    }
}
