//! Numbers as people say them.

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

/// A number of threads, as a sentence begins with it.
#[must_use]
pub fn threads(count: usize) -> String {
    match count {
        1 => "one thread".into(),
        _ => format!("{count} threads"),
    }
}

/// What so many do: one naps, two nap.
#[must_use]
pub fn does(count: usize, verb: &str) -> String {
    let one = if count == 1 { "s" } else { "" };
    format!("{verb}{one}")
}

/// What stands between "who" and "answered": nobody is answered, A is not, B and C are not.
#[must_use]
pub fn is_or_are(who: &str) -> &'static str {
    match who {
        "nobody" => "is",
        several if several.contains(' ') => "are not",
        _ => "is not",
    }
}
