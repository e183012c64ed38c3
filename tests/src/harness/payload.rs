//! What goes over the wire: bytes with a role.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::harness::compare::FARTHEST;
use crate::text::{quote, size};

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

    /// All of `pieces`, one behind the other.
    #[must_use]
    pub fn joined(role: impl Into<String>, pieces: &[Self]) -> Self {
        let pieces: Vec<&[u8]> = pieces.iter().map(Self::bytes).collect();
        Self::new(role, pieces.concat())
    }

    /// As many bytes, none of which can be taken for a part of a text.
    #[must_use]
    pub fn noise(length: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(length as u64);
        let bytes = (0..length).map(|_| random.u8(0x80..0xC0)).collect();
        Self::new("bytes that are no text", bytes)
    }

    /// The bytes from `from` up to `to`.
    #[must_use]
    pub fn part(&self, from: usize, to: usize) -> Self {
        let whole = |role: &String| role.trim_start_matches("the start of ").to_string();
        let role = self.role.as_ref().map(whole);
        let role =
            role.map(|whole| format!("a part of {}", whole.trim_start_matches("a part of ")));
        let range = self.range.start + from..self.range.start + to;
        Self {
            role,
            range,
            bytes: Arc::clone(&self.bytes),
        }
    }

    /// The first `length` bytes of it, and the others.
    #[must_use]
    pub fn split_at(&self, length: usize) -> (Self, Self) {
        (self.start(length), self.part(length, self.bytes().len()))
    }

    /// The first `length` bytes of it.
    #[must_use]
    pub fn start(&self, length: usize) -> Self {
        let role = self
            .role
            .as_ref()
            .map(|role| format!("the start of {}", role.trim_start_matches("the start of ")));
        Self {
            role,
            ..self.part(0, length)
        }
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }

    /// The bytes that it is a part of, and where it begins in them.
    #[must_use]
    pub fn whole(&self) -> (&[u8], usize) {
        (&self.bytes, self.range.start)
    }
}

/// Texts that people and programs send, each in one piece: what a program may take for more than bytes.
///
/// Their lengths differ, so that no two are the same question of a size.
#[must_use]
pub fn texts() -> Vec<Payload> {
    const HTTP: &str =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";
    let texts: [(&str, &[u8]); 34] = [
        ("a line", b"a line\n"),
        ("a text without a line end", b"and no end"),
        ("an empty line", b"\n"),
        ("an empty line of a terminal", b"\r\n"),
        ("a line that ends in CR LF", b"a line of a terminal\r\n"),
        ("a line that ends in CR", b"a line of an old machine\r"),
        ("CR alone", b"\r"),
        ("three lines", b"one\ntwo\n\nfour"),
        ("spaces around a word", b"  \tword\t  \n"),
        ("NUL alone", b"\0"),
        ("Ctrl-C alone", b"\x03"),
        ("Ctrl-D alone", b"\x04"),
        ("Ctrl-Z alone", b"\x1a"),
        ("ESC alone", b"\x1b"),
        ("DEL alone", b"\x7f"),
        ("the word quit", b"quit"),
        ("the line quit", b"quit\n"),
        ("the line exit", b"exit\n"),
        ("the line QUIT of a terminal", b"QUIT\r\n"),
        ("a line with a dot", b".\n"),
        ("an HTTP request", HTTP.as_bytes()),
        ("a telnet command", b"\xff\xfd\x03"),
        ("a telnet interrupt", b"\xff\xf4\xff\xfd\x06"),
        (
            "the beginning of TLS",
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
        ),
        (
            "a PROXY line",
            b"PROXY TCP4 127.0.0.1 127.0.0.1 40000 7878\r\n",
        ),
        ("a greeting of SMTP", b"EHLO localhost\r\n"),
        ("a banner of SSH", b"SSH-2.0-OpenSSH_9.6\r\n"),
        ("a command of Redis", b"*1\r\n$4\r\nPING\r\n"),
        ("a tilde and a dot", b"~.\n"),
        ("the word stop", b"stop\n"),
        ("half a character of UTF-8", b"caf\xc3"),
        ("the other half", b"\xa9\n"),
        ("a byte order mark", b"\xef\xbb\xbftext\n"),
        ("a colour", b"\x1b[31mred\x1b[0m\n"),
    ];
    let texts = texts.map(|(role, bytes)| Payload::new(role, bytes.to_vec()));
    let runs = [b'a', b'\n', 0, 0xff].map(|byte| {
        let role = format!("{RUN} times {}", quote(&[byte]));
        Payload::new(role, vec![byte; RUN])
    });
    texts.into_iter().chain(runs).collect()
}

/// A text that is longer than any line that somebody may have thought of.
#[must_use]
pub fn line_without_an_end() -> Payload {
    Payload::new("a line without an end", b"no end, ".repeat(LONG_LINE / 8))
}

/// Its length, in bytes.
const LONG_LINE: usize = 3 << 19;

/// Those of [`texts`] by which a program might tell, at the beginning of a stream, with whom it speaks.
#[must_use]
pub fn first_words() -> Vec<Payload> {
    const ROLES: [&str; 6] = [
        "a byte order mark",
        "an HTTP request",
        "the beginning of TLS",
        "a PROXY line",
        "a banner of SSH",
        "the line quit",
    ];
    let mut texts = texts();
    let is_one = |text: &Payload| {
        text.role
            .as_deref()
            .is_some_and(|role| ROLES.contains(&role))
    };
    texts.retain(is_one);
    texts
}

/// How often one byte stands in a run of it.
const RUN: usize = 3000;

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
