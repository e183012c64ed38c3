//! The READMEs say what the lab reads in them, and the lab notices where they do not.

use lab::course::STAGES;
use lab::course::cause::Cause;
use lab::course::readme::{HEADINGS, Readme};

use crate::support::scratch::root;

#[test]
fn every_readme_is_in_order() {
    let mut problems = Vec::new();
    for stage in STAGES {
        match Readme::read(root(), stage) {
            Ok(readme) => {
                problems.extend(readme.problems().iter().map(|what| name(stage.slug, what)))
            }
            Err(error) => problems.push(name(stage.slug, &format!("{error:#}"))),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn finds_the_heading_and_the_weakest_hint_about_a_cause() {
    let parsed = parse(&readme());
    assert_eq!(parsed.problems(), [""; 0]);
    let place = parsed.heading_for(Cause::EndIgnored).expect("a heading");
    let line = readme()
        .lines()
        .position(|line| line == "### The end of a stream");
    assert_eq!(
        (Some(place.line), place.title),
        (line.map(|line| line + 1), "The end of a stream")
    );
    assert_eq!(parsed.heading_for(Cause::Busy), None);
    assert_eq!(parsed.hint_for(Cause::Busy), Some(2));
    assert_eq!(parsed.hint_for(Cause::EndIgnored), Some(1));
    assert_eq!(parsed.hint_for(Cause::TailLost), None);
    assert_eq!(
        parsed.hint_for_compiler("expected `&mut [MaybeUninit<u8>]`"),
        Some(3)
    );
    assert_eq!(parsed.hint_for_compiler("cannot find value"), None);
}

#[test]
fn takes_a_hint_without_its_markers() {
    let parsed = parse(&readme());
    let hint = &parsed.hints()[1];
    assert_eq!(hint.title, "Step 2, hint 2: `recv` & the end");
    assert_eq!(hint.body, "First.\n\n```rust\n## no heading\n```");
}

#[test]
fn notices_what_is_wrong() {
    let swapped = readme()
        .replace("## Goal", "## X")
        .replace("## Try it", "## Goal");
    let cases = [
        (
            readme().replace("busy", "lazy"),
            "the cause \"lazy\" is not known",
        ),
        (
            readme().replace("causes: busy", "cause: busy"),
            "the marker \"cause\" is not known",
        ),
        (
            readme().replace("## Goal\n", ""),
            "the heading \"## Goal\" is missing",
        ),
        (
            swapped,
            "the heading \"## Goal\" stands behind \"## Predict first\"",
        ),
        (
            readme().replace("## Goal", "## Aim"),
            "the heading \"## Aim\" is not one of the fixed ones",
        ),
        (
            readme().replace("### Step 2", "### Step 4"),
            "found [1, 4, 3]",
        ),
        (
            readme().replace("Steps\n", "Steps\nText.\n<!-- causes: busy -->\n"),
            "neither below a heading",
        ),
        (
            readme().replacen("</details>\n", "", 1),
            "the hint \"One\" is not closed",
        ),
        (readme().replace("One</summary>", "One"), "has no <summary>"),
        (
            readme().replace("Look.", ""),
            "the hint \"One\" says nothing",
        ),
    ];
    for (text, expected) in cases {
        let problems = parse(&text).problems();
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{expected}: {problems:?}"
        );
    }
}

/// A README in order: a cause below a heading, two hints about causes, one about a compiler's message.
fn readme() -> String {
    let section = |title: &&str| match *title {
        "What the program does" => format!(
            "## {title}\n### The end of a stream\n\n<!-- causes: end-of-stream-ignored -->\nText.\n"
        ),
        "Steps" => format!("## {title}\n### Step 1: a\n### Step 2: b\n### Step 3: c\n"),
        "When you are stuck" => format!("## {title}\n{HINTS}"),
        _ => format!("## {title}\n"),
    };
    HEADINGS.iter().map(section).collect()
}

const HINTS: &str = "
<details>
<summary>One</summary>
<!-- causes: end-of-stream-ignored -->

Look.

</details>
<details>
<summary>Step 2, hint 2: <code>recv</code> &amp; the end</summary>
<!-- causes: busy, end-of-stream-ignored -->

First.

```rust
## no heading
```

</details>
<details><summary>Three</summary>
<!-- compiler: MaybeUninit -->

Then.

</details>
";

fn parse(text: &str) -> Readme {
    Readme::parse(text, &STAGES[1])
}

fn name(slug: &str, what: &str) -> String {
    format!("exercises/{slug}/README.md: {what}")
}
