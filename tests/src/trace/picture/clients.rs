//! A client's row: a thin line while it thinks, a thick bar while it waits.

use super::super::evidence::Waits;
use super::super::recording::{Client, Event, Span};
use super::super::words::milliseconds;
use super::marks::{self, Place};
use super::scale::{LEFT, Scale, width};
use super::{ORANGE, SMALL, WARNING, text};
use crate::svg::{Element, INK};

/// How high a bar is.
const BAR: f64 = 26.0;

/// How far the marks of its beginning and its end are from it, so that the bars do not hide them.
const ASIDE: f64 = 10.0;

/// Below this width of a visit its beginning and its end have no marks of their own.
const VISIT: f64 = 18.0;

pub(super) fn draw(client: &Client, scale: &Scale, middle: f64) -> Element {
    let mut row = Element::new("g");
    let name = text(LEFT, middle + 7.0, &format!("client {}", client.name));
    row.add(name.set("font-weight", "bold"));
    for visit in visits(client) {
        let (left, right) = (scale.x(visit.span.from), scale.x(visit.span.to));
        let line = Element::new("line").at("x1", left).at("x2", right);
        let line = line.at("y1", middle).at("y2", middle).set("stroke", INK);
        row.add(line.set("stroke-width", 2));
        if right - left >= VISIT {
            row.add(marks::connects(left - ASIDE, middle));
        }
    }
    for wait in Waits::of(client).spans {
        row.add(marks::waiting(place(scale, wait, middle)));
    }
    for wait in Waits::of(client).spans {
        let (from, to) = (scale.x(wait.from), scale.x(wait.to));
        let time = milliseconds(wait.length());
        let words = [format!("waits {time} ms"), format!("{time} ms")];
        let fits = |words: &&String| width(words, SMALL, true) + 10.0 <= to - from;
        if let Some(words) = words.iter().find(fits) {
            row.add(marks::words_on(
                ORANGE,
                f64::midpoint(from, to),
                middle,
                words,
            ));
        }
    }
    for visit in visits(client) {
        let is_long = scale.width(visit.span) >= VISIT;
        let x = scale.x(visit.span.to) + ASIDE;
        match visit.end {
            Event::Lost => row.add(marks::closes(x, middle, WARNING)),
            Event::Closed if is_long => row.add(marks::closes(x, middle, INK)),
            _ => {}
        }
    }
    row
}

/// From one connection to its end.
struct Visit {
    span: Span,
    end: Event,
}

fn visits(client: &Client) -> Vec<Visit> {
    let mut visits: Vec<Visit> = Vec::new();
    for moment in &client.moments {
        let (at, end) = (moment.at, moment.event);
        match visits.last_mut() {
            Some(visit) if end != Event::Connected && !is_over(visit.end) => {
                visit.span.to = at;
                visit.end = end;
            }
            _ => visits.push(Visit {
                span: Span { from: at, to: at },
                end,
            }),
        }
    }
    visits
}

fn is_over(event: Event) -> bool {
    matches!(event, Event::Closed | Event::Lost | Event::GaveUp)
}

fn place(scale: &Scale, span: Span, middle: f64) -> Place {
    Place {
        left: scale.x(span.from),
        right: scale.x(span.to),
        top: middle - BAR / 2.0,
        bottom: middle + BAR / 2.0,
    }
}
