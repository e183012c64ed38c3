//! Sorts what stands in a deck into slides.

use crate::course::cause::Cause;
use crate::course::deck::{Block, Deck, Slide};
use crate::course::markdown::{Element, Kind, elements};

pub(super) fn read(text: &str) -> Deck {
    let mut parser = Parser::default();
    for element in elements(text) {
        parser.element(&element);
    }
    parser.deck.slides.push(parser.slide);
    parser.deck
}

#[derive(Default)]
struct Parser {
    deck: Deck,
    slide: Slide,
    /// The last line of text, if nothing has come between.
    above: String,
}

impl Parser {
    fn element(&mut self, element: &Element) {
        match element.kind {
            Kind::Blank => {}
            Kind::Settings(text) => self.deck.settings.extend(text.lines().filter_map(setting)),
            Kind::Heading { level, title } => {
                if self.slide.headings.is_empty() {
                    self.slide.line = element.line;
                }
                self.slide.headings.push((level, title.to_string()));
                self.above.clear();
            }
            Kind::Code { info, body } => self.slide.blocks.push(Block {
                line: element.line,
                above: std::mem::take(&mut self.above),
                info: info.to_string(),
                body: body.to_string(),
            }),
            Kind::Comment(text) => self.comment(text.trim()),
            Kind::Rule => {
                let done = std::mem::take(&mut self.slide);
                self.deck.slides.push(done);
            }
            Kind::FoldStart(_) | Kind::Summary(_) | Kind::FoldEnd | Kind::Text(_) => {
                self.above = element.source.trim_end().to_string();
                self.slide.prose.push(self.above.clone());
            }
        }
    }

    fn comment(&mut self, text: &str) {
        if let Some(classes) = text.strip_prefix("_class:") {
            let classes = classes.split_whitespace().map(str::to_string);
            self.slide.classes.extend(classes);
            return;
        }
        let Some(names) = text.strip_prefix("causes:") else {
            self.slide.notes.push(text.to_string());
            return;
        };
        for cause in Cause::listed(names) {
            match cause {
                Ok(cause) => self.slide.causes.push(cause),
                Err(name) => self.slide.unknown_causes.push(name.to_string()),
            }
        }
    }
}

/// The name and the value of a line such as `lang: en-GB`.
fn setting(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim().trim_matches('\'');
    Some((name.trim().to_string(), value.to_string()))
}
