//! What was received beside what was expected, in words.

use crate::text::{escape_bytes, quote, size};

/// How many bytes have to agree behind a gap or a repetition, to prove that it is one.
const PROOF: usize = 64;

/// How far from where they should be we look for bytes.
pub const FARTHEST: usize = 1 << 20;

/// What to say when bytes of `expected` come again in `received`, and `None` when they do not.
///
/// What came less than a mebibyte before is found.
#[must_use]
pub fn repeated(expected: &[u8], received: &[u8]) -> Option<String> {
    let common = in_common(expected, received);
    let again = received.get(common..common + PROOF)?;
    let start = common.saturating_sub(FARTHEST);
    let before = expected[start..common]
        .windows(PROOF)
        .rposition(|window| window == again)?;
    Some(format!(
        "{} once more after the first {}",
        size(common - start - before),
        size(common)
    ))
}

/// What to say when `received` is `expected` without a part in its midst, and `None` when it is not.
///
/// A gap of less than a mebibyte is found, and what stands behind it has to agree for a while.
#[must_use]
pub fn missing(expected: &[u8], received: &[u8]) -> Option<String> {
    let common = in_common(expected, received);
    let behind = received.get(common..common + PROOF)?;
    let rest = &expected[common..expected.len().min(common + FARTHEST + PROOF)];
    let gap = rest.windows(PROOF).position(|window| window == behind)?;
    Some(format!(
        "{} missing after the first {}",
        size(gap),
        size(common)
    ))
}

/// How many bytes the two begin with in common.
fn in_common(expected: &[u8], received: &[u8]) -> usize {
    let pairs = expected.iter().zip(received);
    pairs.take_while(|(a, b)| a == b).count()
}

/// How `received` differs from `expected`. Long ones are shown around the first byte that does, both from the
/// same place on, so that they can be read one below the other.
#[must_use]
pub fn difference(expected: &[u8], received: &[u8]) -> (String, String) {
    const SHORT: usize = 40;
    const BEFORE: usize = 8;
    const AFTER: usize = 16;
    if expected.len().max(received.len()) <= SHORT {
        return (quote(expected), quote(received));
    }
    let common = in_common(expected, received);
    let start = common.saturating_sub(BEFORE);
    let window = |bytes: &[u8]| {
        let end = bytes.len().min(common + AFTER);
        let before = if start > 0 { "…" } else { "" };
        let after = if end < bytes.len() { "…" } else { "" };
        format!(
            "{before}\"{}\"{after}",
            escape_bytes(&bytes[start.min(end)..end])
        )
    };
    let place = format!("differs at byte {}", common + 1);
    (
        format!("{} of {}", window(expected), size(expected.len())),
        format!("{} of {}: {place}", window(received), size(received.len())),
    )
}
