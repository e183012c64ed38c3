//! What was received beside what was expected, in words.

use crate::text::{columns, escape_bytes, size};

/// How many bytes have to agree behind a gap or a repetition, to prove that it is one.
const PROOF: usize = 64;

/// How many bytes of a message's beginning have to come again, so that it is no chance.
const PROOF_OF_A_BEGINNING: usize = 4;

/// How many zeros in a row come by no accident.
const ZEROS: usize = 4;

/// How far from where they should be we look for bytes.
pub const FARTHEST: usize = 1 << 20;

/// What to say when bytes that came before come again in `received`, and `None` when they do not. What is received from now
/// on should be what stands in `stream` behind `at`, and what stands before has come.
///
/// What came less than a mebibyte before is found.
#[must_use]
pub fn repeated(stream: &[u8], at: usize, received: &[u8]) -> Option<String> {
    let common = in_common(&stream[at..], received);
    let again = received.get(common..common + PROOF)?;
    let end = at + common;
    let start = end.saturating_sub(FARTHEST);
    let before = stream[start..end]
        .windows(PROOF)
        .rposition(|window| window == again)?;
    Some(format!(
        "{} once more after the first {}",
        size(end - start - before),
        size(common)
    ))
}

/// Whether `extra`, behind all that was expected, is what came `before` once more, or the beginning of it. So little that it is
/// the same by chance is neither.
#[must_use]
pub fn comes_again(before: &[u8], extra: &[u8]) -> bool {
    let is_all = !before.is_empty() && extra.starts_with(before);
    is_all || (extra.len() >= PROOF_OF_A_BEGINNING && before.starts_with(extra))
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

/// Whether nothing but zeros stands in `received` where `expected` has other bytes: they are the rest of a buffer that was
/// never written to.
#[must_use]
pub fn is_filled_with_zeros(expected: &[u8], received: &[u8]) -> bool {
    let common = in_common(expected, received);
    let rest = &received[common..];
    rest.len() >= ZEROS && rest.iter().all(|byte| *byte == 0)
}

/// How many bytes the two begin with in common.
fn in_common(expected: &[u8], received: &[u8]) -> usize {
    let pairs = expected.iter().zip(received);
    pairs.take_while(|(a, b)| a == b).count()
}

/// How `received` differs from `expected`: the two around the first byte that does, from the same place on, so that they can be
/// read one below the other, and a mark below that byte. As text where all of it can be read, otherwise as hexadecimal numbers.
#[must_use]
pub fn difference(expected: &[u8], received: &[u8]) -> (String, String) {
    let common = in_common(expected, received);
    let script = match (
        around(expected, common, &TEXT),
        around(received, common, &TEXT),
    ) {
        (ours, theirs) if is_text(ours) && is_text(theirs) => &TEXT,
        _ => &NUMBERS,
    };
    let [ours, theirs] = [expected, received].map(|bytes| script.show(bytes, common));
    let of_all = |shown: String, bytes: &[u8]| match script.is_whole(bytes, common) {
        true => shown,
        false => format!("{shown} of {}", size(bytes.len())),
    };
    let mark = format!(
        "{:1$}^ {2}",
        "",
        script.column(received, common),
        at(expected, received)
    );
    (
        of_all(ours, expected),
        format!("{}\n{mark}", of_all(theirs, received)),
    )
}

/// What is wrong at the first byte that differs.
fn at(expected: &[u8], received: &[u8]) -> String {
    let common = in_common(expected, received);
    let place = format!("byte {}", common + 1);
    match (expected.get(common), received.get(common)) {
        (Some(_), Some(_)) => format!("{place} is the first that differs"),
        (None, _) => format!("from {place} on it is more than was expected"),
        (_, None) => format!("{place} is missing, and all behind it"),
    }
}

/// How bytes are shown, and how many of them around the one that differs.
struct Script {
    before: usize,
    after: usize,
    /// What stands in front of them and behind them, and between two of them.
    marks: &'static str,
    between: &'static str,
    byte: fn(u8) -> String,
}

const TEXT: Script = Script {
    before: 8,
    after: 16,
    marks: "\"",
    between: "",
    byte: |byte| escape_bytes(&[byte]),
};

const NUMBERS: Script = Script {
    before: 4,
    after: 8,
    marks: "",
    between: " ",
    byte: |byte| format!("{byte:02x}"),
};

impl Script {
    fn show(&self, bytes: &[u8], common: usize) -> String {
        let shown = around(bytes, common, self);
        if bytes.is_empty() {
            return size(0);
        }
        let (marks, text) = (self.marks, self.join(shown));
        let end = bytes.len().min(common + self.after);
        let before = if self.starts_within(common) {
            "…"
        } else {
            ""
        };
        let after = if end < bytes.len() { "…" } else { "" };
        format!("{before}{marks}{text}{marks}{after}")
    }

    fn join(&self, bytes: &[u8]) -> String {
        let shown: Vec<_> = bytes.iter().map(|byte| (self.byte)(*byte)).collect();
        shown.join(self.between)
    }

    fn starts_within(&self, common: usize) -> bool {
        common > self.before
    }

    fn is_whole(&self, bytes: &[u8], common: usize) -> bool {
        !self.starts_within(common) && bytes.len() <= common + self.after
    }

    /// The column of the byte behind those that the two have in common.
    fn column(&self, bytes: &[u8], common: usize) -> usize {
        let shown = around(bytes, common, self);
        let before = &shown[..shown.len().min(common.min(self.before))];
        let gap = if before.is_empty() { "" } else { self.between };
        let start = if self.starts_within(common) {
            "…"
        } else {
            ""
        };
        let start = format!("{start}{}{}{gap}", self.marks, self.join(before));
        columns(&start)
    }
}

/// The bytes around the one behind those that the two have in common.
fn around<'a>(bytes: &'a [u8], common: usize, script: &Script) -> &'a [u8] {
    let end = bytes.len().min(common + script.after);
    &bytes[common.saturating_sub(script.before).min(end)..end]
}

fn is_text(bytes: &[u8]) -> bool {
    let can_be_read = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    bytes.iter().all(can_be_read)
}
