//! From times to places, and how wide words are.

use crate::svg::Element;
use crate::trace::picture::{marks, text};
use crate::trace::recording::{Recording, Span};

/// Where everything begins and ends.
pub(super) const LEFT: f64 = 24.0;
pub(super) const RIGHT: f64 = 1256.0;

/// Where the time begins, to the right of the names of the rows.
pub(super) const FIRST: f64 = 170.0;

/// How long a comparable run is, in microseconds: the same for each design, so that a half-empty picture says something.
const USUAL: i64 = 1_500_000;

/// The time axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeAxis {
    pub(super) shown: Span,
}

impl TimeAxis {
    pub(super) fn of(recording: &Recording) -> Self {
        let moments = recording.clients.iter().flat_map(|client| &client.moments);
        let last = moments.map(|moment| moment.at).max();
        let to = match last.unwrap_or_default() {
            usual if usual <= USUAL => USUAL,
            longer => (longer / 250_000 + 1) * 250_000,
        };
        let shown = Span::new(recording.span.from.min(0), to);
        Self { shown }
    }

    /// Where a moment stands; what lies outside is at the edge.
    pub(super) fn x(&self, time: i64) -> f64 {
        let Span { from, to } = self.shown;
        let time = time.clamp(from, to);
        FIRST + (time - from) as f64 / (to - from) as f64 * (RIGHT - FIRST)
    }

    /// Where a span begins and ends.
    pub(super) fn ends(&self, span: Span) -> (f64, f64) {
        (self.x(span.from), self.x(span.to))
    }

    /// A line each 100 ms, and the time above some of them.
    pub(super) fn grid(&self, top: f64, bottom: f64) -> Element {
        let mut all = Element::new("g");
        let step = if self.shown.to > 2 * USUAL { 5 } else { 1 };
        for tick in (0..=self.shown.to / 100_000).step_by(step) {
            let x = self.x(tick * 100_000);
            let is_named = tick % (5 * step as i64) == 0;
            let colour = if is_named { "#c3cad4" } else { "#e9edf2" };
            all.add(marks::line((x, x), (top, bottom), colour));
            if is_named {
                let unit = if tick == 0 { " ms" } else { "" };
                let word = text(x, top - 8.0, &format!("{}{unit}", tick * 100));
                let anchor = if x > RIGHT - 40.0 { "end" } else { "middle" };
                all.add(word.set("text-anchor", anchor));
            }
        }
        all
    }
}

/// How wide `words` are, at most, in the fonts that the picture names: the widest of them is DejaVu Sans.
pub(super) fn width(words: &str, size: u32, is_bold: bool) -> f64 {
    let ems = words.chars().map(|letter| match letter {
        ' ' | '·' | '.' | ',' | ':' | ';' | '\'' | 'i' | 'j' | 'l' | '|' => 0.32,
        'f' | 'r' | 't' | '(' | ')' | '"' | '?' => 0.46,
        'm' | 'w' | 'M' | 'W' | '%' => 0.98,
        letter if letter.is_uppercase() => 0.70,
        _ => 0.62,
    });
    let heavier = if is_bold { 1.11 } else { 1.0 };
    ems.sum::<f64>() * heavier * f64::from(size)
}
