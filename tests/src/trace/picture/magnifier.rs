//! A strip below the rows that shows a moment of a server that polls, so large that each call can be seen.

use super::super::evidence::Work;
use super::super::recording::{Call, Kind, Recording, Server, Sockets, Span};
use super::marks::{self, Place};
use super::scale::{LEFT, Scale, width};
use super::server::MANY;
use super::{LIGHT_GREY, SMALL, VERMILLION, WARNING, coloured, text};
use crate::svg::{Element, INK};

/// How many calls are shown of a server that never sleeps, and how many naps of one that does.
const CALLS: usize = 13;
const NAPS: usize = 3;

/// How far the strip is from the rows, how high it is, and how much room the words below it take.
const ABOVE: f64 = 20.0;
const STRIP: f64 = 36.0;
const WORDS: f64 = 28.0;

pub(super) struct Magnifier<'a> {
    recording: &'a Recording,
    calls: Vec<&'a Call>,
    shown: Span,
}

impl<'a> Magnifier<'a> {
    /// `None` where there is nothing to magnify.
    pub(super) fn over(recording: &'a Recording, server: &'a Server, work: &Work) -> Option<Self> {
        if work.refused + work.in_vain < MANY {
            return None;
        }
        let thread = *work.serving.first()?;
        let own = server.calls.iter().filter(|call| call.thread == thread);
        let own: Vec<&Call> = own.collect();
        let naps: Vec<Span> = own
            .iter()
            .filter(|call| call.kind == Kind::Nap)
            .map(|call| call.span())
            .collect();
        let windows: Vec<Span> = if naps.len() >= MANY / 10 {
            let middle = |nap: &Span| i64::midpoint(nap.from, nap.to);
            let pairs = naps.windows(NAPS);
            pairs
                .map(|naps| Span {
                    from: middle(&naps[0]),
                    to: middle(&naps[NAPS - 1]),
                })
                .collect()
        } else {
            own.windows(CALLS + 1)
                .map(|calls| Span {
                    from: calls[0].start - 4,
                    to: calls[CALLS].start - 4,
                })
                .collect()
        };
        let shown = typical(&windows, &own)?;
        let inside = |call: &&Call| call.start < shown.to && call.span().to > shown.from;
        Some(Self {
            recording,
            calls: own.into_iter().filter(inside).collect(),
            shown,
        })
    }

    pub(super) fn height(&self) -> f64 {
        ABOVE + STRIP + WORDS
    }

    pub(super) fn draw(&self, scale: &Scale, bottom: f64) -> Element {
        let mut all = Element::new("g");
        let (left, right) = scale.ends();
        let (top, low) = (bottom + ABOVE, bottom + ABOVE + STRIP);
        for (from, to) in [(self.shown.from, left), (self.shown.to, right)] {
            let line = Element::new("line")
                .at("x1", scale.x(from))
                .at("y1", bottom);
            let line = line.at("x2", to).at("y2", top).set("stroke", INK);
            all.add(line.set("stroke-dasharray", "5 4"));
        }
        let place = |from: f64, to: f64| Place {
            left: from,
            right: to,
            top,
            bottom: low,
        };
        all.add(marks::solid(place(left, right), "#ffffff").set("stroke", INK));
        let x = |time: i64| {
            let time = time.clamp(self.shown.from, self.shown.to) - self.shown.from;
            left + time as f64 / self.shown.length() as f64 * (right - left)
        };
        let mut words: Vec<(f64, f64, String)> = Vec::new();
        for call in &self.calls {
            let (from, to) = (x(call.start), x(call.span().to));
            if call.sleeps() {
                all.add(marks::nap(place(from, to)));
                let words = ["a nap: no data can end it", "nap"];
                let fits = |word: &&&str| width(word, SMALL, true) + 10.0 < to - from;
                if let Some(word) = words.iter().find(fits) {
                    let middle = f64::midpoint(top, low);
                    all.add(marks::words_on(
                        LIGHT_GREY,
                        f64::midpoint(from, to),
                        middle,
                        word,
                    ));
                }
            } else {
                let colour = if call.is_refused() { VERMILLION } else { INK };
                let mark = place(from, to).at_least(3.0);
                all.add(marks::solid(
                    Place {
                        top: top + 5.0,
                        bottom: low - 5.0,
                        ..mark
                    },
                    colour,
                ));
                words.push((mark.left, mark.right, self.question(call)));
            }
        }
        for (from, to, word) in joined(words) {
            let middle = f64::midpoint(from, to);
            let half = width(&word, SMALL, false) / 2.0;
            let middle = middle.clamp(left + half, right - half);
            let word = coloured(WARNING, middle, low + 22.0, &word);
            all.add(word.set("text-anchor", "middle"));
        }
        let time = self.shown.length() as f64 / 1000.0;
        all.add(text(LEFT, top + 16.0, "magnified:"));
        all.add(text(LEFT, top + 40.0, &format!("{time:.1} ms of it")));
        all
    }

    /// What a call asks, in a word.
    fn question(&self, call: &Call) -> String {
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
/// most are.
fn typical(windows: &[Span], calls: &[&Call]) -> Option<Span> {
    let mut best = 0;
    let mut fine: Vec<Span> = Vec::new();
    for window in windows {
        let first = calls.partition_point(|call| call.start < window.from);
        let inside = calls[first..].iter();
        let inside = inside.take_while(|call| call.start < window.to);
        let mut at = Sockets::NONE;
        let mut is_quiet = true;
        for call in inside {
            at = at.with(call.at);
            is_quiet &= call.is_refused() || call.kind == Kind::Nap;
        }
        if is_quiet && at.count() >= best {
            if at.count() > best {
                fine.clear();
                best = at.count();
            }
            fine.push(*window);
        }
    }
    fine.sort_unstable_by_key(|window| (window.length(), window.from));
    fine.get(fine.len() / 2).copied()
}

/// Words below their marks; those that would run into each other stand together.
fn joined(words: Vec<(f64, f64, String)>) -> Vec<(f64, f64, String)> {
    let edges = |(from, to, word): &(f64, f64, String)| {
        let (middle, half) = (f64::midpoint(*from, *to), width(word, SMALL, false) / 2.0);
        (middle - half, middle + half)
    };
    let mut all: Vec<(f64, f64, String)> = Vec::new();
    for word in words {
        all.push(word);
        while let [.., before, last] = &all[..]
            && edges(before).1 + 6.0 > edges(last).0
        {
            let joined = (before.0, last.1, format!("{} {}", before.2, last.2));
            all.truncate(all.len() - 2);
            all.push(joined);
        }
    }
    all
}
