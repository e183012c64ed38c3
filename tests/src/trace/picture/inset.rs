//! A strip below the rows that shows a moment of a server that polls, so large that each call can be seen.

use crate::svg::{Element, INK, VERMILLION};
use crate::trace::metrics::{MANY, Work};
use crate::trace::picture::marks::{self, Rect};
use crate::trace::picture::time_axis::{FIRST, LEFT, RIGHT, TimeAxis, width};
use crate::trace::picture::{BASELINE, LIGHT_GREY, WARNING, coloured, text};
use crate::trace::recording::{Kind, Recording, Sockets, Span, Syscall};

/// How many calls are shown of a server that never sleeps, and how many naps of one that does.
const CALLS: usize = 9;
const NAPS: usize = 3;

/// How far the strip is from the rows, how high it is, and how much room the words below it take.
const ABOVE: f64 = 18.0;
const STRIP: f64 = 40.0;
const WORDS: f64 = 34.0;

pub(super) struct Inset<'a> {
    recording: &'a Recording,
    calls: Vec<Syscall>,
    shown: Span,
}

impl<'a> Inset<'a> {
    /// `None` where there is nothing to magnify.
    pub(super) fn over(recording: &'a Recording, work: &Work) -> Option<Self> {
        if work.refused + work.in_vain < MANY {
            return None;
        }
        let mut calls = work.calls.clone();
        calls.retain(|call| Some(&call.thread) == work.serving.first());
        let naps = calls.iter().filter(|call| call.kind == Kind::Nap);
        let middles = naps.map(|nap| i64::midpoint(nap.start, nap.span().to));
        let mut edges: Vec<i64> = middles.collect();
        let mut count = NAPS;
        if edges.len() < MANY / 10 {
            edges = calls.iter().map(|call| call.start - 4).collect();
            count = CALLS + 1;
        }
        let shown = typical(edges.windows(count), &calls)?;
        calls.retain(|call| call.start < shown.to && call.span().to > shown.from);
        Some(Self {
            recording,
            calls,
            shown,
        })
    }

    pub(super) fn height(&self) -> f64 {
        ABOVE + STRIP + WORDS
    }

    pub(super) fn draw(&self, scale: &TimeAxis, bottom: f64) -> Element {
        let mut all = Element::new("g");
        let top = bottom + ABOVE;
        let below = top + STRIP + 27.0;
        for (from, to) in [(self.shown.from, FIRST), (self.shown.to, RIGHT)] {
            let line = Element::new("line").at("x1", scale.x(from));
            let line = line.at("y1", bottom).at("x2", to).at("y2", top);
            all.add(line.set("stroke", INK).set("stroke-dasharray", "5 4"));
        }
        let place = |ends, height| Rect::in_row(ends, top + STRIP / 2.0, height);
        let strip = marks::solid(place((FIRST, RIGHT), STRIP), "#ffffff");
        all.add(strip.set("stroke", INK));
        let x = |time: i64| {
            let time = time.clamp(self.shown.from, self.shown.to) - self.shown.from;
            FIRST + time as f64 / self.shown.length() as f64 * (RIGHT - FIRST)
        };
        let mut words: Vec<(f64, f64, String)> = Vec::new();
        for call in &self.calls {
            let ends = (x(call.start), x(call.span().to));
            if call.sleeps() {
                let place = place(ends, STRIP);
                all.add(marks::nap(place));
                let words = ["a nap: no data can end it", "nap"];
                if let Some(words) = marks::words_in(LIGHT_GREY, place, 10.0, &words) {
                    all.add(words);
                }
            } else {
                let colour = if call.is_refused() { VERMILLION } else { INK };
                let mark = place(ends, STRIP - 10.0).at_least(3.0);
                all.add(marks::solid(mark, colour));
                words.push((mark.left, mark.right, self.question(call)));
            }
        }
        for (from, to, word) in joined(words) {
            let half = width(&word, false) / 2.0;
            let middle = f64::midpoint(from, to).clamp(FIRST + half, RIGHT - half);
            let word = coloured(WARNING, middle, below, &word);
            all.add(word.set("text-anchor", "middle"));
        }
        let time = self.shown.length() as f64 / 1000.0;
        let time = format!("{time:.1} ms,");
        all.add(text(LEFT, top + STRIP / 2.0 + BASELINE, &time));
        all.add(text(LEFT, below, "magnified"));
        all
    }

    /// What a call asks, in a word.
    fn question(&self, call: &Syscall) -> String {
        let mut clients = call.at.clients();
        match (clients.next(), clients.next()) {
            (Some(client), None) if call.is_refused() => {
                format!("{}?", self.recording.clients[client].name)
            }
            (None, _) if call.is_refused() && !call.at.is_empty() => "new?".into(),
            _ if call.is_refused() => "news?".into(),
            _ => call.kind.to_string(),
        }
    }
}

/// Of the windows in which only refused calls and naps are, and those about the most sockets, the one that is as long as
/// most are. A window begins at the first of its edges and ends at the last.
fn typical<'a>(windows: impl Iterator<Item = &'a [i64]>, calls: &[Syscall]) -> Option<Span> {
    let mut best = 0;
    let mut fine: Vec<Span> = Vec::new();
    for edges in windows {
        let window = Span::new(edges[0], edges[edges.len() - 1]);
        let first = calls.partition_point(|call| call.start < window.from);
        let after = calls.partition_point(|call| call.start < window.to);
        let inside = calls.get(first..after).unwrap_or_default();
        let sockets = Sockets::of(inside).count();
        let is_told = |call: &Syscall| call.is_refused() || call.kind == Kind::Nap;
        if inside.iter().all(is_told) && sockets >= best {
            if sockets > best {
                fine.clear();
                best = sockets;
            }
            fine.push(window);
        }
    }
    fine.sort_unstable_by_key(|window| (window.length(), window.from));
    fine.get(fine.len() / 2).copied()
}

/// Words below their marks; those that would run into each other stand together.
fn joined(words: Vec<(f64, f64, String)>) -> Vec<(f64, f64, String)> {
    let edges = |(from, to, word): &(f64, f64, String)| {
        let (middle, half) = (f64::midpoint(*from, *to), width(word, false) / 2.0);
        (middle - half, middle + half)
    };
    let mut all: Vec<(f64, f64, String)> = Vec::new();
    for word in words {
        all.push(word);
        while let [.., before, last] = &all[..]
            && edges(before).1 + 8.0 > edges(last).0
        {
            let joined = (before.0, last.1, format!("{} {}", before.2, last.2));
            all.truncate(all.len() - 2);
            all.push(joined);
        }
    }
    // So many that there is no room for them: the marks alone say what they are told.
    all.retain(|(_, _, word)| width(word, false) <= RIGHT - FIRST);
    all
}
