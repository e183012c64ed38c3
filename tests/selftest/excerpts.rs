//! Code on slides is compared with the sources, and written anew by `lab bless`.

use anyhow::ensure;
use lab::course::deck::snippet::{Finding, renewed};

const SOURCE: &str = r#"//! A server.

/// How many.
const MOST: usize = 3;

/// Serves.
pub fn serve(
    client: &Client,
) -> io::Result<()> {
    // region serve
    // Ask first.
    let answer = client.ask()?;

    match answer {
        // Nothing.
        0 => Ok(()),
        count => {
            tell(count);
            tell_more(count)

            // And that is all.
        }
    }
    // endregion
}

fn tell(count: usize) {}
// region nothing
// endregion
"#;

#[test]
fn shows_the_part_that_is_named() {
    for (named, code, lines) in [
        (
            "item=MOST",
            "const MOST: usize = 3;\n",
            "line 4](../solutions/a.rs#L4)",
        ),
        (
            "item=tell",
            "fn tell(count: usize) {}\n",
            "line 27](../solutions/a.rs#L27)",
        ),
        (
            "region=serve from=\"let answer\"",
            "let answer = client.ask()?;\n",
            "line 12](../solutions/a.rs#L12)",
        ),
        (
            "region=serve from=\"count =>\"",
            "count => {\n    tell(count);\n    tell_more(count)\n\n    // And that is all.\n}\n",
            "lines 17–22](../solutions/a.rs#L17-L22)",
        ),
        (
            "region=serve bare",
            "let answer = client.ask()?;\n\nmatch answer {\n    0 => Ok(()),\n    count => {\n        tell(count);\n        \
             tell_more(count)\n    }\n}\n",
            "lines 11–23](../solutions/a.rs#L11-L23)",
        ),
        (
            "region=serve from=\"// Ask\" to=\"let answer\"",
            "// Ask first.\nlet answer = client.ask()?;\n",
            "lines 11–12](../solutions/a.rs#L11-L12)",
        ),
        (
            "item=serve bare",
            "pub fn serve(\n    client: &Client,\n) -> io::Result<()> {\n    let answer = client.ask()?;\n\n    match answer \
             {\n        0 => Ok(()),\n        count => {\n            tell(count);\n            tell_more(count)\n        \
             }\n    }\n}\n",
            "lines 7–25](../solutions/a.rs#L7-L25)",
        ),
    ] {
        let fence = format!("```rust solutions/a.rs {named}\n");
        let (text, findings) = look(&format!("{fence}```\n"));
        assert_eq!(findings.len(), 1, "{named}: {findings:?}");
        assert!(findings[0].can_be_mended, "{named}");
        assert_eq!(
            text,
            format!("{fence}{code}```\n\n[solutions/a.rs, {lines}\n")
        );
        assert_eq!(
            look(&text),
            (text.clone(), Vec::new()),
            "what is written is right"
        );
    }
}

#[test]
fn notices_what_is_not_there_any_more() {
    let good = "A\n\n```rust solutions/a.rs item=MOST\nconst MOST: usize = 3;\n```\n\n[solutions/a.rs, line \
                4](../solutions/a.rs#L4)\n\nB\n";
    assert_eq!(look(good).1, Vec::new());
    for (from, to, said) in [
        ("= 3", "= 4", "this is not what stands there now"),
        ("#L4", "#L5", "the line below must be"),
        ("line 4]", "line 6]", "the line below must be"),
    ] {
        let (mended, findings) = look(&good.replacen(from, to, 1));
        assert_eq!(mended, good, "{from}");
        assert_eq!(findings.len(), 1, "{from}: {findings:?}");
        assert_eq!(findings[0].line, 3);
        assert!(findings[0].what.contains(said), "{findings:?}");
    }
}

#[test]
fn refuses_what_cannot_be_shown() {
    for (info, said) in [
        ("rust", "names the file"),
        (
            "rust exercises/a.rs item=MOST",
            "a file that students change",
        ),
        (
            "rust solutions/../exercises/a.rs item=MOST",
            "a file that students change",
        ),
        (
            "rust solutions/b.rs item=MOST",
            "solutions/b.rs: there is no b",
        ),
        ("rust solutions/a.rs", "which region or item"),
        ("rust solutions/a.rs item=LEAST", "there is no such line"),
        ("rust solutions/a.rs region=greet", "there is no such line"),
        ("rust solutions/a.rs region=nothing", "is empty"),
        ("rust solutions/a.rs from=\"let answer\"", "not known here"),
        (
            "rust solutions/a.rs item=serve from=\"tell\"",
            "more than one such line",
        ),
        (
            "rust solutions/a.rs item=serve from=\"let",
            "quotation mark",
        ),
        (
            "rust solutions/a.rs item=MOST plain",
            "\"plain\" is not known",
        ),
        ("rust sketch", "begins with \"Sketch:\""),
        ("python sketch", "or none of python"),
        ("python solutions/a.rs item=MOST", "or none of python"),
        ("rust slides/code/python/a.py region=ask", "or none of rust"),
    ] {
        let deck = format!("```{info}\nlet a = 1;\n```\n\nMore.\n");
        let (text, findings) = look(&deck);
        assert_eq!(text, deck, "{info}");
        assert_eq!(findings.len(), 1, "{info}: {findings:?}");
        assert!(findings[0].what.contains(said), "{info}: {findings:?}");
        assert!(!findings[0].can_be_mended, "{info}");
    }
}

#[test]
fn shows_python_as_well() {
    let source = "# Not shown.\ntry:\n    # region ask\n    # Ask.\n    ask()\n    # endregion\n";
    let fence = "```python slides/code/python/a.py region=ask bare\n";
    let (text, findings) = renewed(&format!("{fence}```\n"), |_| Ok(source.to_string()));
    let link = "[slides/code/python/a.py, lines 4–5](../slides/code/python/a.py#L4-L5)";
    assert_eq!(text, format!("{fence}ask()\n```\n\n{link}\n"));
    assert!(findings[0].can_be_mended, "{findings:?}");
}

#[test]
fn leaves_everything_else_as_it_is() {
    let deck = "# A\n\n```rust sketch\nlet a = 1;\n```\n\nSketch: what an echo is.\n\n```console\n$ true\n```\n\n```text\n```\n";
    assert_eq!(look(deck), (deck.to_string(), Vec::new()));
}

fn look(deck: &str) -> (String, Vec<Finding>) {
    renewed(deck, |path| {
        ensure!(path == "solutions/a.rs", "there is no b");
        Ok(SOURCE.to_string())
    })
}
