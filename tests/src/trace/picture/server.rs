//! The server's rows: one for each of its sockets. A block stands where a thread sleeps, in the rows of the sockets that
//! can wake it; a nap lies across everything, since nothing can.

use crate::svg::{Element, INK, LIGHT_BLUE, VERMILLION};
use crate::trace::metrics::{MANY, Work};
use crate::trace::picture::marks::{self, Rect};
use crate::trace::picture::time_axis::{LEFT, TimeAxis, width};
use crate::trace::picture::{BASELINE, LIGHT_GREY, density, text};
use crate::trace::recording::{CallResult, Kind, Recording, Sockets, Span, Syscall};

/// How far a block is from those above and below it.
const GAP: f64 = 8.0;

/// Words that find no room across a block stand upright in one that is at least so wide.
const UPRIGHT: f64 = 38.0;

/// How wide the mark of a call is at least; marks that are nearer to each other than half of that become one.
const MARK: f64 = 6.0;
const NEAR: f64 = MARK / 2.0;

pub(super) fn draw(recording: &Recording, rows: &Rows) -> Element {
    let work = rows.work;
    let mut all = rows
        .scale
        .grid(rows.top + GAP / 2.0, rows.bottom() - GAP / 2.0);
    for row in 0..rows.count {
        let name = recording.row_name(row);
        all.add(text(LEFT, rows.middle(row) + BASELINE, &name));
    }
    all.add(rows.naps());
    let is_wall = work.refused + work.in_vain >= MANY;
    if is_wall {
        all.add(density::draw(rows, VERMILLION, Syscall::is_refused));
    }
    // A call about many sockets that comes back at once has something to tell; if it always has, nothing is done about it.
    let comes_back =
        |call: &Syscall| call.kind.is_about_many() && !call.sleeps() && !call.is_refused();
    if rows.calls().filter(|call| comes_back(call)).count() >= MANY {
        all.add(density::draw(rows, INK, comes_back));
    }
    all.add(rows.sleeps());
    let works = |call: &Syscall| match call.kind {
        // It has slept until somebody came: then it takes the client.
        Kind::Accept if call.answer == CallResult::Done => true,
        Kind::Register => false,
        // Nobody knows what comes of it.
        _ if call.answer == CallResult::Open => false,
        kind => !kind.is_about_many() && !call.sleeps() && !call.is_refused(),
    };
    let tall = rows.height - 2.0;
    all.add(rows.ticks(INK, tall, 0.0, works));
    if !is_wall {
        // Where a call was refused after work, it is the foot of the mark of the work.
        all.add(rows.ticks(VERMILLION, tall / 2.0, tall / 4.0, Syscall::is_refused));
    }
    all
}

/// A row for each socket, one below the other.
pub(super) struct Rows<'a> {
    pub(super) work: &'a Work,
    pub(super) scale: &'a TimeAxis,
    pub(super) top: f64,
    pub(super) count: usize,
    /// How high each is.
    pub(super) height: f64,
}

impl Rows<'_> {
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.count as f64 * self.height
    }

    pub(super) fn middle(&self, row: usize) -> f64 {
        self.top + (row as f64 + 0.5) * self.height
    }

    /// How high a block is in its row.
    pub(super) fn block(&self) -> f64 {
        self.height - GAP
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &Syscall> {
        let calls = self.work.calls.iter();
        calls.filter(|call| call.start < self.scale.shown.to)
    }

    /// From the first to the last of these rows.
    fn place(&self, span: Span, first: usize, last: usize) -> Rect {
        let place = Rect::in_row(self.scale.ends(span), self.middle(first), self.block());
        Rect {
            bottom: self.middle(last) + self.block() / 2.0,
            ..place
        }
    }

    /// Naps, and whatever else nothing that arrives can end, in the rows of all sockets of that thread.
    fn naps(&self) -> Element {
        let mut all = Element::new("g");
        for &thread in &self.work.serving {
            let mut rows = runs(self.work.sockets(thread));
            if rows.is_empty() {
                rows.push((0, self.count - 1));
            }
            for (span, kind, count) in self.areas(thread) {
                let words = match kind {
                    Kind::Nap => "naps",
                    _ => "asleep elsewhere",
                };
                for (number, &(first, last)) in rows.iter().enumerate() {
                    all.add(marks::nap(self.place(span, first, last)));
                    let place = self.place(span, first, first);
                    // Of many short ones nothing is said: they are where the server works, too.
                    if (number, count) == (0, 1)
                        && let Some(words) = marks::words_in(LIGHT_GREY, place, 12.0, &[words])
                    {
                        all.add(words);
                    }
                }
            }
        }
        all
    }

    /// When a thread naps, or sleeps elsewhere, and how many calls that were: those that are close to each other are one.
    fn areas(&self, thread: usize) -> Vec<(Span, Kind, usize)> {
        let mut areas: Vec<(Span, Kind, usize)> = Vec::new();
        let is_nap = |call: &&Syscall| call.thread == thread && call.sleeps() && call.at.is_empty();
        for nap in self.calls().filter(is_nap) {
            let is_near = |span: &Span| self.scale.x(nap.start) - self.scale.x(span.to) < NEAR;
            match areas.last_mut() {
                Some((span, kind, count)) if *kind == nap.kind && is_near(span) => {
                    span.to = span.to.max(nap.span().to);
                    *count += 1;
                }
                _ => areas.push((nap.span(), nap.kind, 1)),
            }
        }
        areas
    }

    /// Blocks where threads sleep until something arrives. Of those that begin in a row, only the largest has words.
    fn sleeps(&self) -> Element {
        let mut all = Element::new("g");
        let mut largest: Vec<(f64, Option<Element>)> = Vec::new();
        largest.resize_with(self.count, Default::default);
        let is_asleep = |call: &&Syscall| call.sleeps() && !call.at.is_empty();
        for call in self.calls().filter(is_asleep) {
            let runs = runs(call.at);
            for pair in runs.windows(2) {
                let place = self.place(call.span(), pair[0].1, pair[1].0);
                all.add(marks::joined(Rect {
                    top: place.top + self.block(),
                    bottom: place.bottom - self.block(),
                    ..place
                }));
            }
            for &(first, last) in &runs {
                all.add(marks::asleep(self.place(call.span(), first, last)));
            }
            if let Some(&(first, last)) = runs.iter().max_by_key(|(first, last)| last - first) {
                let place = self.place(call.span(), first, last);
                if place.area() > largest[first].0 {
                    largest[first] = (place.area(), self.words_in(call, place));
                }
            }
        }
        let words = largest.into_iter().filter_map(|(_, words)| words);
        words.for_each(|words| all.add(words));
        all
    }

    /// What a block is, in as many words as it has room for.
    fn words_in(&self, call: &Syscall, place: Rect) -> Option<Element> {
        let kind = call.kind;
        let words = match call.thread {
            _ if self.work.threads.len() == 1 => {
                vec![format!("asleep in {kind}"), kind.to_string()]
            }
            0 => vec![format!("main asleep in {kind}"), "main".into()],
            number => vec![
                format!("thread {number} asleep in {kind}"),
                format!("thread {number} in {kind}"),
                format!("thread {number}"),
            ],
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let short = words[words.len() - 1];
        let across = marks::words_in(LIGHT_BLUE, place, 2.0, &words);
        across.or_else(|| {
            let has_room = width(short, true) + 2.0 <= place.height();
            let (x, y) = place.centre();
            let turn = format!("rotate(-90 {x:.1} {y:.1})");
            let words = marks::words_on(LIGHT_BLUE, (x, y), short).set("transform", turn);
            (has_room && place.width() >= UPRIGHT).then_some(words)
        })
    }

    /// One mark for each call in the rows of its sockets; what lies close together is one mark.
    fn ticks(
        &self,
        colour: &str,
        height: f64,
        lower: f64,
        is_meant: fn(&Syscall) -> bool,
    ) -> Element {
        let mut all = Element::new("g");
        for row in 0..self.count {
            let here = |call: &&Syscall| is_meant(call) && call.at.contains(Sockets::row(row));
            let mut marks: Vec<(f64, f64)> = Vec::new();
            for call in self.calls().filter(here) {
                let (start, right) = self.scale.ends(call.span());
                let left = if call.sleeps() { right } else { start };
                match marks.last_mut() {
                    Some(last) if left - last.1 < NEAR => last.1 = last.1.max(right),
                    _ => marks.push((left, right)),
                }
            }
            for (left, right) in marks {
                let ends = (left - 1.0, right + 1.0);
                let place = Rect::in_row(ends, self.middle(row) + lower, height);
                all.add(marks::solid(place.at_least(MARK), colour));
            }
        }
        all
    }
}

/// The first and the last row of each group of rows that lie side by side.
fn runs(sockets: Sockets) -> Vec<(usize, usize)> {
    let rows: Vec<usize> = sockets.rows().collect();
    let runs = rows.chunk_by(|one, next| one + 1 == *next);
    runs.map(|run| (run[0], run[run.len() - 1])).collect()
}
