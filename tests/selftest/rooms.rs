//! The rooms of the lab: `lib.rs` lists them, and a room uses only those above it in that list. Only `course` knows
//! which stages there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use lab::course::STAGES;

use crate::support::scratch::root;

/// A source file of the library, as far as rooms are concerned.
struct Source {
    /// Its path below `tests/`.
    path: String,
    /// Index into the list of rooms.
    room: usize,
    text: String,
}

#[test]
fn a_room_uses_only_those_above_it() {
    let rooms = rooms();
    let faults: Vec<String> = sources(&rooms)
        .iter()
        .flat_map(|source| upward_edges(source, &rooms))
        .collect();
    assert!(faults.is_empty(), "edges point up:\n{}", faults.join("\n"));
}

/// Inherent methods need no import, so a type whose `impl` blocks lie in two rooms makes a circle that no `use` shows.
#[test]
fn no_type_has_methods_in_two_rooms() {
    let rooms = rooms();
    let spread = spread(&sources(&rooms), &rooms);
    assert!(spread.is_empty(), "{}", spread.join("\n"));
}

#[test]
fn a_planted_fault_is_found() {
    let rooms = rooms();
    let at = |name: &str| rooms.iter().position(|room| room == name);
    let planted = |room: &str, text: &str| Source {
        path: format!("src/{room}/planted.rs"),
        room: at(room).expect("there is such a room"),
        text: text.to_string(),
    };
    let upward = planted(
        "evidence",
        "use crate::{\n    course::Stage,\n    harness::peer,\n};\n",
    );
    let found = upward_edges(&upward, &rooms);
    assert_eq!(found, ["src/evidence/planted.rs uses harness"]);
    let fine = planted(
        "harness",
        "//! See [`crate::judge`].\nuse crate::evidence::settle;\n",
    );
    assert!(upward_edges(&fine, &rooms).is_empty());

    let defined = planted("evidence", "pub struct Planted;\nimpl Planted {}\n");
    let extended = planted(
        "diagnose",
        "impl Planted {}\nimpl fmt::Display for Planted {}\n",
    );
    assert_eq!(
        spread(&[defined, extended], &rooms),
        ["Planted has methods in evidence and diagnose"]
    );
}

/// `tests/stages` has to name its modules; a stage that is forgotten there has no checks, and `cargo verify course`
/// fails.
#[test]
fn only_the_course_names_stages() {
    let mut paths = Vec::new();
    for folder in ["src", "bench", "grade"] {
        files(&root().join("tests").join(folder), &mut paths);
    }
    paths.push(root().join("tests/grade.rs"));
    paths.retain(|path| !path.starts_with(root().join("tests/src/course")));
    let named = |path: &PathBuf| {
        let stages = stages_named(&read(path));
        (!stages.is_empty()).then(|| format!("{}: {}", path.display(), stages.join(", ")))
    };
    let faults: Vec<String> = paths.iter().filter_map(named).collect();
    let advice = "what differs from stage to stage is a field of `course::Stage`";
    assert!(faults.is_empty(), "{advice}:\n{}", faults.join("\n"));
}

#[test]
fn a_planted_list_of_stages_is_found() {
    for (text, found) in [
        ("const SLOW: [&str; 1] = [\"08-threads\"];", "08-threads"),
        (
            "use crate::course::Stage;\nlet greets = stage.number() == \"01\";",
            "\"01\"",
        ),
        (
            "fn f(stage: &Stage) -> bool { stage.package() == \"select\" }",
            "\"select\"",
        ),
    ] {
        assert_eq!(stages_named(text), [found], "{text}");
    }
    assert!(stages_named("// such as `08-threads`\nlet kind = \"select\";").is_empty());
}

/// The slugs of stages in the code of a file; and, where it has to do with stages, their names and numbers too.
fn stages_named(text: &str) -> Vec<String> {
    let code = code(text);
    let slugs = STAGES.iter().map(|stage| stage.slug.to_string());
    let quoted = STAGES.iter().flat_map(|stage| {
        let names = [stage.package(), stage.number()];
        names.map(|name| format!("\"{name}\""))
    });
    let quoted = quoted.filter(|_| code.contains("Stage"));
    let all: BTreeSet<String> = slugs.chain(quoted).collect();
    all.into_iter().filter(|name| code.contains(name)).collect()
}

/// The rooms, in the order in which they may use each other: `//! - [`NAME`]: …` in `lib.rs`.
fn rooms() -> Vec<String> {
    let text = read(&root().join("tests/src/lib.rs"));
    let listed: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! - ")?.split_once(": "))
        // A room behind a feature has no link.
        .map(|(name, _)| name.trim_matches(['[', '`', ']']).to_string())
        .collect();
    let declared: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let sorted: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    assert_eq!(sorted, declared, "lib.rs lists the rooms that there are");
    listed
}

fn sources(rooms: &[String]) -> Vec<Source> {
    let mut paths = Vec::new();
    files(&root().join("tests/src"), &mut paths);
    files(&root().join("tests/stages"), &mut paths);
    let source = |path: PathBuf| {
        let tests = root().join("tests");
        let below = path.strip_prefix(&tests).expect("it lies below").display();
        let below = below.to_string().replace('\\', "/");
        let inside = below.strip_prefix("src/").unwrap_or(&below);
        let name = inside.split('/').next()?.trim_end_matches(".rs");
        Some(Source {
            room: rooms.iter().position(|room| room == name)?,
            text: read(&path),
            path: below,
        })
    };
    paths.into_iter().filter_map(source).collect()
}

pub fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read to its end").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Text without its comments. What stands in rustdoc may link anywhere.
pub fn code(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

fn upward_edges(source: &Source, rooms: &[String]) -> Vec<String> {
    let code = code(&source.text);
    let mut used = BTreeSet::new();
    for (_, path) in code
        .match_indices("crate::")
        .map(|(at, found)| code.split_at(at + found.len()))
    {
        match path.strip_prefix('{') {
            Some(list) => used.extend(first_names(list)),
            None => used.extend(name(path)),
        }
    }
    let is_above = |used: &&str| {
        let place = rooms.iter().position(|room| room == used);
        place.is_some_and(|place| place > source.room)
    };
    used.into_iter()
        .filter(is_above)
        .map(|used| format!("{} uses {used}", source.path))
        .collect()
}

/// The first name of each path in the list that `text` opens with, up to its closing brace.
fn first_names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(name(text[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
        if letter == '}' && depth == 0 && start == at + 1 {
            break;
        }
    }
    names
}

/// The identifier that `text` begins with.
fn name(text: &str) -> Option<&str> {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let name = &text[..end.unwrap_or(text.len())];
    (!name.is_empty()).then_some(name)
}

/// The types that have inherent methods in more than the room that defines them.
fn spread(sources: &[Source], rooms: &[String]) -> Vec<String> {
    let mut defined: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut extended: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for source in sources {
        for line in code(&source.text).lines() {
            let line = line.trim_start();
            let public = line
                .strip_prefix("pub")
                .and_then(|rest| match rest.strip_prefix('(') {
                    Some(scope) => Some(scope.split_once(") ")?.1),
                    None => rest.strip_prefix(' '),
                });
            let line = public.unwrap_or(line);
            let after = |word: &str| line.strip_prefix(word).and_then(name);
            if let Some(name) = after("struct ").or(after("enum ")) {
                defined
                    .entry(name.to_string())
                    .or_default()
                    .insert(source.room);
            }
            if let Some(name) = implemented(line) {
                extended
                    .entry(name.to_string())
                    .or_default()
                    .insert(source.room);
            }
        }
    }
    let mut faults = Vec::new();
    for (name, extended) in extended {
        let Some(defined) = defined.get(&name) else {
            continue;
        };
        if !extended.is_subset(defined) {
            let all: Vec<&str> = defined
                .union(&extended)
                .map(|room| rooms[*room].as_str())
                .collect();
            faults.push(format!("{name} has methods in {}", all.join(" and ")));
        }
    }
    faults
}

/// The type whose inherent `impl` block begins in this line.
fn implemented(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(parameters) => parameters.split_once('>')?.1,
        None => rest,
    };
    let rest = rest.strip_prefix(' ')?;
    (!rest.contains(" for ")).then(|| name(rest)).flatten()
}
