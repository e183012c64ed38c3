//! Enough of Markdown to see whether a page is true: headings, links, code, commands.

/// What stands below the heading that begins with `heading`, up to the next one of its level or above.
pub fn section(text: &str, heading: &str) -> String {
    let level = heading.chars().take_while(|c| *c == '#').count();
    let mut lines = text.lines().skip_while(|line| !line.starts_with(heading));
    lines.next();
    let ends = |line: &str| {
        let hashes = line.chars().take_while(|c| *c == '#').count();
        (1..=level).contains(&hashes)
    };
    lines
        .take_while(|line| !ends(line))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// What stands between single asterisks.
pub fn emphasised(text: &str) -> impl Iterator<Item = String> {
    let text = text.replace("**", "");
    let phrases: Vec<String> = text
        .split('*')
        .skip(1)
        .step_by(2)
        .map(str::to_string)
        .collect();
    phrases.into_iter()
}

/// The titles of all headings, without those in blocks of code.
pub fn headings(text: &str) -> impl Iterator<Item = &str> {
    let mut in_block = false;
    text.lines().filter_map(move |line| {
        in_block ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        (!in_block && title.len() < line.len()).then_some(title.trim())
    })
}

/// A heading's name in a link, as forges make it.
pub fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
        .collect()
}

/// Whether a page has a heading of that name, or a source file those lines: `L7`, `L7-L12`.
pub fn has_place(text: &str, name: &str) -> bool {
    let line = |word: &str| word.strip_prefix('L')?.parse::<usize>().ok();
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    match (line(first), line(last)) {
        (Some(first), Some(last)) => (1..=last).contains(&first) && last <= text.lines().count(),
        _ => headings(text).map(anchor).any(|anchor| anchor == name),
    }
}

/// The targets of `[text](target)`.
pub fn links(text: &str) -> Vec<String> {
    let after = text.split("](").skip(1);
    after
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_string()))
        .collect()
}

/// The blocks of code in `language`.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(named) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let body = lines.by_ref().take_while(|line| line.trim_start() != "```");
        let body: String = body.map(|line| format!("{line}\n")).collect();
        if named.split(' ').next() == Some(language) {
            blocks.push(body);
        }
    }
    blocks
}

/// Everything in single backquotes, without blocks.
pub fn code(text: &str) -> Vec<String> {
    let outside: Vec<&str> = text.split("```").step_by(2).collect();
    let pieces = |part: &&str| -> Vec<String> {
        part.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_string)
            .collect()
    };
    outside.iter().flat_map(pieces).collect()
}

/// Everything that is to be typed and begins with `cargo`.
pub fn commands(text: &str) -> Vec<String> {
    let (typed, shown) = (blocks(text, "console"), blocks(text, "text"));
    let typed = typed
        .iter()
        .flat_map(|block| block.lines())
        .filter_map(|line| line.strip_prefix("$ "))
        .chain(shown.iter().flat_map(|block| {
            block
                .lines()
                .filter_map(|line| Some(&line[line.find("cargo ")?..]))
        }))
        .map(|line| {
            line.split('#')
                .next()
                .unwrap_or_default()
                .trim()
                .to_string()
        });
    code(text)
        .into_iter()
        .chain(typed)
        .filter(|line| line.starts_with("cargo "))
        .collect()
}

/// The lines of all comments.
pub fn notes(text: &str) -> Vec<String> {
    let comments = text.split("<!--").skip(1);
    let comments = comments.filter_map(|rest| rest.split("-->").next());
    comments
        .flat_map(|comment| comment.lines().map(str::to_string))
        .collect()
}

/// A mutant's file that a page shows: the path it names, and the block.
pub fn example(text: &str) -> Option<(String, String)> {
    let path = code(text)
        .into_iter()
        .find(|path| path.starts_with("tests/mutants/") && path.ends_with(".toml"))?;
    Some((path, blocks(text, "toml").into_iter().next()?))
}
