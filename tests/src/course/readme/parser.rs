//! Goes through a stage's README, and notes what is wrong on the way.

use crate::course::cause::Cause;
use crate::course::markdown::{Element, Kind, elements};
use crate::course::readme::{HINTS, Heading, Hint, Readme, rules};

pub(super) fn read(text: &str) -> Readme {
    let mut parser = Parser::default();
    for element in elements(text) {
        parser.line = element.line;
        parser.element(&element);
    }
    parser.end_hint(false);
    parser.readme
}

#[derive(Default)]
struct Parser {
    readme: Readme,
    /// Where we are, from 1.
    line: usize,
    /// True while nothing but blank lines stands between the last heading and here.
    below_heading: bool,
    hint: Option<Hint>,
}

impl Parser {
    fn element(&mut self, element: &Element) {
        match element.kind {
            Kind::Heading { level, title } if [2, 3].contains(&level) => self.heading(level, title),
            Kind::Comment(text) => self.comment(text.trim()),
            Kind::FoldStart(summary) if self.among_hints() => {
                self.end_hint(false);
                self.hint = Some(Hint::default());
                self.summary(summary);
            }
            Kind::Summary(summary) if self.hint.is_some() => self.summary(summary),
            Kind::FoldEnd if self.hint.is_some() => self.end_hint(true),
            Kind::Blank => self.keep(element.source),
            Kind::Text(text) => {
                self.text(text);
                self.keep(element.source);
            }
            _ => {
                self.below_heading = false;
                self.keep(element.source);
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.below_heading = false;
        let (sentences, problems) = rules::sentences(self.line, text);
        for problem in problems {
            self.problem(&problem);
        }
        let is_judged = sentences.iter().any(|sentence| !sentence.judges.is_empty());
        if is_judged && self.hint.is_some() {
            self.problem("a hint names a judge, and would be printed with it");
        }
        self.readme.sentences.extend(sentences);
    }

    fn heading(&mut self, level: usize, title: &str) {
        self.end_hint(false);
        self.readme.headings.push(Heading {
            line: self.line,
            level,
            title: title.to_owned(),
            causes: Vec::new(),
        });
        self.below_heading = true;
    }

    fn among_hints(&self) -> bool {
        let chapter = self
            .readme
            .headings
            .iter()
            .rev()
            .find(|heading| heading.level == 2);
        chapter.is_some_and(|heading| heading.title == HINTS)
    }

    fn comment(&mut self, text: &str) {
        match text.split_once(':') {
            Some(("causes", names)) => self.causes(names),
            Some(("compiler", text)) => match &mut self.hint {
                Some(hint) => hint.compiler.push(text.trim().to_owned()),
                None => self.problem("a compiler's message is named outside a hint"),
            },
            Some(("judged" | "allowed", _)) => self.problem("a judge is named behind no sentence"),
            Some((word, _)) if word.starts_with("cause") || word.starts_with("compile") => {
                self.problem(&format!("the marker \"{word}\" is not known"));
            }
            _ => {}
        }
    }

    fn causes(&mut self, names: &str) {
        let mut causes = Vec::new();
        for cause in Cause::listed(names) {
            match cause {
                Ok(cause) => causes.push(cause),
                Err(name) => self.problem(&format!("the cause \"{name}\" is not known")),
            }
        }
        match (&mut self.hint, self.readme.headings.last_mut()) {
            (Some(hint), _) => hint.causes.extend(causes),
            (None, Some(heading)) if self.below_heading => heading.causes.extend(causes),
            _ => self.problem("causes are named neither below a heading nor in a hint"),
        }
    }

    fn summary(&mut self, title: Option<&str>) {
        if let (Some(hint), Some(title)) = (&mut self.hint, title) {
            hint.title = plain(title);
        }
    }

    fn keep(&mut self, source: &str) {
        if let Some(hint) = &mut self.hint {
            hint.body.push_str(source);
        }
    }

    fn end_hint(&mut self, closed: bool) {
        let Some(mut hint) = self.hint.take() else {
            return;
        };
        hint.body = hint.body.trim().to_owned();
        if hint.title.is_empty() {
            self.problem("the hint that ends here has no <summary>…</summary> on one line");
        } else if hint.body.is_empty() {
            self.problem(&format!("the hint \"{}\" says nothing", hint.title));
        } else if !closed {
            self.problem(&format!("the hint \"{}\" is not closed", hint.title));
        }
        self.readme.hints.push(hint);
    }

    fn problem(&mut self, what: &str) {
        self.readme
            .problems
            .push(format!("line {}: {what}", self.line));
    }
}

/// A title without the HTML that a summary needs where Markdown is not read.
fn plain(title: &str) -> String {
    [
        ("<code>", "`"),
        ("</code>", "`"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(title.trim().to_owned(), |text, (from, to)| {
        text.replace(from, to)
    })
}
