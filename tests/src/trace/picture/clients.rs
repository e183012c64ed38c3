//! A client's row: a thin line while it thinks, a thick bar while it waits.

use crate::svg::{Element, INK};
use crate::text::milliseconds;
use crate::trace::metrics::Waits;
use crate::trace::picture::marks::{self, Rect};
use crate::trace::picture::time_axis::{LEFT, TimeAxis};
use crate::trace::picture::{BASELINE, ORANGE, text};
use crate::trace::recording::{ClientEvent, ClientSide, Moment, Span};

/// How high a bar is.
const BAR: f64 = 30.0;

/// How far the mark of a connection that was lost is from its bar, so that the bar does not hide it.
const ASIDE: f64 = 14.0;

pub(super) fn draw(client: &ClientSide, scale: &TimeAxis, middle: f64) -> Element {
    let mut row = Element::new("g");
    let name = text(LEFT, middle + BASELINE, &format!("client {}", client.name));
    row.add(name.set("font-weight", "bold"));
    let visits = visits(client);
    for (span, _) in &visits {
        let (left, right) = scale.ends(*span);
        let line = marks::line((left, right), (middle, middle), INK);
        row.add(line.set("stroke-width", 3));
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
        if end == ClientEvent::Lost {
            row.add(marks::lost((scale.x(span.to) + ASIDE, middle)));
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
