//! Goes through a deck line by line.

use crate::course::cause::Cause;
use crate::course::deck::{Block, Deck, Slide};

pub(super) fn read(text: &str) -> Deck {
    let mut reader = Parser::default();
    for (index, line) in text.lines().enumerate() {
        reader.line(index + 1, line);
    }
    reader.deck.slides.push(reader.slide);
    reader.deck
}

#[derive(Default)]
struct Parser {
    deck: Deck,
    slide: Slide,
    place: State,
    /// The last line of text, if nothing has come between.
    above: String,
}

/// Where we are.
#[derive(Default)]
enum State {
    #[default]
    Start,
    Settings,
    Slide,
    Block(Block),
    Note(String),
}

impl Parser {
    fn line(&mut self, number: usize, line: &str) {
        self.place = match std::mem::take(&mut self.place) {
            State::Start if line == "---" => State::Settings,
            State::Start => self.on_slide(number, line),
            State::Settings if line == "---" => State::Slide,
            State::Settings => {
                self.setting(line);
                State::Settings
            }
            State::Slide => self.on_slide(number, line),
            State::Block(block) if line == "```" => {
                self.slide.blocks.push(block);
                State::Slide
            }
            State::Block(mut block) => {
                block.body.push_str(line);
                block.body.push('\n');
                State::Block(block)
            }
            State::Note(note) => self.note(note, line),
        };
    }

    fn setting(&mut self, line: &str) {
        if let Some((name, value)) = line.split_once(':') {
            let value = value.trim().trim_matches('\'').to_string();
            self.deck.settings.push((name.trim().to_string(), value));
        }
    }

    fn on_slide(&mut self, number: usize, line: &str) -> State {
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        if let Some(info) = line.strip_prefix("```") {
            return State::Block(Block {
                line: number,
                above: std::mem::take(&mut self.above),
                info: info.trim().to_string(),
                body: String::new(),
            });
        }
        if let Some(note) = line.strip_prefix("<!--") {
            return self.note(String::new(), note);
        }
        if line == "---" {
            let done = std::mem::take(&mut self.slide);
            self.deck.slides.push(done);
        } else if hashes > 0 && line[hashes..].starts_with(' ') {
            if self.slide.headings.is_empty() {
                self.slide.line = number;
            }
            let title = line[hashes..].trim().to_string();
            self.slide.headings.push((hashes, title));
            self.above.clear();
        } else if !line.trim().is_empty() {
            self.above = line.to_string();
            self.slide.prose.push(line.to_string());
        }
        State::Slide
    }

    fn note(&mut self, mut note: String, line: &str) -> State {
        match line.split_once("-->") {
            Some((last, _)) => {
                note.push_str(last);
                self.comment(note.trim());
                State::Slide
            }
            None => {
                note.push_str(line);
                note.push('\n');
                State::Note(note)
            }
        }
    }

    fn comment(&mut self, text: &str) {
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
