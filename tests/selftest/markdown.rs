//! The lab's reader of Markdown and a parser of all of CommonMark see the same headings, blocks of code, comments and
//! rules: what only one of them took for code would be compared with nothing.

use lab::course::markdown::{self, Element, Kind, elements};

use crate::docs::{pages, read};
use crate::support::markdown::{code_blocks, comments, headings, rules};

#[test]
fn every_page_is_read_alike() {
    let problems: Vec<String> = pages()
        .iter()
        .flat_map(|page| {
            let found = differences(&read(page)).into_iter();
            found.map(move |what| format!("{page}: {what}"))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn elements_make_up_the_page() {
    for page in pages() {
        let text = read(&page);
        let sources: String = elements(&text).map(|element| element.source).collect();
        assert_eq!(sources, text, "{page}");
    }
}

#[test]
fn each_kind_of_element_is_told_from_the_others() {
    let page = "---\nlang: en\n---\n\n## A `b`\n```text x\n# no heading\n```\n<!-- causes: a\nb -->\n---\n<details>\n\
                <summary>C</summary>\n</details>\nD\n";
    let found: Vec<(usize, Kind)> = elements(page)
        .map(|element| (element.line, element.kind))
        .collect();
    let expected = [
        (1, Kind::Settings("lang: en\n")),
        (4, Kind::Blank),
        (
            5,
            Kind::Heading {
                level: 2,
                title: "A `b`",
            },
        ),
        (
            6,
            Kind::Code {
                info: "text x",
                body: "# no heading\n",
            },
        ),
        (9, Kind::Comment(" causes: a\nb ")),
        (11, Kind::Rule),
        (12, Kind::FoldStart(None)),
        (13, Kind::Summary(Some("C"))),
        (14, Kind::FoldEnd),
        (15, Kind::Text("D")),
    ];
    assert_eq!(found, expected);
}

#[test]
fn comments_stand_between_words_but_not_in_code() {
    let line = "A. <!-- b: c --> `<!-- d -->` `` ` <!-- e --> `` ` <!--f--> <!-- g";
    let found: Vec<(&str, &str)> = markdown::comments(line)
        .map(|(range, inner)| (&line[range], inner))
        .collect();
    assert_eq!(found, [("<!-- b: c -->", " b: c "), ("<!--f-->", "f")]);
    assert_eq!(differences(line), [""; 0]);
}

#[test]
fn what_is_read_otherwise_is_noticed() {
    for page in [
        "A\n\n    let lie = 1;\n",
        "A\n---\n",
        "***\n",
        "A\n=====\n",
        "- A\n\n  ```text\nB\n  ```\n",
        "<div>\n## A\n",
    ] {
        assert!(!differences(page).is_empty(), "{page}");
    }
    for page in [
        "~~~text\nA\n~~~\n",
        "- A\n\n  ```text\n  B\n  ```\n",
        "```text\nA\n",
    ] {
        assert_eq!(differences(page), [""; 0], "{page}");
    }
}

/// What the two see in a page, where they differ.
pub fn differences(text: &str) -> Vec<String> {
    let (ours, theirs) = (ours(text), theirs(text));
    let only = |these: &[String], those: &[String], who: &str| -> Vec<String> {
        let these = these.iter().filter(|one| !those.contains(one));
        these.map(|one| format!("{who}, line {one}")).collect()
    };
    let mut all = only(&ours, &theirs, "only the lab reads");
    all.extend(only(&theirs, &ours, "only Markdown has"));
    all
}

fn ours(text: &str) -> Vec<String> {
    let shown = |element: Element| {
        let line = element.line;
        match element.kind {
            Kind::Heading { level, title } => vec![heading(line, level, title)],
            Kind::Code { info, body } => vec![code(line, info, body)],
            Kind::Comment(inner) => vec![comment(line, inner)],
            Kind::Rule => vec![rule(line)],
            Kind::Text(text) => {
                let comments = markdown::comments(text);
                comments.map(|(_, inner)| comment(line, inner)).collect()
            }
            _ => Vec::new(),
        }
    };
    elements(text).flat_map(shown).collect()
}

fn theirs(text: &str) -> Vec<String> {
    let headings = headings(text).into_iter();
    let headings = headings.map(|one| heading(one.line, one.level, one.title));
    let blocks = code_blocks(text).into_iter().map(|block| match block.info {
        Some(info) => code(block.line, &info, &block.body),
        None => format!("{}: code without marks\n{}", block.line, block.body),
    });
    let comments = comments(text).into_iter();
    let comments = comments.map(|(line, inner)| comment(line, inner));
    let rules = rules(text).into_iter().map(rule);
    headings
        .chain(blocks)
        .chain(comments)
        .chain(rules)
        .collect()
}

fn heading(line: usize, level: usize, title: &str) -> String {
    format!("{line}: {} {title}", "#".repeat(level))
}

/// In a list all lines of a block are indented, which only one of the two takes away.
fn code(line: usize, info: &str, body: &str) -> String {
    let body: Vec<&str> = body.lines().map(str::trim_start).collect();
    format!("{line}: ```{info}\n{}", body.join("\n"))
}

fn comment(line: usize, inner: &str) -> String {
    format!("{line}: <!--{inner}-->")
}

fn rule(line: usize) -> String {
    format!("{line}: ---")
}
