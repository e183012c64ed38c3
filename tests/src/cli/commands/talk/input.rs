//! What the user of `lab talk` types: lines to send, and commands that start with `/`.

/// What a typed line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    Send(Vec<u8>),
    /// End our side of the stream.
    End,
    /// Reset the connection.
    Reset,
    ToggleHex,
    /// How long a piece is; `None` sends everything in one write.
    Pieces(Option<usize>),
    /// Send without reading until no more fits.
    Fill,
    /// Read what was sent by that.
    Read,
    /// So many round trips.
    Time(usize),
    /// So many connections more.
    Crowd(usize),
    Help,
    Quit,
    /// A command that cannot be carried out, and why.
    Invalid(String),
}

pub const HELP: &str = "\
A typed line is sent with its newline.
  /end         end your side (half-close)
  /reset       reset the connection
  /send TEXT   send TEXT and no newline;
               \\n \\r \\t \\\\ \\xNN are bytes
  /pieces N    send N bytes a write; 0: all
  /hex         show bytes as numbers or text
  /fill        send, and do not read, until
               no more fits
  /read        read what /fill has sent
  /time N      time N round trips of 1 byte
  /crowd N     open N connections more, which
               say nothing
  /quit        hang up
  /help        show this
";

/// Reads a line, with its newline if it has one.
#[must_use]
pub fn read(line: &[u8]) -> Typed {
    let Some(command) = line.strip_prefix(b"/") else {
        return Typed::Send(line.to_vec());
    };
    let command = command.strip_suffix(b"\n").unwrap_or(command);
    let command = command.strip_suffix(b"\r").unwrap_or(command);
    let Ok(command) = std::str::from_utf8(command) else {
        return Typed::Invalid("commands are UTF-8 text".to_owned());
    };
    let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
    match (name, rest) {
        ("send", text) => unescape(text).map_or_else(Typed::Invalid, Typed::Send),
        ("pieces", number) => pieces(number),
        ("time", number) => at_least_one(number, Typed::Time, TIME),
        ("crowd", number) => at_least_one(number, Typed::Crowd, CROWD),
        ("fill", "") => Typed::Fill,
        ("read", "") => Typed::Read,
        ("end", "") => Typed::End,
        ("reset", "") => Typed::Reset,
        ("hex", "") => Typed::ToggleHex,
        ("quit", "") => Typed::Quit,
        ("help", "") => Typed::Help,
        _ => Typed::Invalid(format!("no such command: /{command}; /help lists them")),
    }
}

fn pieces(number: &str) -> Typed {
    match number.trim().parse() {
        Ok(0) => Typed::Pieces(None),
        Ok(length) => Typed::Pieces(Some(length)),
        Err(_) => Typed::Invalid("/pieces wants a number of bytes, such as /pieces 1".to_owned()),
    }
}

const TIME: &str = "/time wants a number of round trips, such as /time 100";
const CROWD: &str = "/crowd wants a number of connections, such as /crowd 50";

fn at_least_one(number: &str, typed: fn(usize) -> Typed, wanted: &str) -> Typed {
    match number.trim().parse() {
        Ok(0) | Err(_) => Typed::Invalid(wanted.to_owned()),
        Ok(number) => typed(number),
    }
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let (byte, length) = match after.as_bytes().first() {
            Some(b'n') => (b'\n', 1),
            Some(b'r') => (b'\r', 1),
            Some(b't') => (b'\t', 1),
            Some(b'\\') => (b'\\', 1),
            Some(b'x') => (hexadecimal(after)?, 3),
            _ => return Err("after \\ comes n, r, t, \\ or xNN; nothing was sent".to_owned()),
        };
        bytes.push(byte);
        rest = &after[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

/// The byte of `x0a`, at the beginning of `text`.
fn hexadecimal(text: &str) -> Result<u8, String> {
    let digits = text
        .get(1..3)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    digits
        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        .ok_or("\\x wants two digits, such as \\x0a; nothing was sent".to_owned())
}
