//! What a stage's README tells the lab: which heading explains which cause, the hints, from weak to
//! strong, and which check judges which rule. Beside it the stage's deck: which slide explains which
//! cause.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use anyhow::Context;

use crate::course::Stage;
use crate::course::cause::Cause;
use crate::course::deck::Deck;
use crate::course::readme::rules::Sentence;

mod parser;
pub mod rules;

/// The `##` headings of every stage's README, in their order.
pub const HEADINGS: &[&str] = &[
    "Goal",
    "You will be able to",
    "Your file",
    "What the program does",
    "Coming from Python",
    "Steps",
    "Predict first",
    "Try it",
    "Check yourself",
    HINTS,
    "Read more",
];

const HINTS: &str = "When you are stuck";

/// A stage's README and deck, as far as the lab reads them.
#[derive(Debug, Default)]
pub struct Readme {
    /// `None` where a copy of the lab does without slides.
    deck: Option<Deck>,
    headings: Vec<Heading>,
    hints: Vec<Hint>,
    sentences: Vec<Sentence>,
    problems: Vec<String>,
}

/// One fold below "When you are stuck".
#[derive(Debug, Default, Clone)]
pub struct Hint {
    pub title: String,
    pub causes: Vec<Cause>,
    /// Texts that occur in the compiler errors this hint is about.
    pub compiler: Vec<String>,
    /// Markdown.
    pub body: String,
}

impl Hint {
    /// The weakest help about `cause`: what to ask oneself.
    fn question(cause: Cause) -> Self {
        Self {
            title: "First a question".into(),
            body: cause.question().into(),
            ..Self::default()
        }
    }

    /// The step that it belongs to, as its title begins: `Step 2`.
    #[must_use]
    pub fn step(&self) -> &str {
        self.title.split(':').next().unwrap_or_default()
    }

    /// Whether it is about its step as a whole, and neither about a cause nor about the compiler.
    fn is_about_its_step(&self) -> bool {
        self.causes.is_empty() && self.compiler.is_empty()
    }

    /// Whether it is about this error of the compiler's.
    #[must_use]
    pub fn is_about_compiler(&self, message: &str) -> bool {
        self.compiler.iter().any(|text| message.contains(text))
    }
}

#[derive(Debug)]
struct Heading {
    line: usize,
    level: usize,
    title: String,
    causes: Vec<Cause>,
}

/// Where to read on in a file; it is shown so that terminals of editors lead there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadingRef<'a> {
    /// The heading's line, from 1.
    pub line: usize,
    pub title: &'a str,
}

impl Display for HeadingRef<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { line, title } = self;
        // Between quotation marks that it does not contain.
        let mark = if title.contains('"') { '\'' } else { '"' };
        write!(f, ":{line}, {mark}{title}{mark}")
    }
}

impl Readme {
    /// Reads the README of `stage`, below the repository's `root`, and its deck if there is one.
    ///
    /// # Errors
    ///
    /// When there is no README, or when it is not UTF-8.
    pub fn read(root: &Path, stage: &Stage) -> anyhow::Result<Readme> {
        let name = format!("exercises/{}/README.md", stage.slug);
        let text = std::fs::read_to_string(root.join(&name))
            .with_context(|| format!("cannot read {name}"))?;
        let mut readme = Readme::parse(&text, stage);
        readme.deck = Deck::of(root, stage).ok();
        Ok(readme)
    }

    /// Reads `text` as the README of `stage`.
    #[must_use]
    pub fn parse(text: &str, stage: &Stage) -> Readme {
        let mut readme = parser::read(text);
        readme.inspect_headings();
        readme.inspect_steps(stage);
        readme
    }

    /// The heading under which `cause` is explained.
    #[must_use]
    pub fn heading_for(&self, cause: Cause) -> Option<HeadingRef<'_>> {
        let heading = self
            .headings
            .iter()
            .find(|heading| heading.causes.contains(&cause))?;
        Some(HeadingRef {
            line: heading.line,
            title: &heading.title,
        })
    }

    #[must_use]
    pub fn has_deck(&self) -> bool {
        self.deck.is_some()
    }

    /// The heading of the slide that explains `cause`.
    #[must_use]
    pub fn slide_for(&self, cause: Cause) -> Option<HeadingRef<'_>> {
        let slide = self.deck.as_ref()?.slide_for(cause)?;
        Some(HeadingRef {
            line: slide.line,
            title: slide.title(),
        })
    }

    /// The hints, from weak to strong.
    #[must_use]
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// All help about `cause`, from weak to strong: a question, the hints that name the cause, and the stronger ones of the same
    /// step that are about it as a whole.
    #[must_use]
    pub fn hints_about(&self, cause: Cause) -> Vec<Hint> {
        let mut hints = vec![Hint::question(cause)];
        hints.extend(self.hints_where(|hint| hint.causes.contains(&cause)));
        hints
    }

    /// The hints that fit, and behind the last of them those that show the shape of its step: they name no cause.
    #[must_use]
    pub fn hints_where(&self, fits: impl Fn(&Hint) -> bool) -> Vec<Hint> {
        let Some(last) = self.hints.iter().rposition(&fits) else {
            return Vec::new();
        };
        let is_stronger = |place: usize, hint: &Hint| {
            place > last && hint.step() == self.hints[last].step() && hint.is_about_its_step()
        };
        let hints = self.hints.iter().enumerate();
        let shown = hints.filter(|(place, hint)| fits(hint) || is_stronger(*place, hint));
        shown.map(|(_, hint)| hint.clone()).collect()
    }

    /// The number, from 1, of the weakest hint about `cause`.
    #[must_use]
    pub fn hint_for(&self, cause: Cause) -> Option<usize> {
        self.number_of(|hint| hint.causes.contains(&cause))
    }

    /// The number, from 1, of the weakest hint about a compiler's `message`.
    #[must_use]
    pub fn hint_for_compiler(&self, message: &str) -> Option<usize> {
        self.number_of(|hint| hint.is_about_compiler(message))
    }

    /// The sentences of its text, each with what is said about who judges it.
    #[must_use]
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// The headings that explain causes, where nothing below them says who judges it.
    pub fn headings_without_a_judge(&self) -> impl Iterator<Item = HeadingRef<'_>> {
        let ends = self.headings.iter().skip(1).map(|next| next.line);
        let sections = self.headings.iter().zip(ends.chain([usize::MAX]));
        let without = sections.filter(|(heading, end)| {
            let mut below = self
                .sentences
                .iter()
                .filter(|sentence| (heading.line..*end).contains(&sentence.line));
            !heading.causes.is_empty() && below.all(|sentence| sentence.judges.is_empty())
        });
        without.map(|(heading, _)| HeadingRef {
            line: heading.line,
            title: &heading.title,
        })
    }

    /// What is wrong with the README, a sentence each.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }

    fn number_of(&self, fits: impl Fn(&Hint) -> bool) -> Option<usize> {
        self.hints.iter().position(fits).map(|index| index + 1)
    }

    fn inspect_headings(&mut self) {
        let found: Vec<_> = self.titles(2).collect();
        let mut problems = Vec::new();
        for title in HEADINGS.iter().filter(|title| !found.contains(title)) {
            problems.push(format!("the heading \"## {title}\" is missing"));
        }
        for title in found.iter().filter(|title| !HEADINGS.contains(title)) {
            problems.push(format!(
                "the heading \"## {title}\" is not one of the fixed ones"
            ));
        }
        let places: Vec<_> = found
            .iter()
            .filter_map(|title| HEADINGS.iter().position(|fixed| fixed == title))
            .collect();
        for pair in places.windows(2).filter(|pair| pair[0] >= pair[1]) {
            let [before, after] = [HEADINGS[pair[0]], HEADINGS[pair[1]]];
            problems.push(format!(
                "the heading \"## {after}\" stands behind \"## {before}\""
            ));
        }
        self.problems.extend(problems);
    }

    fn inspect_steps(&mut self, stage: &Stage) {
        let number = |title: &str| -> Option<u8> {
            title.strip_prefix("Step ")?.split(':').next()?.parse().ok()
        };
        let found: Vec<_> = self.titles(3).filter_map(number).collect();
        let expected: Vec<_> = (1..=stage.steps).collect();
        if found != expected {
            self.problems.push(format!(
                "\"### Step N: …\" headings for {expected:?} expected, found {found:?}"
            ));
        }
    }

    fn titles(&self, level: usize) -> impl Iterator<Item = &str> {
        let fits = move |heading: &&Heading| heading.level == level;
        self.headings
            .iter()
            .filter(fits)
            .map(|heading| heading.title.as_str())
    }
}
