//! Stretches of time: which of them lie together, which are left when others are taken out.

use super::recording::Span;

/// The same time in stretches that do not touch, in order.
pub(super) fn union(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut all: Vec<Span> = spans.into_iter().filter(|span| span.length() > 0).collect();
    all.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for span in all {
        match joined.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => joined.push(span),
        }
    }
    joined
}

/// What of `spans` lies outside `others`. Both are such as [`union`] makes.
pub(super) fn minus(spans: &[Span], others: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    for span in spans {
        let mut from = span.from;
        for other in others
            .iter()
            .filter(|other| other.to > span.from && other.from < span.to)
        {
            left.push(Span {
                from,
                to: other.from,
            });
            from = from.max(other.to);
        }
        left.push(Span { from, to: span.to });
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
