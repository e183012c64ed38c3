//! Enough of SVG for one picture: elements, attributes, text. A library would bring more of it than is drawn here, and
//! neither of the small ones escapes both text and attributes.

use std::fmt::{Display, Write};

/// An element that can be drawn in.
#[derive(Debug)]
pub struct Element {
    name: &'static str,
    attributes: String,
    /// What it contains, as SVG.
    content: String,
    is_text: bool,
}

impl Element {
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: String::new(),
            content: String::new(),
            is_text: false,
        }
    }

    /// An attribute whose value is a word or a number as it is to be written.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Display) -> Self {
        let value = escaped(&value.to_string());
        self.attributes.push_str(&format!(" {name}=\"{value}\""));
        self
    }

    /// A length or a place, to the tenth of a pixel.
    #[must_use]
    pub fn at(self, name: &str, value: f64) -> Self {
        self.set(name, tenth(value))
    }

    /// Text inside of it.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.content.push_str(&escaped(text));
        self.is_text = true;
        self
    }

    /// Another element inside of it, after those that are there already.
    pub fn add(&mut self, inner: Element) {
        inner.render(&mut self.content);
    }

    /// As [`add`](Self::add), for an element that is being made.
    #[must_use]
    pub fn with(mut self, inner: Element) -> Self {
        self.add(inner);
        self
    }

    /// Its SVG, as the whole of a file.
    #[must_use]
    pub fn file(&self) -> String {
        let mut text = String::new();
        self.render(&mut text);
        text
    }

    fn render(&self, out: &mut String) {
        let Self {
            name,
            attributes,
            content,
            ..
        } = self;
        // Writing to a String cannot fail.
        let _ = match (content.is_empty(), self.is_text) {
            (true, _) => writeln!(out, "<{name}{attributes}/>"),
            (false, true) => writeln!(out, "<{name}{attributes}>{content}</{name}>"),
            (false, false) => writeln!(out, "<{name}{attributes}>\n{content}</{name}>"),
        };
    }
}

/// The points of a line or of an area.
#[must_use]
pub fn points(places: impl IntoIterator<Item = (f64, f64)>) -> String {
    let places = places.into_iter();
    let words: Vec<String> = places
        .map(|(x, y)| format!("{},{}", tenth(x), tenth(y)))
        .collect();
    words.join(" ")
}

/// A number with one digit behind the point, and without it where it is nought, so that a picture is the same to the
/// byte wherever it is drawn.
fn tenth(value: f64) -> String {
    let written = format!("{value:.1}");
    match written.strip_suffix(".0") {
        Some("-0") => "0".into(),
        Some(whole) => whole.into(),
        None => written,
    }
}

/// `text` where markup may not be, between quotation marks or not. What XML cannot hold is left out.
fn escaped(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .fold(String::new(), |mut safe, letter| {
            match letter {
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '"' => safe.push_str("&quot;"),
                other => safe.push(other),
            }
            safe
        })
}
