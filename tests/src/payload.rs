//! What goes over the wire, and how people are told of it.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes with a role, such as "the first message". Messages and transcripts name them by role and length.
///
/// A part of a long one shares its memory, and so does a copy.
#[derive(Debug, Clone)]
pub struct Payload {
    role: Option<String>,
    bytes: Arc<Vec<u8>>,
    range: Range<usize>,
}

/// How many bytes of a long payload are drawn: many times more than the distance at which a repetition or a gap is looked
/// for. The others repeat them, but for a number in each page, since to draw tens of mebibytes takes a tenth of a second.
const DRAWN: usize = 8 * FARTHEST;
const PAGE: usize = 4096;

/// An odd number, so that no two pages get the same one.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

impl Payload {
    #[must_use]
    pub fn new(role: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::of(Some(role.into()), bytes)
    }

    /// The first `length` bytes of a pool of random bytes, which all long payloads share: to make them takes longer than
    /// to send them.
    #[must_use]
    pub fn from_pool(role: impl Into<String>, length: usize) -> Self {
        static POOL: Mutex<Option<Arc<Vec<u8>>>> = Mutex::new(None);
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match &*pool {
            Some(bytes) if bytes.len() >= length => Arc::clone(bytes),
            _ => Arc::clone(pool.insert(Arc::new(long(length)))),
        };
        Self {
            role: Some(role.into()),
            range: 0..length,
            bytes,
        }
    }

    fn of(role: Option<String>, bytes: Vec<u8>) -> Self {
        Self {
            role,
            range: 0..bytes.len(),
            bytes: Arc::new(bytes),
        }
    }

    /// The bytes from `from` up to `to`.
    #[must_use]
    pub fn part(&self, from: usize, to: usize) -> Self {
        let whole = |role: &String| role.trim_start_matches("the start of ").to_string();
        let role = self.role.as_ref().map(whole);
        let role = role.map(|whole| format!("a part of {whole}"));
        let range = self.range.start + from..self.range.start + to;
        Self {
            role,
            range,
            bytes: Arc::clone(&self.bytes),
        }
    }

    /// The first `length` bytes of it.
    #[must_use]
    pub fn start(&self, length: usize) -> Self {
        let role = self
            .role
            .as_ref()
            .map(|role| format!("the start of {role}"));
        Self {
            role,
            ..self.part(0, length)
        }
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        Self::of(None, text.as_bytes().to_vec())
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Self::of(None, text.into_bytes())
    }
}

impl From<&Payload> for Payload {
    fn from(payload: &Payload) -> Self {
        payload.clone()
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.role {
            Some(role) => write!(out, "{role} ({})", size(self.bytes().len())),
            None => out.write_str(&quote(self.bytes())),
        }
    }
}

/// A number of bytes as people say it.
#[must_use]
pub fn size(bytes: usize) -> String {
    match bytes {
        0 => "nothing".into(),
        1 => "1 byte".into(),
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ => format!("{bytes} bytes"),
    }
}

/// Short bytes are shown as they are, with escapes; of long ones the beginning and how many there are.
#[must_use]
pub fn quote(bytes: &[u8]) -> String {
    const SHOWN: usize = 40;
    match bytes {
        [] => "nothing".into(),
        [first, .., _] if bytes.len() > 8 && bytes.iter().all(|byte| byte == first) => {
            format!("{} times \"{}\"", bytes.len(), escape(&[*first]))
        }
        _ if bytes.len() <= SHOWN => format!("\"{}\"", escape(bytes)),
        _ => format!("\"{}\"… ({})", escape(&bytes[..SHOWN]), size(bytes.len())),
    }
}

/// Printable ASCII as it is, all else as Rust would write it.
fn escape(bytes: &[u8]) -> String {
    let shown = |byte: &u8| match byte {
        b'\'' | b'"' => char::from(*byte).to_string(),
        _ => byte.escape_ascii().to_string(),
    };
    bytes.iter().map(shown).collect()
}

/// How many bytes have to agree behind a gap or a repetition, to prove that it is one.
const PROOF: usize = 64;

/// How far from where they should be we look for bytes.
const FARTHEST: usize = 1 << 20;

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
        format!("{before}\"{}\"{after}", escape(&bytes[start.min(end)..end]))
    };
    let place = format!("differs at byte {}", common + 1);
    (
        format!("{} of {}", window(expected), size(expected.len())),
        format!("{} of {}: {place}", window(received), size(received.len())),
    )
}

/// Bytes of a long payload, the same for the same length.
fn long(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length.min(DRAWN)];
    fastrand::Rng::with_seed(length as u64).fill(&mut bytes);
    while bytes.len() < length {
        let more = bytes.len().min(length - bytes.len());
        bytes.extend_from_within(..more);
    }
    for (number, page) in bytes.chunks_exact_mut(PAGE).enumerate() {
        let number = (number as u64 + 1).wrapping_mul(MIX);
        page[..size_of::<u64>()].copy_from_slice(&number.to_le_bytes());
    }
    bytes
}
