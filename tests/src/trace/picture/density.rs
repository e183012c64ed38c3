//! Calls that are too many to be told apart.

use crate::svg::Element;
use crate::trace::metrics::during;
use crate::trace::picture::server::Rows;
use crate::trace::picture::time_axis::{FIRST, RIGHT};
use crate::trace::recording::{Sockets, Syscall};

/// In each column of each row in which there was such a call, as high as the part of the column's time in which the
/// thread that called was awake: a wall where it never sleeps, a low seam where it naps between rounds.
pub(super) fn draw(rows: &Rows, colour: &str, is_meant: fn(&Syscall) -> bool) -> Element {
    let mut all = Element::new("g");
    let columns = ((RIGHT - FIRST) / COLUMN) as usize;
    let place = |time: i64| (rows.scale.x(time) - FIRST) / COLUMN;
    let column = |time: i64| (place(time) as usize).min(columns - 1);
    for row in 0..rows.count {
        let here = |call: &&Syscall| is_meant(call) && call.at.contains(Sockets::row(row));
        let meant: Vec<&Syscall> = rows.calls().filter(here).collect();
        let Some(&&Syscall { thread, .. }) = meant.first() else {
            continue;
        };
        let sleeps = |call: &Syscall| call.thread == thread && call.sleeps();
        let mut asleep = vec![0.0; columns];
        for span in during(&rows.work.calls, sleeps) {
            let ends = [span.from, span.to].map(place);
            let before = column(span.from);
            for (at, part) in asleep[before..=column(span.to)].iter_mut().enumerate() {
                let left = (before + at) as f64;
                *part += (ends[1].min(left + 1.0) - ends[0].max(left)).max(0.0);
            }
        }
        let mut heights = vec![0.0; columns];
        for call in meant {
            for at in column(call.start)..=column(call.span().to) {
                let awake: f64 = 1.0 - asleep[at];
                heights[at] = (awake.clamp(LEAST, 1.0) * rows.block()).round();
            }
        }
        let path = steps(&heights, FIRST, rows.middle(row) + rows.block() / 2.0);
        let path = Element::new("path").set("d", path);
        all.add(path.set("fill", colour));
    }
    all
}

/// How wide a column is.
const COLUMN: f64 = 4.0;

/// What can be seen at least, of the height of a block.
const LEAST: f64 = 0.2;

/// The outline of columns that stand on `bottom`.
fn steps(heights: &[f64], left: f64, bottom: f64) -> String {
    let mut path = String::new();
    let mut x = left;
    for alike in heights.chunk_by(|one, next| one == next) {
        let (height, width) = (alike[0], alike.len() as f64 * COLUMN);
        if height > 0.0 {
            path += &format!("M{x} {bottom}v-{height}h{width}v{height}z");
        }
        x += width;
    }
    path
}
