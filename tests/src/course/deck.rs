//! A deck of slides as the lab reads it: what each slide is called, which causes it explains, and what stands on it.

use std::path::Path;

use anyhow::Context;

use crate::course::cause::Cause;
use crate::course::{STAGES, Stage};

mod parser;
mod selector;
pub mod snippet;

/// The deck that comes before the first stage.
pub const INTRODUCTION: &str = "00-why-sockets-block.md";

/// The files of all decks below `slides`, in the order of the course.
pub fn files() -> impl Iterator<Item = &'static str> {
    std::iter::once(INTRODUCTION).chain(STAGES.iter().map(|stage| stage.slide))
}

/// One file of slides.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Deck {
    /// The settings at its head, in their order.
    pub settings: Vec<(String, String)>,
    pub slides: Vec<Slide>,
}

/// What stands between two rules.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Slide {
    /// The line of its first heading, from 1.
    pub line: usize,
    /// Every heading, with its level.
    pub headings: Vec<(usize, String)>,
    /// What it explains.
    pub causes: Vec<Cause>,
    /// Names of causes that are none.
    pub unknown_causes: Vec<String>,
    /// What the theme is told of it: `optional`, which a lecture of 45 minutes leaves out, and `large`.
    pub classes: Vec<String>,
    pub blocks: Vec<Block>,
    /// What only the presenter sees.
    pub notes: Vec<String>,
    /// Every other line that is not empty.
    pub prose: Vec<String>,
}

/// A block of code.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Block {
    /// The line that opens it, from 1.
    pub line: usize,
    /// The line of text above it, if there is one on the slide.
    pub above: String,
    /// What stands behind the opening marks.
    pub info: String,
    pub body: String,
}

impl Deck {
    /// Reads the deck of `stage`, below the repository's `root`.
    ///
    /// # Errors
    ///
    /// When there is no such file, or when it is not UTF-8.
    pub fn of(root: &Path, stage: &Stage) -> anyhow::Result<Self> {
        let name = format!("slides/{}", stage.slide);
        let text = std::fs::read_to_string(root.join(&name))
            .with_context(|| format!("cannot read {name}"))?;
        Ok(Self::parse(&text))
    }

    /// Reads `text` as a deck.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        parser::read(text)
    }

    /// A setting at the deck's head, without quotation marks.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        let mut settings = self.settings.iter();
        let (_, value) = settings.find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The slide that explains `cause`.
    #[must_use]
    pub fn slide_for(&self, cause: Cause) -> Option<&Slide> {
        self.slides
            .iter()
            .find(|slide| slide.causes.contains(&cause))
    }
}

impl Slide {
    /// Whether a lecture of 45 minutes leaves it out.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.classes.iter().any(|class| class == "optional")
    }

    /// Its first heading.
    #[must_use]
    pub fn title(&self) -> &str {
        self.headings.first().map_or("", |(_, title)| title)
    }
}

impl Block {
    /// The language that it names.
    #[must_use]
    pub fn language(&self) -> &str {
        self.info.split(' ').next().unwrap_or_default()
    }
}
