//! What lines on a slide are: typed or printed, and alike or not.

/// Whether `lab talk` prints such a line by itself, or with what it received.
pub fn is_from_talk(line: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "< ",
        "  ",
        "connected to ",
        "one write sends ",
        "bytes are shown as ",
        "the server ",
        "the same bytes ",
        "what comes back ",
        "what came ",
        "you have reset ",
        "your side has ended",
        "nothing ",
    ];
    const WITHIN: [&str; 4] = [
        " bytes went out, ",
        " bytes came back",
        " round trips: ",
        " more connections are open",
    ];
    BEGINNINGS.iter().any(|own| line.starts_with(own))
        || WITHIN.iter().any(|own| line.contains(own))
}

/// A line without the ports that the kernel chose, and without the numbers of ticks.
pub fn without_ports(line: &str) -> String {
    let words = line.split(' ').scan("", |before, word| {
        let port = word
            .rsplit_once(':')
            .filter(|(host, _)| *host == "127.0.0.1");
        let shown = match port {
            Some((host, _)) if *before == "from" => format!("{host}:PORT"),
            _ if *before == "tick" => "N".into(),
            _ => word.to_string(),
        };
        *before = word;
        Some(shown)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A line without numbers, and with single spaces: what commands print of sizes, ports and times.
pub fn without_numbers(line: &str) -> String {
    let mut text = String::new();
    for word in line.split_whitespace() {
        let digits = |letter: char| letter.is_ascii_digit();
        let pieces: Vec<&str> = word
            .split(digits)
            .filter(|piece| !piece.is_empty())
            .collect();
        text.push(' ');
        text.push_str(&pieces.join("N"));
    }
    text
}
