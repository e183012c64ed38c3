//! What the marks mean: those that are in the picture, and no others.

use super::super::evidence::Work;
use super::super::recording::{Call, Event, Kind, Recording, Server};
use super::marks::{self, Place};
use super::scale::{LEFT, width};
use super::{SMALL, VERMILLION, text};
use crate::svg::{Element, INK};

/// How wide the sample of an area is, and that of a mark; and how far what follows is from it.
const AREA: f64 = 26.0;
const MARK: f64 = 12.0;
const GAP: f64 = 8.0;

/// How far it is from one meaning to the next sample.
const NEXT: f64 = 26.0;

pub(super) fn draw(recording: &Recording, work: Option<&(&Server, Work)>, y: f64) -> Element {
    let mut all = Element::new("g");
    let mut x = LEFT;
    let mut add = |words: &str, size: f64, sample: &dyn Fn(Place) -> Element| {
        let place = Place {
            left: x,
            right: x + size,
            top: y - 16.0,
            bottom: y + 2.0,
        };
        all.add(sample(place));
        all.add(text(x + size + GAP, y, words));
        x += size + GAP + width(words, SMALL, false) + NEXT;
    };
    let centre = |place: Place| {
        let x = f64::midpoint(place.left, place.right);
        (x, f64::midpoint(place.top, place.bottom))
    };
    let upright = |place: Place, colour: &str| {
        let (x, _) = centre(place);
        let (left, right) = (x - 2.0, x + 2.0);
        marks::solid(
            Place {
                left,
                right,
                ..place
            },
            colour,
        )
    };
    add("client waits", AREA, &marks::waiting);
    if let Some((server, _)) = work {
        let any = |is_meant: fn(&Call) -> bool| server.calls.iter().any(is_meant);
        if any(|call| call.sleeps() && !call.at.is_empty()) {
            add("asleep in the kernel", AREA, &marks::asleep);
        }
        if any(|call| call.kind == Kind::Nap) {
            add("naps", AREA, &marks::nap);
        } else if any(|call| call.sleeps() && call.at.is_empty()) {
            add("asleep elsewhere", AREA, &marks::nap);
        }
        add("works", MARK, &|place| upright(place, INK));
        if any(Call::is_refused) {
            add("told \"would block\"", MARK, &|place| {
                upright(place, VERMILLION)
            });
        }
    }
    let mut moments = recording.clients.iter().flat_map(|client| &client.moments);
    let is_echo = moments.any(|moment| moment.event == Event::Sent);
    if is_echo {
        let ring = |place: Place| {
            let (x, y) = centre(place);
            marks::connects(x, y)
        };
        let cross = |place: Place| {
            let (x, y) = centre(place);
            marks::closes(x, y, INK)
        };
        add("connects", MARK, &ring);
        add("leaves", MARK, &cross);
    }
    all
}
