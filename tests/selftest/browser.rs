//! The slides, built and looked at in a browser. It needs what `.slides/` asks for: Node, its packages, a Chromium.
//! Where one of them is missing, what it would have shown is left out, and that is said; with
//! `UNBLOCKED_SLIDES=required` in the environment it is a failure.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use assert_cmd::Command;

use crate::support::scratch::{root, scratch};

/// Longer than any run of Node here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// The pages that are bad on purpose, in the order of `bad-deck.findings`.
const BAD_PAGES: [&str; 3] = ["bad-deck.html", "bad-page.html", "bad-empty.html"];

#[test]
fn the_decks_are_as_they_should_be_in_a_browser() {
    let Some(built) = built("decks", &[], &[]) else {
        return;
    };
    let decks = number_of_decks();
    assert!(decks > 0, "slides/ holds no deck");
    let Some(ran) = node("check.mjs", &built) else {
        return;
    };
    assert!(
        ran.code == 0
            && ran
                .out
                .ends_with(&format!(" in {decks} decks, 0 findings\n")),
        "{}{}",
        ran.out,
        ran.err
    );
}

#[test]
fn the_bad_deck_yields_every_finding() {
    let bad = root().join(".slides/bad-deck.md");
    let Some(built) = built("bad", &[&bad], &[]) else {
        return;
    };
    let folder = built[0].parent().expect("it was built into a folder");
    for page in &BAD_PAGES[1..] {
        fs::copy(root().join(".slides").join(page), folder.join(page)).expect("a copy");
    }
    let Some(ran) = node("check.mjs", BAD_PAGES.map(|page| folder.join(page))) else {
        return;
    };
    let expected = read(root().join(".slides/bad-deck.findings"));
    assert_eq!(ran.code, 1, "{ran:?}");
    let unlike = unlike(&expected, &ran.out);
    assert!(unlike.is_empty(), ".slides/bad-deck.findings: {unlike:#?}");

    let kinds = node("check.mjs", ["--kinds"]).expect("Node ran above").out;
    for kind in kinds.lines() {
        let found = expected.contains(&format!(": {kind}: "));
        assert!(found, "nothing in .slides/bad-deck.md shows: {kind}");
    }
}

#[test]
fn a_deck_is_built_equal_to_the_byte_and_loads_nothing() {
    let Some(first) = built("first", &[], &[]) else {
        return;
    };
    let second = built("second", &[], &[]).expect("the first time it could be built");
    assert_eq!(first.len(), second.len());
    for (first, second) in first.iter().zip(&second) {
        let text = read(first);
        let name = first.display();
        assert!(text == read(second), "{name} is built otherwise each time");
        for fetches in ["src=\"http", "url(http", "url('http", "@import", "<link"] {
            assert!(!text.contains(fetches), "{name}: {fetches}");
        }
    }
}

#[test]
fn pictures_that_are_missing_or_elsewhere_are_refused() {
    let text = "# 02: Pictures\n\n![one](img/none.svg)\n\n![two](https://example.org/two.png)\n";
    let deck = written("02-pictures.md", text);
    let Some(ran) = build("refused", &[&deck], &[]) else {
        return;
    };
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.out, "", "{ran:?}");
    for said in [
        "02-pictures.md: the picture img/none.svg is missing",
        "02-pictures.md: the picture https://example.org/two.png lies in the network",
    ] {
        assert!(ran.err.contains(said), "{said}: {ran:?}");
    }
}

#[test]
fn links_lead_on_and_causes_are_no_notes() {
    let license = root().join("LICENSE-MIT").display().to_string();
    let text = format!(
        "# 03: Links\n<!-- causes: tail-lost -->\n\n[a](04-next.md#a-slide) [b](#03-links) [c](<{license}#L1-L2>)\n\n\
         <!--\nNote: said aloud\n-->\n"
    );
    let deck = written("03-links.md", &text);
    let Some(beside) = built("beside", &[&deck], &[]) else {
        return;
    };
    let page = read(&beside[0]);
    for held in [
        "href=\"04-next.html#a-slide\"",
        "href=\"#03-links\"",
        "/LICENSE-MIT#L1-L2\"",
        "<p>Note: said aloud</p>",
    ] {
        assert!(page.contains(held), "{held}: {}", beside[0].display());
    }
    assert!(!page.contains("tail-lost"), "{}", beside[0].display());

    let forge = "https://example.org/lab/blob/main";
    let published = built("published", &[&deck], &[("SLIDES_REPOSITORY", forge)]);
    let page = read(&published.expect("it could be built above")[0]);
    let link = format!("href=\"{forge}/LICENSE-MIT#L1-L2\"");
    assert!(page.contains(&link), "{link}");
}

#[test]
fn blocks_that_belong_together_stand_side_by_side_where_they_fit() {
    let terminal =
        |name: &str, line: &str| format!("{name}:\n\n```console {name}\n{line}\n```\n\n");
    let short = terminal("A", "$ one") + &terminal("B", "$ two") + &terminal("C", "$ three");
    let wide = terminal("D", &"d".repeat(40)) + &terminal("E", &"e".repeat(40));
    let mixed =
        terminal("F", "$ four") + &terminal("G", "$ five") + &terminal("H", &"h".repeat(66));
    let text = format!(
        "# 04: Terminals\n\nA line.\n\n---\n\n## One\n\n{short}---\n\n## Two\n\n{wide}---\n\n## Three\n\n{mixed}"
    );
    let Some(built) = built("columns", &[&written("04-terminals.md", &text)], &[]) else {
        return;
    };
    let page = read(&built[0]);
    let slides: Vec<&str> = page.split("<section ").skip(1).collect();
    let columns = |slide: &str| {
        [r#"<div class="columns">"#, r#"<div class="column">"#]
            .map(|mark| slide.matches(mark).count())
    };
    assert_eq!(
        slides
            .iter()
            .map(|slide| columns(slide))
            .collect::<Vec<_>>(),
        [[0, 0], [1, 3], [0, 0], [1, 2]]
    );
}

#[test]
fn a_deck_is_made_for_a_dark_room() {
    let deck = written(
        "05-dark.md",
        "# 05: Dark\n\n![One word](../../../.slides/bad-img/fine.svg)\n",
    );
    let text = read(&deck);
    let picture = root().join(".slides/bad-img/fine.svg");
    fs::write(
        &deck,
        text.replace(
            "../../../.slides/bad-img/fine.svg",
            &picture.display().to_string(),
        ),
    )
    .expect("a deck");
    let folder = scratch("slides").join("dark");
    let arguments = [
        OsStr::new("--dark"),
        OsStr::new("--out"),
        folder.as_os_str(),
        deck.as_os_str(),
    ];
    let Some(ran) = start("build.mjs", arguments, &[]).and_then(possible) else {
        return;
    };
    assert_eq!(ran.code, 0, "{ran:?}");
    let page = read(folder.join("05-dark.html"));
    assert!(page.contains("class=\"dark\""), "its slides are dark");
    let tags = page.split("<img ").skip(1);
    let sources = tags.filter_map(|tag| tag.split_once("src=\"")?.1.split('"').next());
    let pictures: Vec<&str> = sources.collect();
    assert_eq!(pictures.len(), 2, "one for each room");
    assert_ne!(pictures[0], pictures[1], "with other colours");
}

#[test]
fn an_order_that_cannot_be_carried_out_ends_with_2() {
    for (script, arguments, said) in [
        ("build.mjs", &["nowhere.md"][..], "nowhere.md is not there"),
        ("build.mjs", &["--nonsense"], "--nonsense"),
        ("check.mjs", &["nowhere.html"], "nowhere.html is no file"),
        ("check.mjs", &[], "name the built decks"),
    ] {
        let Some(ran) = start(script, arguments, &[]) else {
            return;
        };
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(said), "{said}: {ran:?}");
    }
}

/// What a run came to.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Builds these decks, or all of them, into a folder of that name: the pages, or nothing where that is not possible.
fn built(name: &str, decks: &[&Path], environment: &[(&str, &str)]) -> Option<Vec<PathBuf>> {
    let ran = build(name, decks, environment)?;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let pages: Vec<PathBuf> = ran.out.lines().map(|page| root().join(page)).collect();
    assert!(!pages.is_empty(), "nothing was built");
    Some(pages)
}

fn build(name: &str, decks: &[&Path], environment: &[(&str, &str)]) -> Option<Ran> {
    let folder = scratch("slides").join(name);
    let _ = fs::remove_dir_all(&folder);
    let mut arguments = vec![OsStr::new("--out"), folder.as_os_str()];
    arguments.extend(decks.iter().map(|deck| deck.as_os_str()));
    possible(start("build.mjs", arguments, environment)?)
}

fn node(script: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Option<Ran> {
    possible(start(script, arguments, &[])?)
}

/// Runs a script of `.slides/`.
fn start(
    script: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    environment: &[(&str, &str)],
) -> Option<Ran> {
    let output = Command::new("node")
        .arg(root().join(".slides").join(script))
        .args(arguments)
        .current_dir(root())
        .env_remove("SLIDES_REPOSITORY")
        .envs(environment.iter().copied())
        .timeout(PATIENCE)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            left_out("Node is not installed: https://nodejs.org, or apt-get install nodejs npm");
            return None;
        }
        Err(error) => panic!("{script}: {error}"),
    };
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(Ran {
        code: output
            .status
            .code()
            .unwrap_or_else(|| panic!("{script} had not ended after {PATIENCE:?}: {err}")),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err,
    })
}

/// Both scripts exit with 2 where something is not installed.
fn possible(ran: Ran) -> Option<Ran> {
    if ran.code == 2 {
        left_out(&ran.err);
        return None;
    }
    Some(ran)
}

fn left_out(reason: &str) {
    let reason = reason.trim();
    let required = std::env::var_os("UNBLOCKED_SLIDES").is_some_and(|value| value == "required");
    assert!(!required, "the slides cannot be looked at: {reason}");
    // Not by `eprintln`, which a test that passes does not show; and once, since every test here has the same reason.
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let line = format!("left out, the slides in a browser: {reason}\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    });
}

/// The lines that only one of the two has.
fn unlike<'a>(expected: &'a str, found: &'a str) -> Vec<(&'static str, &'a str)> {
    let only = |name, here: &'a str, there: &'a str| {
        let lines = here.lines();
        lines
            .filter(move |line| !there.lines().any(|other| other == *line))
            .map(move |line| (name, line))
    };
    only("missing", expected, found)
        .chain(only("not expected", found, expected))
        .collect()
}

fn number_of_decks() -> usize {
    let entries = fs::read_dir(root().join("slides")).expect("there are slides");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .filter(|path| path.file_stem().is_some_and(|name| name != "README"))
        .count()
}

fn written(name: &str, text: &str) -> PathBuf {
    let folder = scratch("slides");
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    let front = "---\nmarp: true\ntheme: unblocked\nlang: en-GB\ntitle: 'A trial'\n---\n\n";
    fs::write(&path, format!("{front}{text}")).expect("a deck");
    path
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
