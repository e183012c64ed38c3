//! From times to places, and how wide words are.

use crate::svg::Element;
use crate::trace::picture::{LETTERS, TIMES, marks, text};
use crate::trace::recording::{Recording, Span};

/// Where everything begins and ends.
pub(super) const LEFT: f64 = 24.0;
pub(super) const RIGHT: f64 = 1256.0;

/// Where the time begins, to the right of the names of the rows.
pub(super) const FIRST: f64 = 172.0;

/// How many times are named at most.
const NAMED: i64 = 4;

/// The time axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeAxis {
    pub(super) shown: Span,
}

impl TimeAxis {
    pub(super) fn of(recording: &Recording) -> Self {
        let Span { from, to } = recording.span;
        // A run has a length, even if it is a broken one.
        let shown = Span::new(from, to.max(from + 1));
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

    /// The times that are named, each above its line.
    pub(super) fn names(&self) -> Element {
        let mut all = Element::new("g");
        for time in self.named() {
            let word = format!("{} ms", time / 1000);
            let last = RIGHT - width(&word, false) / 2.0;
            let word = text(self.x(time).min(last), TIMES, &word);
            all.add(word.set("text-anchor", "middle"));
        }
        all
    }

    /// A line for each time that is named.
    pub(super) fn grid(&self, top: f64, bottom: f64) -> Element {
        let mut all = Element::new("g");
        for x in self.named().map(|time| self.x(time)) {
            all.add(marks::line((x, x), (top, bottom), "#c3cad4"));
        }
        all
    }

    /// 0, and what follows it in the smallest round steps that make few of them.
    fn named(&self) -> impl Iterator<Item = i64> {
        let powers = (1..).map(|power| 10_i64.pow(power) * 1000);
        let mut steps = powers.flat_map(|power| [power, 5 * power]);
        let are_few = |step: &i64| self.shown.to / step < NAMED;
        let step = steps.find(are_few).unwrap_or(self.shown.to);
        (0..=self.shown.to / step).map(move |number| number * step)
    }
}

/// How wide `words` are, at most, in the fonts that the picture names: the widest of them is DejaVu Sans.
pub(super) fn width(words: &str, is_bold: bool) -> f64 {
    let ems = words.chars().map(|letter| match letter {
        'i' | 'j' | 'l' => 0.31,
        ' ' | '·' | '.' | ',' | ':' | ';' | '\'' | '|' => 0.32,
        't' => 0.44,
        'f' | 'r' | '(' | ')' | '"' | '?' => 0.46,
        'm' | 'M' | 'W' | '%' => 0.98,
        'w' => 0.84,
        '_' => 0.5,
        letter if letter.is_uppercase() => 0.70,
        _ => 0.62,
    });
    let heavier = if is_bold { 1.11 } else { 1.0 };
    ems.sum::<f64>() * heavier * f64::from(LETTERS)
}
