//! The marks that a picture is made of. Each differs from the others by more than its colour.

use crate::svg::{self, BLUE, Element, HATCHED};
use crate::trace::picture::time_axis::width;
use crate::trace::picture::{BASELINE, BROWN, GREY, LIGHT_GREY, ORANGE, WARNING, text};

/// Where a mark is: its left and right edge, and its top and bottom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Rect {
    /// From left to right, in a row with that middle.
    pub(super) fn in_row((left, right): (f64, f64), middle: f64, height: f64) -> Self {
        Self {
            left,
            right,
            top: middle - height / 2.0,
            bottom: middle + height / 2.0,
        }
    }

    /// At least so wide, with the left edge where it is.
    pub(super) fn at_least(self, width: f64) -> Self {
        let right = self.right.max(self.left + width);
        Self { right, ..self }
    }

    pub(super) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn area(self) -> f64 {
        self.width() * self.height()
    }

    pub(super) fn centre(self) -> (f64, f64) {
        let x = f64::midpoint(self.left, self.right);
        (x, f64::midpoint(self.top, self.bottom))
    }

    fn rect(self) -> Element {
        let element = Element::new("rect").at("x", self.left).at("y", self.top);
        let element = element.at("width", self.width());
        element.at("height", self.height())
    }
}

/// The hatching of sleep, and the dots of naps.
pub(super) fn patterns() -> Element {
    let dot = Element::new("circle").set("cx", 4).set("cy", 4).set("r", 1);
    let dot = dot.set("fill", GREY);
    Element::new("defs")
        .with(svg::hatching())
        .with(svg::pattern("nap", 8, LIGHT_GREY).with(dot))
}

pub(super) fn asleep(place: Rect) -> Element {
    let block = place.at_least(2.0).rect().set("rx", 3);
    block.set("fill", HATCHED).set("stroke", BLUE)
}

/// What lies between two blocks of one call: a frame, for it has nothing to do with the rows that are crossed.
pub(super) fn joined(place: Rect) -> Element {
    let frame = place.at_least(2.0).rect().set("fill", "none");
    frame.set("stroke", BLUE).set("stroke-dasharray", "3 4")
}

pub(super) fn nap(place: Rect) -> Element {
    let block = place.at_least(1.0).rect();
    let block = block.set("fill", "url(#nap)").set("stroke", GREY);
    block.set("stroke-width", "0.7")
}

pub(super) fn waiting(place: Rect) -> Element {
    let bar = place.at_least(8.0).rect().set("fill", ORANGE);
    bar.set("stroke", BROWN)
}

/// A solid mark.
pub(super) fn solid(place: Rect, colour: &str) -> Element {
    place.rect().set("fill", colour)
}

/// A thin line from one place to another.
pub(super) fn line((x1, x2): (f64, f64), (y1, y2): (f64, f64), colour: &str) -> Element {
    let line = Element::new("line").at("x1", x1).at("x2", x2);
    line.at("y1", y1).at("y2", y2).set("stroke", colour)
}

/// A connection was refused, or broke.
pub(super) fn lost((x, y): (f64, f64)) -> Element {
    let [left, right, top, bottom] = [x - 8.0, x + 8.0, y - 8.0, y + 8.0];
    let cross = format!(
        "M{left:.1} {top:.1}L{right:.1} {bottom:.1}M{left:.1} {bottom:.1}L{right:.1} {top:.1}"
    );
    let cross = Element::new("path").set("d", cross).set("stroke", WARNING);
    cross.set("stroke-width", 4).set("fill", "none")
}

/// The first of these words for which an area of that colour has room, with so much to spare.
pub(super) fn words_in(area: &str, place: Rect, spare: f64, words: &[&str]) -> Option<Element> {
    let has_room = |words: &&&str| width(words, true) + spare <= place.width();
    let words = words.iter().find(has_room)?;
    Some(words_on(area, place.centre(), words))
}

/// Bold words in the middle of an area, with a rim in the area's colour.
pub(super) fn words_on(area: &str, (x, y): (f64, f64), words: &str) -> Element {
    let element = text(x, y + BASELINE, words).set("text-anchor", "middle");
    let element = element.set("font-weight", "bold");
    let element = element.set("paint-order", "stroke").set("stroke", area);
    element
        .set("stroke-width", 5)
        .set("stroke-linejoin", "round")
}
