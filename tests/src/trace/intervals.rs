//! Stretches of time: which of them lie together, which are left when others are taken out.

use crate::trace::recording::Span;

/// The same time in stretches that do not touch, in order.
pub(super) fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| span.length() > 0);
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let touches = next.from <= last.to;
        if touches {
            last.to = last.to.max(next.to);
        }
        touches
    });
    spans
}

/// What of `spans` lies outside `others`. Both are such as [`union`] makes.
pub(super) fn minus(spans: &[Span], others: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    for span in spans {
        let mut from = span.from;
        let inside = |other: &&Span| other.to > span.from && other.from < span.to;
        for other in others.iter().filter(inside) {
            left.push(Span::new(from, other.from));
            from = from.max(other.to);
        }
        left.push(Span::new(from, span.to));
    }
    union(left)
}

/// What of `spans` lies inside `others`.
pub(super) fn within(spans: &[Span], others: &[Span]) -> Vec<Span> {
    minus(spans, &minus(spans, others))
}

pub(super) fn length(spans: &[Span]) -> i64 {
    spans.iter().map(|span| span.length()).sum()
}
