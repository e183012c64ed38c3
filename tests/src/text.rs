//! Sizes, quotes, escapes, wrapping, counted words: how numbers, bytes and lines look to people.

use std::time::Duration;

/// A whole number with its thousands apart.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A part as per cent. What is less than all is never 100, what is more than nothing hardly ever 0.
#[must_use]
pub fn percent(part: f64) -> String {
    let most = if part < 1.0 { 99.0 } else { 100.0 };
    let percent = (part * 100.0).round().min(most);
    format!("{percent:.0} %")
}

/// A time in milliseconds, rounded up: who waited for 0.4 ms has waited.
#[must_use]
pub fn milliseconds(time: i64) -> i64 {
    (time + 999) / 1000
}

/// So many of something.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    let more = if count == 1 { "" } else { "s" };
    format!("{} {what}{more}", grouped(count))
}

/// So many points.
#[must_use]
pub fn points_word(points: u32) -> String {
    counted(points as usize, "point")
}

/// A time, in the largest of microseconds, milliseconds and seconds of which it has one, and whole ones of these.
#[must_use]
pub fn duration(time: Duration) -> String {
    match (time.as_secs(), time.as_millis()) {
        (0, 0) => format!("{} µs", time.as_micros()),
        // Five milliseconds and a bit are more than five.
        (0, few @ 1..10) if !time.as_micros().is_multiple_of(1000) => {
            format!("{few}.{:02} ms", time.as_micros() % 1000 / 10)
        }
        (0, milliseconds) => format!("{milliseconds} ms"),
        (seconds, _) => format!("{seconds} s"),
    }
}

/// Things, one behind the other: `a and b`.
#[must_use]
pub fn joined(things: &[impl ToString]) -> String {
    let things: Vec<String> = things.iter().map(ToString::to_string).collect();
    things.join(" and ")
}

/// About how much memory: `240 KiB`, `16 MiB`.
#[must_use]
pub fn memory(bytes: u64) -> String {
    match bytes >> 10 {
        few if few < 10 << 10 => format!("{few} KiB"),
        many => format!("{} MiB", many >> 10),
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
            format!("{} times \"{}\"", bytes.len(), escape_bytes(&[*first]))
        }
        _ if bytes.len() <= SHOWN => format!("\"{}\"", escape_bytes(bytes)),
        _ => format!(
            "\"{}\"… ({})",
            escape_bytes(&bytes[..SHOWN]),
            size(bytes.len())
        ),
    }
}

/// Bytes as Rust would write them between double quotes.
#[must_use]
pub fn escape_bytes(bytes: &[u8]) -> String {
    let shown = |byte: &u8| match byte {
        b'\'' => "'".into(),
        _ => byte.escape_ascii().to_string(),
    };
    bytes.iter().map(shown).collect()
}

/// Text of a program, which may hold anything, as text for a terminal: what would move the cursor, colour the
/// screen or turn the direction of writing is shown by number.
#[must_use]
pub fn escape_control(line: &str) -> String {
    let is_harmful = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let shown = |letter: char| match is_harmful(letter) {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    line.chars().map(shown).collect()
}

/// Columns that `text` takes on a terminal, styles aside.
#[must_use]
pub fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text)
        .to_string()
        .chars()
        .count()
}

/// Breaks `text` at single spaces into lines of `width` columns. A word that is longer than a line stays whole, so that it
/// can be copied.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split(' ') {
        let long = columns(word);
        if line.is_empty() {
            line.push_str(word);
            used = long;
        } else if used + 1 + long <= width {
            line.push(' ');
            line.push_str(word);
            used += 1 + long;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_string()));
            used = long;
        }
    }
    lines.push(line);
    lines
}
