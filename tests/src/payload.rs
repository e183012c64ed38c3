//! What goes over the wire, and how people are told of it.

use std::fmt;

/// Bytes with a role, such as "the first message". Messages and transcripts name them by role and length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    role: Option<String>,
    bytes: Vec<u8>,
}

impl Payload {
    #[must_use]
    pub fn new(role: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            role: Some(role.into()),
            bytes,
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
            bytes: self.bytes[..length].to_vec(),
        }
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        Self {
            role: None,
            bytes: text.as_bytes().to_vec(),
        }
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Self {
            role: None,
            bytes: text.into_bytes(),
        }
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
            Some(role) => write!(out, "{role} ({})", size(self.bytes.len())),
            None => out.write_str(&quote(&self.bytes)),
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

/// What to say when `received` is `expected` without a part in its midst, and `None` when it is not.
///
/// A gap of less than a mebibyte is found, and what stands behind it has to agree for a while.
#[must_use]
pub fn missing(expected: &[u8], received: &[u8]) -> Option<String> {
    const FARTHEST: usize = 1 << 20;
    const PROOF: usize = 64;
    let common = expected
        .iter()
        .zip(received)
        .take_while(|(a, b)| a == b)
        .count();
    let behind = received.get(common..common + PROOF)?;
    let rest = &expected[common..expected.len().min(common + FARTHEST + PROOF)];
    let gap = rest.windows(PROOF).position(|window| window == behind)?;
    Some(format!(
        "{} missing after the first {}",
        size(gap),
        size(common)
    ))
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
    let common = expected
        .iter()
        .zip(received)
        .take_while(|(a, b)| a == b)
        .count();
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
