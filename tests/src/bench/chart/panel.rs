//! One question about one design: its own line with the spread of its runs, and the other designs in grey behind it.

use crate::bench::chart::axis::{Axis, Unit};
use crate::bench::chart::{GREY, WORDS};
use crate::bench::data::{Comparison, Design, Point, Values};
use crate::svg::{Element, INK, points};

/// The size of the part that lines are drawn in.
pub const PLOT: (f64, f64) = (172.0, 80.0);

/// A question that is asked of every design.
#[derive(Debug)]
pub struct Question {
    pub title: &'static str,
    pub unit: Unit,
    pub line: fn(&Point) -> &Values,
    /// A second line, dashed.
    pub dashed: Option<fn(&Point) -> &Values>,
    /// What is to be said about this design with the most clients.
    pub note: fn(most: usize, last: &Point) -> Option<String>,
}

impl Question {
    /// The axis on which all designs find their place: their medians do, and what a single run had beyond them is at
    /// its end.
    #[must_use]
    pub fn axis(&self, comparison: &Comparison) -> Axis {
        let lines = self.lines();
        let points = comparison.designs.iter().flat_map(|one| &one.points);
        let medians =
            points.flat_map(|point| lines.clone().filter_map(|line| line(point).median()));
        Axis::around(self.unit, medians)
    }

    fn lines(&self) -> impl Iterator<Item = fn(&Point) -> &Values> + Clone + use<> {
        std::iter::once(self.line).chain(self.dashed)
    }
}

/// A panel, with the upper left corner of its plot in the origin.
#[derive(Debug)]
pub struct Panel<'a> {
    pub comparison: &'a Comparison,
    pub question: &'a Question,
    pub axis: &'a Axis,
    pub design: &'a Design,
    pub colour: &'static str,
}

impl Panel<'_> {
    #[must_use]
    pub fn draw(&self) -> Element {
        let mut all = self.grid();
        for other in &self.comparison.designs {
            if other.name != self.design.name {
                all.add(self.stroke(&self.places(other, self.question.line), GREY, 1.4));
            }
        }
        if let Some(spread) = self.spread() {
            all.add(spread);
        }
        if let Some(dashed) = self.question.dashed {
            let line = self.stroke(&self.places(self.design, dashed), self.colour, 2.0);
            all.add(line.set("stroke-dasharray", "6 4"));
        }
        let own = self.places(self.design, self.question.line);
        all.add(self.stroke(&own, self.colour, 3.0));
        for (x, y) in own {
            let dot = Element::new("circle").at("cx", x).at("cy", y).at("r", 3.2);
            all.add(dot.set("fill", self.colour));
        }
        self.last_values().for_each(|word| all.add(word));
        if let Some(note) = self.note() {
            all.add(note);
        }
        all
    }

    /// Horizontal lines only, each with its value.
    fn grid(&self) -> Element {
        let mut grid = Element::new("g");
        for tick in self.axis.ticks() {
            let y = self.y(tick);
            let line = Element::new("line").at("x1", 0.0).at("x2", PLOT.0);
            let line = line.at("y1", y).at("y2", y);
            grid.add(line.set("stroke", "#e3e7ee").set("stroke-width", 1));
            let word = Element::new("text").at("x", -8.0).at("y", y + 4.0);
            let word = word.set("text-anchor", "end").set("fill", WORDS);
            grid.add(word.text(&self.axis.word(tick)));
        }
        grid
    }

    fn stroke(&self, places: &[(f64, f64)], colour: &str, width: f64) -> Element {
        Element::new("polyline")
            .set("points", points(places.iter().copied()))
            .set("fill", "none")
            .set("stroke", colour)
            .at("stroke-width", width)
            .set("stroke-linejoin", "round")
    }

    /// From the least to the most of all runs.
    fn spread(&self) -> Option<Element> {
        let each = self.comparison.clients.iter().zip(&self.design.points);
        let edges: Vec<(f64, f64, f64)> = each
            .filter_map(|(clients, point)| {
                let values = (self.question.line)(point);
                let (least, most) = (values.least()?, values.most()?);
                Some((self.x(*clients), self.y(least), self.y(most)))
            })
            .collect();
        let there = edges.iter().map(|(x, least, _)| (*x, *least));
        let back = edges.iter().rev().map(|(x, _, most)| (*x, *most));
        let area = Element::new("polygon").set("points", points(there.chain(back)));
        let area = area.set("fill", self.colour).set("fill-opacity", "0.22");
        (edges.len() > 1).then_some(area)
    }

    /// The medians with the most clients, in words at the right.
    fn last_values(&self) -> impl Iterator<Item = Element> {
        let last = self.design.points.last();
        let lines = self.question.lines();
        let medians = lines.filter_map(|line| line(last?).median());
        let mut words: Vec<(f64, String)> = medians
            .map(|value| (self.y(value), self.axis.word(value)))
            .collect();
        // The second line is never below the first; its word gives way to the other.
        if let [(first, _), (second, _)] = &mut words[..] {
            *second = second.min(*first - 14.0);
        }
        let mut weights = ["bold", "normal"].iter();
        words.into_iter().map(move |(y, word)| {
            let text = Element::new("text").at("x", PLOT.0 + 8.0).at("y", y + 4.0);
            let weight = weights.next().unwrap_or(&"normal");
            text.set("font-weight", weight).set("fill", INK).text(&word)
        })
    }

    /// The remark, where it is farthest from the design's own lines.
    fn note(&self) -> Option<Element> {
        let most = *self.comparison.clients.last()?;
        let last = self.design.points.last()?;
        let is_empty = |point: &Point| (self.question.line)(point).0.is_empty();
        let note = match self.design.points.iter().all(is_empty) {
            true => "not measured here".into(),
            false => (self.question.note)(most, last)?,
        };
        let own = self.question.lines();
        let own: Vec<f64> = own
            .flat_map(|line| self.places(self.design, line))
            .filter(|(x, _)| *x > PLOT.0 * 0.2)
            .map(|(_, y)| y)
            .collect();
        let distance = |y: &f64| {
            let distances = own.iter().map(|own| (own - y).abs());
            distances.min_by(f64::total_cmp).unwrap_or(PLOT.1)
        };
        let heights = [0.22, 0.5, 0.78].map(|part| part * PLOT.1);
        let height = heights
            .into_iter()
            .max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        let text = Element::new("text").at("x", PLOT.0).at("y", height + 4.0);
        let text = text.set("text-anchor", "end").set("font-weight", "bold");
        // A light rim, so that the lines behind it do not cross the letters.
        let rim = text.set("paint-order", "stroke").set("stroke", "#ffffff");
        let rim = rim.set("stroke-width", 5).set("stroke-linejoin", "round");
        Some(rim.set("fill", INK).text(&note))
    }

    fn places(&self, design: &Design, line: fn(&Point) -> &Values) -> Vec<(f64, f64)> {
        let each = self.comparison.clients.iter().zip(&design.points);
        each.filter_map(|(clients, point)| Some((self.x(*clients), self.y(line(point).median()?))))
            .collect()
    }

    fn x(&self, clients: usize) -> f64 {
        x(&self.comparison.clients, clients)
    }

    fn y(&self, value: f64) -> f64 {
        PLOT.1 * (1.0 - self.axis.place(value))
    }
}

/// Where so many clients stand: each doubling is as wide as the next.
#[must_use]
pub fn x(all: &[usize], clients: usize) -> f64 {
    let log = |clients: usize| (clients.max(1) as f64).log2();
    match all {
        [first, .., last] => PLOT.0 * (log(clients) - log(*first)) / (log(*last) - log(*first)),
        _ => PLOT.0 / 2.0,
    }
}
