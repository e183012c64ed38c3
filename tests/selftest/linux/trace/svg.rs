//! What every picture that is drawn for a slide owes its readers, looked at as text.

/// The smallest letters that can be read from the last row, where a slide shows the picture at 1208 of its 1280 pixels.
const SMALLEST: f64 = 26.0;

/// How wide a picture is, and how high it may be: a slide has a heading and two lines besides.
const WIDTH: f64 = 1280.0;
const HEIGHT: f64 = 500.0;

/// Elements end in order, no attribute is given twice, no markup stands in text, there is a title and a description, and
/// no letters are small.
pub fn check(name: &str, svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(is_text(&rest[..start]), "{name}: {}", &rest[..start]);
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(ended) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(ended), "{name}");
            continue;
        }
        let (element, attributes) = tag
            .split_once(' ')
            .unwrap_or((tag.trim_end_matches('/'), ""));
        let mut seen: Vec<&str> = Vec::new();
        for pair in attributes.trim_end_matches('/').split("\" ") {
            let (key, value) = pair.split_once("=\"").unwrap_or(("", ""));
            let value = value.trim_end_matches('"');
            assert!(!seen.contains(&key) && is_text(value), "{name}: {tag}");
            seen.push(key);
            if key == "font-size" {
                let size: f64 = value.parse().expect("a size is a number");
                assert!(size >= SMALLEST, "{name}: {tag}");
            }
        }
        if !tag.ends_with('/') {
            open.push(element);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{name}");
    assert!(
        svg.contains("font-size=") && !svg.contains("<style"),
        "{name}"
    );
    for part in [
        "<title id=\"title\">",
        "<desc id=\"description\">",
        "role=\"img\"",
    ] {
        assert_eq!(svg.matches(part).count(), 1, "{name}: {part}");
    }
    let size = svg.split_once("viewBox=\"0 0 ").expect("it has a size").1;
    let size: Vec<f64> = size
        .split(['"', ' '])
        .take(2)
        .map(|side| side.parse().expect("a side is a number"))
        .collect();
    assert!(size[0] == WIDTH && size[1] <= HEIGHT, "{name}: {size:?}");
}

/// Whether no bare markup stands in it.
fn is_text(text: &str) -> bool {
    let escapes = ["&amp;", "&lt;", "&gt;", "&quot;"];
    let mut pieces = text.split('&');
    let is_plain = pieces.next().is_none_or(|first| !first.contains('"'));
    is_plain
        && pieces.all(|piece| {
            let piece = format!("&{piece}");
            escapes.iter().any(|escape| piece.starts_with(escape))
        })
}
