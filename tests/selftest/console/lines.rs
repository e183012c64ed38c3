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

/// A line without what is measured: times, and how many bytes a kernel has room for.
pub fn without_measures(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_unit = |word: &&&str| ["ms", "ms,", "bytes"].contains(*word);
    let shown = words.iter().enumerate().map(|(at, word)| {
        let is_measured = words.get(at + 1).filter(is_unit).is_some();
        let is_number = word.parse::<f64>().is_ok();
        if is_measured && is_number { "N" } else { word }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Whether a slide may leave such a line out.
pub fn is_small_talk(line: &str) -> bool {
    ["tick ", "connected to "]
        .iter()
        .any(|talk| line.starts_with(talk))
}
