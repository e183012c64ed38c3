//! Nothing hands out an answer: no deck, no README and no hint shows what students have to write in that stage or in a
//! later one, but for two lines in a row, and never the line on which a region turns. That may stand in the strongest hint
//! of a step alone, which says in its title that it has the shape.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use lab::course::STAGES;
use lab::course::deck;
use lab::course::markdown::{Element, Kind, elements};

use crate::support::regions::{Part, parts};
use crate::support::scratch::root;

/// So many lines of a region, one after the other, may stand together.
const MOST: usize = 2;

/// The lines on which each region turns: who has read them has the answer.
const DECISIVE: &[(&str, &str, &[&str])] = &[
    ("01-listen", "open", &["listener.listen(BACKLOG)?;"]),
    (
        "01-listen",
        "announce",
        &["let name = listener.local_addr()?;"],
    ),
    (
        "01-listen",
        "greet_everyone",
        &[
            "let (mut client, _address) = listener.accept()?;",
            "match client.write_all(format!(\"hello, client {number}\\n\").as_bytes()) {",
        ],
    ),
    (
        "02-echo-server",
        "echo_once",
        &[
            "let count = self.client.read(buffer)?;",
            "rest = &rest[taken..];",
        ],
    ),
    (
        "02-echo-server",
        "echo_the_rest",
        &["count = self.echo_once(buffer)?;"],
    ),
    ("02-echo-server", "close", &["drop(self.client);"]),
    (
        "03-echo-client",
        "connect",
        &["socket.connect(&address.into())?;"],
    ),
    (
        "03-echo-client",
        "print_the_answer",
        &["output.write_all(&buffer[..count])?;"],
    ),
    (
        "03-echo-client",
        "send_everything",
        &["0 => return socket.shutdown(Shutdown::Write),"],
    ),
    (
        "04-nonblocking-accept",
        "stop_waiting",
        &["listener.set_nonblocking(true)"],
    ),
    (
        "04-nonblocking-accept",
        "try_accept",
        &["Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),"],
    ),
    (
        "04-nonblocking-accept",
        "greet",
        &["match (&client).write_all(format!(\"hello, client {number}\\n\").as_bytes()) {"],
    ),
    (
        "05-nonblocking-recv",
        "stop_waiting",
        &["client.set_nonblocking(true)"],
    ),
    (
        "05-nonblocking-recv",
        "try_recv",
        &["Ok(count) => Ok(Some(count)),"],
    ),
    (
        "05-nonblocking-recv",
        "on_recv",
        &[
            "Some(0) => Ok(true),",
            "self.client.write_all(&buffer[..count])?;",
        ],
    ),
    (
        "06-nonblocking-send",
        "on_recv",
        &["self.unsent.extend_from_slice(&buffer[..count]);"],
    ),
    (
        "06-nonblocking-send",
        "send_what_fits",
        &["self.unsent.drain(..taken);"],
    ),
    (
        "06-nonblocking-send",
        "has_room",
        &["self.unsent.len() <= HIGH_WATER_MARK"],
    ),
    (
        "06-nonblocking-send",
        "deliver",
        &["while !self.unsent.is_empty() {"],
    ),
    (
        "07-polling-clients",
        "nap_if_idle",
        &["std::thread::sleep(NAP);"],
    ),
    (
        "07-polling-clients",
        "new",
        &["socket.set_nonblocking(true)?;"],
    ),
    (
        "07-polling-clients",
        "receive",
        &["if self.saw_eof || !self.has_room() {"],
    ),
    (
        "07-polling-clients",
        "send_what_fits",
        &["match self.socket.send(&self.unsent) {"],
    ),
    (
        "07-polling-clients",
        "reap_finished",
        &["if !client.is_finished() {"],
    ),
    (
        "08-threads",
        "start",
        &["let handle = thread::Builder::new().spawn(work)?;"],
    ),
    ("08-threads", "close", &["drop(self.client);"]),
    ("08-threads", "turn_away", &["log.lost(number, 0, error);"]),
    (
        "09-select",
        "wait",
        &[
            "asked.push(PollFd::new(&client.socket, client.interest()));",
            "retry_on_intr(|| poll(&mut asked, None))?;",
        ],
    ),
    (
        "09-select",
        "interest",
        &[
            "if !self.saw_eof && self.has_room() {",
            "interest |= PollFlags::OUT;",
        ],
    ),
    (
        "09-select",
        "receive",
        &["let is_readable = ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);"],
    ),
    (
        "09-select",
        "send_what_fits",
        &["match self.socket.send(&self.unsent) {"],
    ),
    (
        "10-event-loop",
        "wait",
        &["let is_busy = !self.run_queue.is_empty() || self.accept_ready;"],
    ),
    (
        "10-event-loop",
        "accept_pending",
        &["while self.accept_ready && newcomers.len() < ACCEPT_BATCH {"],
    ),
    (
        "10-event-loop",
        "register",
        &["let interest = Interest::READABLE | Interest::WRITABLE;"],
    ),
    (
        "10-event-loop",
        "after_turn",
        &["self.run_queue.insert(key);"],
    ),
    (
        "10-event-loop",
        "receive",
        &["while self.is_readable && self.has_room() {"],
    ),
    (
        "10-event-loop",
        "send_what_fits",
        &["while self.is_writable && !self.unsent.is_empty() {"],
    ),
];

#[test]
fn no_page_gives_an_answer_away() {
    let answers = answers();
    let found: Vec<String> = pages()
        .iter()
        .flat_map(|page| {
            given_away(&page.text, page.number, &answers).map(|what| format!("{}{what}", page.path))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn each_region_turns_on_lines_that_it_has() {
    let answers = answers();
    let named: BTreeSet<(&str, &str)> = DECISIVE
        .iter()
        .map(|(stage, region, _)| (*stage, *region))
        .collect();
    let there: BTreeSet<(&str, &str)> = answers
        .keys()
        .map(|(stage, region)| (*stage, region.as_str()))
        .collect();
    assert_eq!(named, there, "`DECISIVE` names the regions of `solutions/`");
    for (stage, region, decisive) in DECISIVE {
        let lines = &answers[&(*stage, (*region).to_string())];
        for line in *decisive {
            assert!(
                lines.contains(&bare(line)),
                "{stage}, {region}: no line \"{line}\""
            );
        }
    }
}

#[test]
fn an_answer_that_is_planted_is_found() {
    let answers = answers();
    let two_in_a_row =
        "```rust\nlet listener = open(address)?;\nlet mut count = first;\nwhile count > 0 {\n```\n";
    assert_eq!(
        given_away(two_in_a_row, 2, &answers).count(),
        0,
        "two lines may be shown"
    );
    let three = "    let mut count = first;\n\n    // Until the end.\n    while count > 0 {\n        count += self.echo(buffer)?;\n    }\n    Ok(())\n";
    for (before, after) in [
        // On a slide, and in a README.
        ("# 02\n\n```rust\n", "```\n"),
        // In a hint, and without a language.
        (
            "<details>\n<summary>Step 2: how?</summary>\n\n```\n",
            "```\n\n</details>\n",
        ),
    ] {
        let page = |code: &str| format!("{before}{code}{after}");
        let planted = page("listener.listen(BACKLOG)?;\n");
        assert_eq!(given_away(&planted, 1, &answers).count(), 1, "{planted}");
        assert_eq!(
            given_away(&planted, 2, &answers).count(),
            0,
            "an earlier stage is solved"
        );
        let planted = page(&three.replace(
            "count += self.echo(buffer)?",
            "count = self.echo_once(buffer)?",
        ));
        let found: Vec<String> = given_away(&planted, 2, &answers).collect();
        assert!(
            found.iter().any(|what| what.contains("3 lines in a row")),
            "{found:?}"
        );
        assert!(
            found.iter().any(|what| what.contains("the line on which")),
            "{found:?}"
        );
    }
    let inline = "Write `socket.connect(&address.into())` there.\n";
    assert_eq!(given_away(inline, 3, &answers).count(), 1);
}

/// What a reader may see.
struct Page {
    path: String,
    text: String,
    /// The stage it belongs to; 0 for the deck before all.
    number: usize,
}

fn pages() -> Vec<Page> {
    let page = |path: String, number| {
        let text = fs::read_to_string(root().join(&path));
        let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
        Page { path, text, number }
    };
    let decks = deck::files()
        .zip(0..)
        .map(|(file, number)| page(format!("slides/{file}"), number));
    let readmes = STAGES
        .iter()
        .zip(1..)
        .map(|(stage, number)| page(format!("exercises/{}/README.md", stage.slug), number));
    decks.chain(readmes).collect()
}

/// The lines of each region of `solutions/`, by stage and name, without what says nothing.
type Answers = BTreeMap<(&'static str, String), Vec<String>>;

fn answers() -> Answers {
    let mut answers = Answers::new();
    for stage in STAGES {
        for file in stage.files {
            let path = root().join("solutions").join(stage.slug).join(file);
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for part in parts(&text) {
                if let Part::Inside { name, body } = part {
                    answers.insert((stage.slug, name), lines(&body));
                }
            }
        }
    }
    answers
}

/// What `text` shows of the answers of stage `number` and of those that follow it.
fn given_away<'a>(
    text: &str,
    number: usize,
    answers: &'a Answers,
) -> impl Iterator<Item = String> + 'a {
    let later = STAGES
        .iter()
        .zip(1..)
        .filter(|(_, own)| *own >= number)
        .map(|(stage, _)| stage.slug);
    let later: Vec<&str> = later.collect();
    let mut found = Vec::new();
    let mut has_shape = false;
    for element in elements(text) {
        match element.kind {
            Kind::Summary(title) => {
                has_shape = title.is_some_and(|title| title.contains("what shape"))
            }
            Kind::FoldEnd => has_shape = false,
            _ => {}
        }
        let shown = match element.kind {
            Kind::Code { body, .. } => lines(body),
            _ => spans(&element),
        };
        for ((stage, region), answer) in answers
            .iter()
            .filter(|((stage, _), _)| later.contains(stage))
        {
            let at = format!(":{}: {stage}, {region}", element.line);
            let row = in_a_row(&shown, answer);
            if row > MOST {
                found.push(format!("{at}: {row} lines in a row"));
            }
            let (.., decisive) = DECISIVE
                .iter()
                .find(|(of, name, _)| of == stage && name == region)
                .expect("each region has one");
            if !has_shape && decisive.iter().any(|line| shown.contains(&bare(line))) {
                found.push(format!("{at}: the line on which it turns"));
            }
        }
    }
    found.into_iter()
}

/// The code in a line of text.
fn spans(element: &Element) -> Vec<String> {
    let code = element.source.split('`').skip(1).step_by(2);
    code.map(bare).collect()
}

/// The lines of code that say something, as they are compared.
fn lines(code: &str) -> Vec<String> {
    let lines = code.lines().map(bare);
    lines.filter(|line| says_something(line)).collect()
}

/// Without what depends on where a line stands: its indentation, a remark behind it, the mark or the brace at its end.
fn bare(line: &str) -> String {
    let code = line.split("//").next().unwrap_or_default().trim();
    code.trim_end_matches([';', ',', '?', '{', ' ']).to_string()
}

/// Braces alone, and what stands at the end of every function, are nobody's answer.
fn says_something(line: &str) -> bool {
    !["Ok(())", "return Ok(())", "loop", "} else"].contains(&line)
        && line.chars().any(char::is_alphabetic)
}

/// How many lines of `answer` stand in `shown` one after the other, at most.
fn in_a_row(shown: &[String], answer: &[String]) -> usize {
    let from = |start: &[String], other: &[String]| {
        start
            .iter()
            .zip(other)
            .take_while(|(one, two)| one == two)
            .count()
    };
    let starts = (0..shown.len()).flat_map(|at| (0..answer.len()).map(move |of| (at, of)));
    starts
        .map(|(at, of)| from(&shown[at..], &answer[of..]))
        .max()
        .unwrap_or(0)
}
