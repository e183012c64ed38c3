//! A client's row: a thin line while it thinks, a thick bar while it waits.

use super::super::counts::Waits;
use super::super::recording::{Client, Happened, Moment, Span};
use super::super::words::milliseconds;
use super::marks::{self, Place};
use super::scale::{LEFT, Scale};
use super::{ORANGE, WARNING, text};
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
    let visits = visits(client);
    for visit in &visits {
        let (left, right) = scale.ends(visit.span);
        let line = marks::line((left, right), (middle, middle), INK);
        row.add(line.set("stroke-width", 2));
        if right - left >= VISIT {
            row.add(marks::connects((left - ASIDE, middle)));
        }
    }
    let waits = Waits::of(client).spans;
    let place = |wait: &Span| Place::in_row(scale.ends(*wait), middle, BAR);
    for wait in &waits {
        row.add(marks::waiting(place(wait)));
    }
    for wait in &waits {
        let time = format!("{} ms", milliseconds(wait.length()));
        let words = [&format!("waits {time}"), time.as_str()];
        if let Some(words) = marks::words_in(ORANGE, place(wait), 10.0, &words) {
            row.add(words);
        }
    }
    for visit in &visits {
        let (left, right) = scale.ends(visit.span);
        let beside = (right + ASIDE, middle);
        match visit.end {
            Happened::Lost => row.add(marks::closes(beside, WARNING)),
            Happened::Closed if right - left >= VISIT => row.add(marks::closes(beside, INK)),
            _ => {}
        }
    }
    row
}

/// From one connection to its end.
struct Visit {
    span: Span,
    end: Happened,
}

fn visits(client: &Client) -> Vec<Visit> {
    let mut visits: Vec<Visit> = Vec::new();
    for &Moment { what: end, at } in &client.moments {
        match visits.last_mut() {
            Some(visit) if end != Happened::Connected && !is_over(visit.end) => {
                visit.span.to = at;
                visit.end = end;
            }
            _ => {
                let span = Span::new(at, at);
                visits.push(Visit { span, end });
            }
        }
    }
    visits
}

fn is_over(what: Happened) -> bool {
    matches!(what, Happened::Closed | Happened::Lost | Happened::GaveUp)
}
