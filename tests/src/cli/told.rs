//! The verdicts on one stage, told to people as they come.

use std::fmt::Write;
use std::io;

use super::request::Request;
use super::style::{BAD, COMMAND, GOOD, QUIET, STRONG, paint, width, wrap, write};
use crate::building::Built;
use crate::cause::Cause;
use crate::check::Check;
use crate::course::{STAGES, Stage};
use crate::guide::Guide;
use crate::judge::{Candidate, Score, Verdict};
use crate::report::{self, Telling, points_word};
use crate::subject::{House, Kind};

/// Tells of one stage, or keeps silent.
#[derive(Debug)]
pub struct Told<'a> {
    request: &'a Request,
    candidate: &'a Candidate,
    guide: Option<Guide>,
    seed: u64,
    speaks: bool,
    /// Causes that were explained already.
    explained: Vec<Cause>,
    failed: u32,
    /// The lowest step that is not started.
    next_step: Option<u8>,
}

impl<'a> Told<'a> {
    /// Begins with the stage's name, and with the compiler's message if there is no program.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn begin(
        house: &House,
        request: &'a Request,
        candidate: &'a Candidate,
        seed: u64,
        speaks: bool,
    ) -> io::Result<Self> {
        let guide = Guide::read(&house.root, candidate.stage).ok();
        let told = Self {
            request,
            candidate,
            guide,
            seed,
            speaks,
            explained: Vec::new(),
            failed: 0,
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
        let (style, mark, remark) = match verdict {
            Verdict::Passed => (GOOD, "passed", String::new()),
            Verdict::Failed(_) => (
                BAD,
                "FAILED",
                format!(" (0 of {})", points_word(check.points)),
            ),
            Verdict::NotBuilt => return Ok(()),
            Verdict::NotStarted(step) => {
                (QUIET, "  –   ", format!(" (step {step} is not started)"))
            }
            Verdict::NotJudgedHere(why) => (QUIET, "  –   ", format!(" (not judged here: {why})")),
            Verdict::CouldNotGrade(why) => (BAD, "  ?   ", format!(" (could not grade: {why})")),
        };
        let sentence = check.sentence();
        let mut text = format!(
            "  {}  step {}: {sentence}{remark}",
            paint(style, mark),
            check.step
        );
        if let Verdict::NotStarted(step) = verdict {
            self.next_step = self.next_step.or(Some(*step));
        }
        if let Verdict::Failed(failure) = verdict {
            self.failed += 1;
            if self.explained.contains(&failure.cause) {
                let _ = write!(text, ", for the same cause: {}", failure.cause.name());
            } else {
                self.explained.push(failure.cause);
                let telling = Telling {
                    guide: self.guide.as_ref(),
                    seed: self.seed,
                    subject: self.request.subject.named(),
                    width: width(),
                };
                let rows = report::rows(self.candidate.stage, check, failure, &telling);
                let _ = write!(text, "\n\n{rows}");
            }
        }
        self.say(&format!("{text}\n"))
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
            let sum = format!("{} of {}", score.points, points_word(score.most));
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
            (None, _) if score.points < score.most => return String::new(),
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

    fn not_built(&self) -> String {
        let lost = "  All of its checks fail until then.\n";
        match &self.candidate.built {
            Built::Program { .. } => String::new(),
            Built::NoSource(reason) => format!("{}{lost}", wrap(reason, "  ", width())),
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
        let guide = self.guide.as_ref();
        let hint = guide.and_then(|guide| guide.hint_for_compiler(message));
        hint.map_or_else(String::new, |number| {
            let command = format!("cargo lab hint {} {number}", self.candidate.stage.short());
            format!("  There is a hint on this: {}\n", paint(COMMAND, command))
        })
    }

    fn say(&self, text: &str) -> io::Result<()> {
        if self.speaks { write(text) } else { Ok(()) }
    }
}
