//! The server's rows: one for each of its sockets. A block stands where a thread sleeps, in the rows of the sockets that
//! can wake it; a nap lies across everything, since nothing can.

use super::super::evidence::Work;
use super::super::recording::{Answer, Call, Kind, Recording, Server, Sockets, Span};
use super::comb;
use super::marks::{self, Place};
use super::scale::{LEFT, Scale, width};
use super::{LIGHT_BLUE, LIGHT_GREY, SMALL, SOCKET, VERMILLION, text};
use crate::svg::{Element, INK};

/// How high a block is in its row.
pub(super) const BLOCK: f64 = 32.0;

/// How high the mark of a refused call is.
const FOOT: f64 = 14.0;

/// From so many refused calls on there is no use in a mark for each.
pub(super) const MANY: usize = 200;

/// Words that find no room across a block stand upright in one that is at least so wide.
const UPRIGHT: f64 = 34.0;

/// Marks that are nearer to each other than this become one.
const NEAR: f64 = 3.0;

pub(super) fn draw(
    recording: &Recording,
    server: &Server,
    work: &Work,
    scale: &Scale,
    top: f64,
) -> Element {
    let rows = Rows {
        server,
        work,
        scale,
        top,
        count: recording.clients.len() + 1,
    };
    let mut all = Element::new("g");
    for row in 0..rows.count {
        let name = match row.checked_sub(1) {
            None => "listener".into(),
            Some(number) => format!("{}'s socket", recording.clients[number].name),
        };
        all.add(text(LEFT, rows.middle(row) + 7.0, &name));
    }
    all.add(rows.naps());
    let is_wall = work.refused + work.in_vain >= MANY;
    if is_wall {
        all.add(comb::draw(&rows, VERMILLION, Call::is_refused));
    }
    // A call about many sockets that comes back at once has something to tell; if it always has, nothing is done about it.
    let comes_back =
        |call: &Call| call.kind.is_about_many() && !call.sleeps() && !call.is_refused();
    if rows.calls().filter(|call| comes_back(call)).count() >= MANY {
        all.add(comb::draw(&rows, INK, comes_back));
    }
    all.add(rows.sleeps());
    let works = |call: &Call| match call.kind {
        // It has slept until somebody came: then it takes the client.
        Kind::Accept if call.answer == Answer::Done => true,
        Kind::Register => false,
        kind => !kind.is_about_many() && !call.sleeps() && !call.is_refused(),
    };
    all.add(rows.ticks(INK, BLOCK + 6.0, 0.0, works));
    if !is_wall {
        // Where a call was refused after work, only a foot is left of the mark of the work.
        all.add(rows.ticks(VERMILLION, FOOT, (BLOCK - FOOT) / 2.0, Call::is_refused));
    }
    all
}

pub(super) struct Rows<'a> {
    server: &'a Server,
    work: &'a Work,
    pub(super) scale: &'a Scale,
    top: f64,
    pub(super) count: usize,
}

impl Rows<'_> {
    pub(super) fn middle(&self, row: usize) -> f64 {
        self.top + (row as f64 + 0.5) * SOCKET
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        let calls = self.server.calls.iter();
        calls.filter(|call| {
            self.work.serving.binary_search(&call.thread).is_ok()
                && call.start < self.scale.shown.to
        })
    }

    /// From the first to the last of these rows.
    fn place(&self, span: Span, first: usize, last: usize) -> Place {
        Place {
            left: self.scale.x(span.from),
            right: self.scale.x(span.to),
            top: self.middle(first) - BLOCK / 2.0,
            bottom: self.middle(last) + BLOCK / 2.0,
        }
    }

    /// Naps, and whatever else nothing that arrives can end, in the rows of all sockets of that thread.
    fn naps(&self) -> Element {
        let mut all = Element::new("g");
        let sockets = self.server.sockets();
        for &thread in &self.work.serving {
            let rows = match runs(sockets[thread]) {
                none if none.is_empty() => vec![(0, self.count - 1)],
                some => some,
            };
            for (span, kind, count) in self.areas(thread) {
                for (number, &(first, last)) in rows.iter().enumerate() {
                    let place = self.place(span, first, last);
                    all.add(marks::nap(place));
                    let words = match kind {
                        Kind::Nap => "naps",
                        _ => "asleep elsewhere",
                    };
                    let room = place.right - place.left;
                    let has_room = width(words, SMALL, true) + 12.0 <= room;
                    // Of many short ones nothing is said: they are where the server works, too.
                    if count == 1 && number == 0 && has_room {
                        let x = f64::midpoint(place.left, place.right);
                        all.add(marks::words_on(LIGHT_GREY, x, self.middle(first), words));
                    }
                }
            }
        }
        all
    }

    /// When a thread naps, or sleeps elsewhere, and how many calls that were: those that are close to each other are one.
    fn areas(&self, thread: usize) -> Vec<(Span, Kind, usize)> {
        let own = self.calls().filter(|call| call.thread == thread);
        let naps = own.filter(|call| call.sleeps() && call.at.is_empty());
        let mut areas: Vec<(Span, Kind, usize)> = Vec::new();
        for nap in naps {
            let near = |area: &&mut (Span, Kind, usize)| {
                area.1 == nap.kind && self.scale.x(nap.start) - self.scale.x(area.0.to) < NEAR
            };
            match areas.last_mut().filter(near) {
                Some((span, _, count)) => {
                    span.to = span.to.max(nap.span().to);
                    *count += 1;
                }
                None => areas.push((nap.span(), nap.kind, 1)),
            }
        }
        areas
    }

    /// Blocks where threads sleep until something arrives.
    fn sleeps(&self) -> Element {
        let mut all = Element::new("g");
        let asleep = self
            .calls()
            .filter(|call| call.sleeps() && !call.at.is_empty());
        let mut words = Vec::new();
        for call in asleep {
            let runs = runs(call.at);
            let largest = runs
                .iter()
                .max_by_key(|(first, last)| last - first)
                .copied();
            for pair in runs.windows(2) {
                let place = self.place(call.span(), pair[0].1, pair[1].0);
                all.add(marks::joined(Place {
                    top: place.top + BLOCK,
                    bottom: place.bottom - BLOCK,
                    ..place
                }));
            }
            for &(first, last) in &runs {
                let place = self.place(call.span(), first, last);
                all.add(marks::asleep(place));
                if Some((first, last)) == largest {
                    words.extend(self.words_in(call, place));
                }
            }
        }
        words.into_iter().for_each(|words| all.add(words));
        all
    }

    /// What a block is, in as many words as it has room for.
    fn words_in(&self, call: &Call, place: Place) -> Option<Element> {
        let who = match call.thread {
            _ if self.work.threads == 1 => String::new(),
            0 => "main ".into(),
            number => format!("T{number} "),
        };
        let call = call.kind;
        let words = [
            format!("{who}asleep in {call}"),
            format!("{who}in {call}"),
            if who.is_empty() {
                call.to_string()
            } else {
                who.trim().to_owned()
            },
        ];
        let (across, down) = (place.right - place.left, place.bottom - place.top);
        let fits = |room: f64| move |words: &&String| width(words, SMALL, true) + 2.0 <= room;
        let x = f64::midpoint(place.left, place.right);
        let y = f64::midpoint(place.top, place.bottom);
        if let Some(words) = words.iter().find(fits(across)) {
            return Some(marks::words_on(LIGHT_BLUE, x, y, words));
        }
        let words = words.last().filter(fits(down));
        let words = words.filter(|_| across >= UPRIGHT)?;
        let turned = marks::words_on(LIGHT_BLUE, x, y, words);
        Some(turned.set("transform", format!("rotate(-90 {x:.1} {y:.1})")))
    }

    /// One mark for each call in the rows of its sockets; what lies close together is one mark.
    fn ticks(
        &self,
        colour: &str,
        height: f64,
        lower: f64,
        is_meant: impl Fn(&Call) -> bool,
    ) -> Element {
        let mut all = Element::new("g");
        for row in 0..self.count {
            let socket = Sockets::row(row);
            let calls = self
                .calls()
                .filter(|call| is_meant(call) && call.at.contains(socket));
            let shown = |call: &Call| {
                let from = if call.sleeps() {
                    call.span().to
                } else {
                    call.start
                };
                (self.scale.x(from), self.scale.x(call.span().to))
            };
            let mut marks: Vec<(f64, f64)> = Vec::new();
            for (left, right) in calls.map(shown) {
                match marks.last_mut() {
                    Some(last) if left - last.1 < NEAR => last.1 = last.1.max(right),
                    _ => marks.push((left, right)),
                }
            }
            let middle = self.middle(row) + lower;
            for (left, right) in marks {
                let place = Place {
                    left: left - 1.0,
                    right: right + 1.0,
                    top: middle - height / 2.0,
                    bottom: middle + height / 2.0,
                };
                all.add(marks::solid(place.at_least(4.0), colour));
            }
        }
        all
    }
}

/// The first and the last row of each group of rows that lie side by side.
fn runs(sockets: Sockets) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for row in sockets.rows() {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => runs.push((row, row)),
        }
    }
    runs
}
