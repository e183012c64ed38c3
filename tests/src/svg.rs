//! Enough of SVG for the lab's pictures: elements, attributes, text. A library would bring more of it than is drawn
//! here, and neither of the small ones escapes both text and attributes.

use std::fmt::{Display, Write};

/// All text that has to be read: 15 to 1 on white.
pub const INK: &str = "#14263a";

/// Asked, and told that there is nothing yet.
pub const VERMILLION: &str = "#d55e00";

/// Asleep: the area, its outline, and what fills it where [`hatching`] is.
pub const LIGHT_BLUE: &str = "#d6e6f5";
pub const BLUE: &str = "#2a6496";
pub const HATCHED: &str = "url(#asleep)";

/// A picture to draw in: an opaque light card, right on light and on dark pages, with a title and a description for those
/// who do not see it.
#[must_use]
pub fn card(
    (width, height): (f64, f64),
    font_size: u32,
    title: &str,
    description: &str,
) -> Element {
    let mut picture = Element::new("svg")
        .set("xmlns", "http://www.w3.org/2000/svg")
        .set("viewBox", format!("0 0 {width} {height}"))
        .set("role", "img")
        .set("aria-labelledby", "title description")
        .set(
            "font-family",
            "'Noto Sans', 'DejaVu Sans', Arial, sans-serif",
        )
        .set("font-size", font_size);
    picture.add(Element::new("title").set("id", "title").text(title));
    let told = Element::new("desc").set("id", "description");
    picture.add(told.text(description));
    let card = Element::new("rect").set("x", "0.5").set("y", "0.5");
    let card = card.at("width", width - 1.0).at("height", height - 1.0);
    let card = card.set("rx", 8).set("fill", "#ffffff");
    picture.add(card.set("stroke", "#d4d9e1"));
    picture
}

/// The pattern of sleep.
#[must_use]
pub fn hatching() -> Element {
    let stripe = Element::new("path").set("d", "M-2 2L2 -2M0 10L10 0M8 12L12 8");
    let stripe = stripe.set("stroke", "#b3cde6").set("stroke-width", 2);
    pattern("asleep", 10, LIGHT_BLUE).with(stripe)
}

/// A square that is repeated, on that ground.
#[must_use]
pub fn pattern(name: &str, size: u32, ground: &str) -> Element {
    let pattern = Element::new("pattern").set("id", name);
    let pattern = pattern.set("width", size).set("height", size);
    let pattern = pattern.set("patternUnits", "userSpaceOnUse");
    let rect = Element::new("rect").set("width", size).set("height", size);
    pattern.with(rect.set("fill", ground))
}

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
