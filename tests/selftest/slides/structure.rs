//! What every deck has to keep to, so that it is right raw, in an editor, as HTML and on paper.

use std::collections::BTreeSet;

use lab::course::cause::Cause;
use lab::course::deck::{Deck, Slide};

/// What the presenter's notes begin with, beside "Demo, 3 min: ".
const PROMPTS: [&str; 3] = ["Note: ", "Ask: ", "Watch out: "];

/// What the theme knows.
const CLASSES: [&str; 2] = ["optional", "large"];

/// So many lines of code, or of a terminal, can be read from the last row.
const LINES: usize = 7;

/// The slides that each deck has, in this order, and that no lecture leaves out. The others stand between the second and the
/// one before the last.
const FRAME: [&str; 3] = ["You will be able to", "Recap", "Your turn: "];

/// What is wrong with the settings, and with the deck as a whole.
pub fn outside(deck: &Deck) -> Vec<String> {
    let mut problems = Vec::new();
    let names: Vec<&str> = deck
        .settings
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    if names != ["marp", "theme", "lang", "title", "minutes", "paginate"] {
        problems.push(format!("the settings are {names:?}"));
    }
    for (name, value) in [
        ("marp", "true"),
        ("theme", "unblocked"),
        ("lang", "en-GB"),
        ("paginate", "true"),
    ] {
        if deck.setting(name) != Some(value) {
            problems.push(format!("{name} is {:?}", deck.setting(name)));
        }
    }
    if !(8..=15).contains(&deck.slides.len()) {
        problems.push(format!("{} slides, and not 8 to 15", deck.slides.len()));
    }
    let titles: Vec<&str> = deck.slides.iter().map(Slide::title).collect();
    let at = |index: Option<usize>| {
        index
            .and_then(|index| titles.get(index).copied())
            .unwrap_or_default()
    };
    let end = titles.len();
    let places = [Some(1), end.checked_sub(2), end.checked_sub(1)];
    for (title, place) in FRAME.iter().zip(places) {
        if !at(place).starts_with(title) {
            problems.push(format!(
                "slide {} is not \"{title}\"",
                place.unwrap_or(0) + 1
            ));
        }
    }
    for needed in ["Coming from Python", "Predict: "] {
        if !titles.iter().any(|title| title.starts_with(needed)) {
            problems.push(format!("no slide begins with \"{needed}\""));
        }
    }
    let unique: BTreeSet<_> = titles.iter().collect();
    if unique.len() < titles.len() {
        problems.push("two slides have the same heading".into());
    }
    let causes: Vec<Cause> = deck
        .slides
        .iter()
        .flat_map(|slide| slide.causes.clone())
        .collect();
    for (index, cause) in causes.iter().enumerate() {
        if causes[..index].contains(cause) {
            problems.push(format!("{} stands on two slides", cause.name()));
        }
    }
    problems
}

/// What is wrong with single slides.
pub fn inside(deck: &Deck) -> Vec<String> {
    let mut problems = Vec::new();
    let is_demonstration = |slide: &Slide| {
        let mut blocks = slide.blocks.iter();
        blocks.any(|block| block.language() == "console")
    };
    let mut before: Option<&Slide> = None;
    for (index, slide) in deck.slides.iter().enumerate() {
        let title = slide.title();
        let mut say =
            |what: &str| problems.push(format!("line {}, \"{title}\": {what}", slide.line));
        match slide.headings[..] {
            [(1, ref title)] if index == 0 && Some(title.as_str()) == deck.setting("title") => {}
            [(2, _)] if index > 0 => {}
            _ => say("a slide has one heading: the deck's title on the first, `##` on the others"),
        }
        if slide.prose.is_empty() && slide.blocks.is_empty() {
            say("nothing stands on it");
        }
        for class in &slide.classes {
            if !CLASSES.contains(&class.as_str()) {
                say(&format!("the theme knows no class {class}"));
            }
        }
        let is_needed = index == 0 || FRAME.iter().any(|frame| title.starts_with(frame));
        if slide.is_optional() && is_needed {
            say("no lecture leaves this slide out");
        }
        let is_lettered = |line: &&String| {
            ["- **a** ", "- **b** "]
                .iter()
                .any(|mark| line.starts_with(mark))
        };
        if title.starts_with("Predict: ") && slide.prose.iter().filter(is_lettered).count() < 2 {
            say("people commit themselves to a letter: \"- **a** at once\", \"- **b** never\"");
        }
        for block in &slide.blocks {
            let lines = block.body.lines().count();
            if lines > LINES {
                say(&format!(
                    "a block of {lines} lines, and {LINES} can be read from the last row"
                ));
            }
        }
        if title.ends_with(['.', '!']) {
            say("a heading ends without a full stop");
        }
        for name in &slide.unknown_causes {
            say(&format!("the cause {name} is not known"));
        }
        if slide.notes.len() > 1 {
            say("more than one note");
        }
        for line in slide.notes.iter().flat_map(|note| note.lines()) {
            let is_known = PROMPTS.iter().any(|prompt| line.starts_with(prompt));
            if !is_known && minutes(line).is_none() {
                say(&format!(
                    "a note begins with one of {PROMPTS:?}, or with \"Demo, 3 min: \": {line}"
                ));
            }
        }
        for line in &slide.prose {
            let is_html = line.split('`').step_by(2).any(|piece| piece.contains('<'));
            if is_html || line.contains("](http") {
                say(&format!("raw HTML, or a link to the network: {line}"));
            }
            for picture in line.split("![").skip(1) {
                let alt = picture.split("](").next().unwrap_or_default();
                if alt.trim().is_empty() {
                    say(&format!("a picture that says nothing: {line}"));
                }
                if let Some(word) = alt.split_whitespace().find(|word| is_keyword(word)) {
                    say(&format!("{word} is a picture's keyword to Marp: {line}"));
                }
            }
        }
        let is_led_up_to = before.is_some_and(|before| {
            before.title().starts_with("Predict: ") || is_demonstration(before)
        });
        let is_shown = slide
            .notes
            .iter()
            .flat_map(|note| note.lines())
            .any(|line| minutes(line).is_some());
        if is_demonstration(slide) && !is_shown {
            say("a demonstration's note says what to do, and how long it takes: \"Demo, 3 min: \"");
        }
        if is_demonstration(slide) && !is_led_up_to {
            say("before a demonstration stands a slide that begins with \"Predict: \"");
        }
        for block in slide
            .blocks
            .iter()
            .filter(|block| block.language() == "console")
        {
            if !block.above.ends_with(':') {
                say("above a terminal stands whose it is, such as \"The server:\"");
            }
        }
        let is_in = |language: &str| {
            slide
                .blocks
                .iter()
                .any(|block| block.language() == language)
        };
        let is_about_python = title.starts_with("Coming from Python");
        if is_in("python") != is_about_python {
            say("Python has a slide of its own, and code stands on it");
        }
        before = Some(slide);
    }
    problems
}

/// How long the demonstrations of a slide take.
pub fn minutes_of_demonstrations(slide: &Slide) -> u32 {
    let lines = slide.notes.iter().flat_map(|note| note.lines());
    lines.filter_map(minutes).sum()
}

/// The minutes in a line such as `Demo, 3 min: type /end in A`.
fn minutes(line: &str) -> Option<u32> {
    let (minutes, what) = line.strip_prefix("Demo, ")?.split_once(" min: ")?;
    minutes.parse().ok().filter(|_| !what.is_empty())
}

/// Whether Marp takes a word of an alt text for an order, and takes it out.
fn is_keyword(word: &str) -> bool {
    const EFFECTS: [&str; 10] = [
        "blur",
        "brightness",
        "contrast",
        "drop-shadow",
        "grayscale",
        "hue-rotate",
        "invert",
        "opacity",
        "saturate",
        "sepia",
    ];
    let (name, value) = word.split_once(':').unwrap_or((word, ""));
    let is_size = ["w", "width", "h", "height"].contains(&name) && !value.is_empty();
    let is_scale = word
        .strip_suffix('%')
        .is_some_and(|number| number.parse::<f64>().is_ok());
    word == "bg" || is_size || is_scale || EFFECTS.contains(&name)
}
