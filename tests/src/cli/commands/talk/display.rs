//! How `lab talk` shows the bytes that it received.

use std::fmt::Write;

use crate::ui::terminal;

/// What one `recv` brought, as text. Each piece starts with `< `; what goes on after a newline in
/// the same piece is indented below it.
#[must_use]
pub fn as_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        text += if index == 0 { "< " } else { "  " };
        for chunk in line.utf8_chunks() {
            chunk
                .valid()
                .chars()
                .for_each(|character| show(character, &mut text));
            chunk
                .invalid()
                .iter()
                .for_each(|byte| escape(*byte, &mut text));
        }
        text += "\n";
    }
    text
}

/// What one `recv` brought, as offset, hexadecimal and ASCII. `offset` counts from the first byte
/// of the stream.
#[must_use]
pub fn as_hex(bytes: &[u8], offset: u64) -> String {
    let row = if terminal::width() < 72 { 8 } else { 16 };
    let mut text = String::new();
    let mut at = offset;
    for (index, bytes) in bytes.chunks(row).enumerate() {
        let mark = if index == 0 { '<' } else { ' ' };
        let hex: String = bytes.iter().map(|byte| format!(" {byte:02x}")).collect();
        let ascii: String = bytes.iter().map(|byte| visible(*byte)).collect();
        let _ = writeln!(text, "{mark} {at:04x}{hex:<room$} {ascii}", room = 3 * row);
        at += bytes.len() as u64;
    }
    text
}

fn show(character: char, text: &mut String) {
    match character {
        '\n' => *text += "\\n",
        '\r' => *text += "\\r",
        '\t' => *text += "\\t",
        '\\' | '"' | '\'' => text.push(character),
        _ if character.escape_debug().len() == 1 => text.push(character),
        _ => character
            .encode_utf8(&mut [0; 4])
            .bytes()
            .for_each(|byte| escape(byte, text)),
    }
}

fn escape(byte: u8, text: &mut String) {
    let _ = write!(text, "\\x{byte:02x}");
}

fn visible(byte: u8) -> char {
    match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    }
}
