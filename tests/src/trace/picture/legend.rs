//! What the marks mean: those that are in the picture, and no others.

use crate::svg::{Element, INK, VERMILLION};
use crate::trace::metrics::Work;
use crate::trace::picture::marks::{self, Rect};
use crate::trace::picture::time_axis::{LEFT, width};
use crate::trace::picture::{BASELINE, text};
use crate::trace::recording::{ClientEvent, Kind, Recording, Syscall};

/// How wide the sample of an area is, and that of a mark; and how far what follows is from it.
const AREA: f64 = 34.0;
const MARK: f64 = 14.0;
const GAP: f64 = 10.0;

/// How far it is from one meaning to the next sample.
const NEXT: f64 = 34.0;

pub(super) fn draw(recording: &Recording, work: Option<&Work>, middle: f64) -> Element {
    let mut all = Element::new("g");
    let mut x = LEFT;
    let mut add = |words: &str, size: f64, sample: &dyn Fn(Rect) -> Element| {
        all.add(sample(Rect::in_row((x, x + size), middle, 24.0)));
        all.add(text(x + size + GAP, middle + BASELINE, words));
        x += size + GAP + width(words, false) + NEXT;
    };
    let upright = |place: Rect, colour: &str| {
        let (x, y) = place.centre();
        let narrow = Rect::in_row((x - 3.0, x + 3.0), y, place.height());
        marks::solid(narrow, colour)
    };
    add("client waits", AREA, &marks::waiting);
    if let Some(work) = work {
        let any = |is_meant: fn(&Syscall) -> bool| work.calls.iter().any(is_meant);
        if any(|call| call.sleeps() && !call.at.is_empty()) {
            add("asleep in the kernel", AREA, &marks::asleep);
        }
        if any(|call| call.kind == Kind::Nap) {
            add("naps", AREA, &marks::nap);
        } else if any(|call| call.sleeps() && call.at.is_empty()) {
            add("asleep elsewhere", AREA, &marks::nap);
        }
        add("works", MARK, &|place| upright(place, INK));
        if any(Syscall::is_refused) {
            let refused = |place| upright(place, VERMILLION);
            add("told \"would block\"", MARK, &refused);
        }
    }
    let mut moments = recording.clients.iter().flat_map(|client| &client.moments);
    if moments.any(|moment| moment.what == ClientEvent::Lost) {
        add("connection lost", MARK, &|place| {
            marks::lost(place.centre())
        });
    }
    all
}
