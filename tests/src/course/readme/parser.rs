//! Goes through a stage's README line by line, and notes what is wrong on the way.

use crate::course::cause::Cause;
use crate::course::readme::{HINTS, Heading, Hint, Readme};

pub(super) fn read(text: &str) -> Readme {
    let mut reader = Parser::default();
    for (index, line) in text.lines().enumerate() {
        reader.number = index + 1;
        reader.line(line);
    }
    reader.end_hint(false);
    reader.readme
}

#[derive(Default)]
struct Parser {
    readme: Readme,
    number: usize,
    /// The marks that will close the code block we are in.
    fence: Option<&'static str>,
    /// Whether nothing but blank lines stands between the last heading and here.
    below_heading: bool,
    hint: Option<Hint>,
}

impl Parser {
    fn line(&mut self, line: &str) {
        let text = line.trim();
        if self.is_code(text) {
            self.keep(line);
            return;
        }
        match line.split_once(' ') {
            Some((marks @ ("##" | "###"), title)) => self.heading(marks.len(), title.trim()),
            _ if text.starts_with("<!--") => self.comment(text),
            _ if text.starts_with("<details") && self.among_hints() => {
                self.end_hint(false);
                self.hint = Some(Hint::default());
                self.summary(text);
            }
            _ if self.hint.is_some() => self.hint_line(line, text),
            _ => self.below_heading &= text.is_empty(),
        }
    }

    /// Code blocks hold lines that look like headings: Python's comments, for one.
    fn is_code(&mut self, text: &str) -> bool {
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| text.starts_with(mark));
        let inside = self.fence.is_some();
        match (self.fence, mark) {
            (None, Some(mark)) => self.fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => self.fence = None,
            _ => {}
        }
        inside || mark.is_some()
    }

    fn heading(&mut self, level: usize, title: &str) {
        self.end_hint(false);
        self.readme.headings.push(Heading {
            line: self.number,
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
        let inner = text
            .trim_start_matches("<!--")
            .trim_end_matches("-->")
            .trim();
        match inner.split_once(':') {
            Some(("causes", names)) => self.causes(names),
            Some(("compiler", text)) => match &mut self.hint {
                Some(hint) => hint.compiler.push(text.trim().to_owned()),
                None => self.problem("a compiler's message is named outside a hint"),
            },
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

    fn hint_line(&mut self, line: &str, text: &str) {
        if text.starts_with("</details>") {
            self.end_hint(true);
        } else if text.starts_with("<summary>") {
            self.summary(text);
        } else {
            self.keep(line);
        }
    }

    /// Takes the title from a line such as `<summary>Step 1: …</summary>`.
    fn summary(&mut self, text: &str) {
        let title = text
            .split_once("<summary>")
            .and_then(|(_, rest)| rest.split_once("</summary>"));
        if let (Some(hint), Some((title, _))) = (&mut self.hint, title) {
            hint.title = plain(title);
        }
    }

    fn keep(&mut self, line: &str) {
        self.below_heading = false;
        if let Some(hint) = &mut self.hint {
            hint.body.push_str(line);
            hint.body.push('\n');
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
            .push(format!("line {}: {what}", self.number));
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
