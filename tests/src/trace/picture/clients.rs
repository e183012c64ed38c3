//! A client's row: a thin line while it thinks, a thick bar while it waits.

use crate::svg::{Element, INK};
use crate::text::milliseconds;
use crate::trace::metrics::Waits;
use crate::trace::picture::marks::{self, Rect};
use crate::trace::picture::time_axis::{LEFT, TimeAxis};
use crate::trace::picture::{ORANGE, WARNING, text};
use crate::trace::recording::{ClientEvent, ClientSide, Moment, Span};

/// How high a bar is.
const BAR: f64 = 26.0;

/// How far the marks of its beginning and its end are from it, so that the bars do not hide them.
const ASIDE: f64 = 10.0;

/// Below this width of a visit its beginning and its end have no marks of their own.
const VISIT: f64 = 18.0;

pub(super) fn draw(client: &ClientSide, scale: &TimeAxis, middle: f64) -> Element {
    let mut row = Element::new("g");
    let name = text(LEFT, middle + 7.0, &format!("client {}", client.name));
    row.add(name.set("font-weight", "bold"));
    let visits = visits(client);
    for (span, _) in &visits {
        let (left, right) = scale.ends(*span);
        let line = marks::line((left, right), (middle, middle), INK);
        row.add(line.set("stroke-width", 2));
        if right - left >= VISIT {
            row.add(marks::connects((left - ASIDE, middle)));
        }
    }
    let waits = Waits::of(client).spans;
    let place = |wait: &Span| Rect::in_row(scale.ends(*wait), middle, BAR);
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
    for (span, end) in visits {
        let (left, right) = scale.ends(span);
        let beside = (right + ASIDE, middle);
        match end {
            ClientEvent::Lost => row.add(marks::closes(beside, WARNING)),
            ClientEvent::Closed if right - left >= VISIT => row.add(marks::closes(beside, INK)),
            _ => {}
        }
    }
    row
}

/// From each connection to its end, and what that was.
fn visits(client: &ClientSide) -> Vec<(Span, ClientEvent)> {
    let is_over = |what| {
        matches!(
            what,
            ClientEvent::Closed | ClientEvent::Lost | ClientEvent::GaveUp
        )
    };
    let goes_on =
        |one: &Moment, next: &Moment| !is_over(one.what) && next.what != ClientEvent::Connected;
    let visits = client.moments.chunk_by(goes_on).map(|moments| {
        let last = moments[moments.len() - 1];
        (Span::new(moments[0].at, last.at), last.what)
    });
    visits.collect()
}
