//! The verdicts on one stage, told to people as they come.

use std::fmt::Write;
use std::io;

use crate::build::Built;
use crate::build::repo::Repo;
use crate::build::subject::Kind;
use crate::cli::args::Request;
use crate::cli::ui::terminal::{BAD, COMMAND, GOOD, QUIET, STRONG, paint, width, wrap, write};
use crate::course::cause::Cause;
use crate::course::readme::Readme;
use crate::course::{STAGES, Stage};
use crate::diagnose::failure::Failure;
use crate::judge::check::{Check, Part};
use crate::judge::report::{self, ReportContext};
use crate::judge::{BuiltStage, Judge, Score, Verdict};
use crate::text::points_word;

/// On a terminal with fewer columns than this, a verdict is broken into lines.
const NARROW: usize = 60;

/// Tells of one stage, or keeps silent.
#[derive(Debug)]
pub struct VerdictPrinter<'a> {
    request: &'a Request,
    candidate: &'a BuiltStage,
    readme: Option<Readme>,
    seed: u64,
    is_thorough: bool,
    speaks: bool,
    /// Causes that were explained already.
    explained: Vec<Cause>,
    failed: u32,
    /// Why a check could not be graded, the last time.
    ungraded: Option<String>,
    /// The lowest step that is not started.
    next_step: Option<u8>,
}

impl<'a> VerdictPrinter<'a> {
    /// Begins with the stage's name, and with the compiler's message if there is no program.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn begin(
        repo: &Repo,
        request: &'a Request,
        candidate: &'a BuiltStage,
        judge: &Judge,
        speaks: bool,
    ) -> io::Result<Self> {
        let readme = Readme::read(&repo.root, candidate.stage).ok();
        let told = Self {
            request,
            candidate,
            readme,
            seed: judge.seed,
            is_thorough: judge.is_thorough,
            speaks,
            explained: Vec::new(),
            failed: 0,
            ungraded: None,
            next_step: None,
        };
        let Stage { slug, title, .. } = candidate.stage;
        told.say(&format!(
            "{}  {title}\n{}",
            paint(STRONG, slug),
            told.not_built()
        ))?;
        Ok(told)
    }

    /// One line a check, and below a failed one the rows of its report; for a cause that was explained above,
    /// the line alone.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn verdict(&mut self, check: &Check, verdict: &Verdict) -> io::Result<()> {
        let mut rows = String::new();
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
                let cause = failure.cause;
                let same = if self.explained.contains(&cause) {
                    let place = match check.is_divided_into(part) {
                        true => format!(" in its part \"{}\",", part.sentence()),
                        false => String::new(),
                    };
                    format!(",{place} for the same cause: {}", cause.name())
                } else {
                    self.explained.push(cause);
                    rows = format!("\n\n{}", self.rows(check, part, failure));
                    String::new()
                };
                (BAD, "FAILED", format!("{}{same}", lost(check)))
            }
            Verdict::NotBuilt => return Ok(()),
            Verdict::NotStarted(step) => {
                self.next_step = self.next_step.or(Some(*step));
                (QUIET, "  –   ", format!(" (step {step} is not started)"))
            }
            Verdict::NotJudgedHere(why) => (QUIET, "  –   ", format!(" (not judged here: {why})")),
            Verdict::CouldNotGrade(_) if self.could_not_build() => return Ok(()),
            Verdict::CouldNotGrade(why) => {
                let why = match self.ungraded.replace(why.clone()) {
                    Some(before) if before == *why => "for the same reason",
                    _ => why,
                };
                (BAD, "  ?   ", format!(" (could not grade: {why})"))
            }
        };
        let alone = check.only_part().map_or_else(String::new, |part| {
            format!(", only the part \"{}\"", part.sentence())
        });
        let words = format!("step {}: {}{alone}{remark}", check.step, check.sentence());
        let mark = format!("  {}  ", paint(style, mark));
        let text = match width() {
            narrow if narrow < NARROW => wrap(&words, &mark, narrow).trim_end().to_string(),
            _ => format!("{mark}{words}"),
        };
        self.say(&format!("{text}{rows}\n"))
    }

    fn rows(&self, check: &Check, part: &Part, failure: &Failure) -> String {
        let telling = ReportContext {
            readme: self.readme.as_ref(),
            seed: self.seed,
            is_thorough: self.is_thorough,
            subject: self.request.subject.named(),
            width: width(),
        };
        report::rows(self.candidate.stage, check, part, failure, &telling)
    }

    /// The sum, what the compiler had to say of a program that fails, and what to do next.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn end(&self, score: Option<Score>) -> io::Result<()> {
        let mut text = String::new();
        if let (Built::Program { warnings, .. }, 1..) = (&self.candidate.built, self.failed)
            && !warnings.is_empty()
        {
            let (said, hint) = (warnings.trim_end(), self.compiler_hint(warnings));
            let _ = writeln!(
                text,
                "\n  The compiler has a word on this program:\n\n{said}\n\n{hint}"
            );
        }
        if let Some(score) = score {
            let sum = report::sum(&score);
            let steps = format!(
                "{} of {} steps",
                score.steps_done, self.candidate.stage.steps
            );
            let _ = writeln!(text, "  {sum}, {steps}{}\n", self.next(&score));
        }
        self.say(&text)
    }

    /// What to do next, where one stage of the student's own was asked for.
    fn next(&self, score: &Score) -> String {
        let stage = self.candidate.stage;
        let own = self.request.subject.kind == Kind::Exercises && self.request.stages.len() == 1;
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
        let compare = match self.next_step {
            Some(_) => String::new(),
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

    fn not_built(&self) -> String {
        let lost = "  All of its checks fail until then.\n";
        match &self.candidate.built {
            Built::Program { .. } => String::new(),
            Built::NoSource(reason) => format!("{}{lost}", wrap(reason, "  ", width())),
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
            let command = format!("cargo lab hint {} {number}", self.candidate.stage.short());
            format!("  There is a hint on this: {}\n", paint(COMMAND, command))
        })
    }

    fn say(&self, text: &str) -> io::Result<()> {
        if self.speaks { write(text) } else { Ok(()) }
    }
}

/// The points that a failure costs, in brackets. A part that runs by itself is worth none.
fn lost(check: &Check) -> String {
    match check.points {
        0 => String::new(),
        points => format!(" (0 of {})", points_word(points)),
    }
}
