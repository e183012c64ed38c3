//! What decks show on their terminals is what comes.
//!
//! A block whose language is `console` is a terminal. Behind the language may stand its name, so that a later block
//! goes on in it, and `linux`, for what can be seen there only. In the block:
//!
//! - `$ COMMAND` is started, and may go on while other terminals have their turn;
//! - `^C` ends it, `^D` ends its input;
//! - `…` stands for any lines; ticks and the line "connected to …" may be left out without it;
//! - a line in `lab talk` that `lab talk` does not say is typed;
//! - every other line is printed. What a server prints is awaited at the end of the slide, since it depends on others.
//!
//! Numbers count, but for ports that the kernel chose, the numbers of ticks, and what `lab talk` measures. What was printed
//! stands on the slide: who is silent there has had time to speak, and did not.
//!
//! Servers are started on a free port, and what is printed about it reads as if it were the one on the slide.

use std::collections::BTreeMap;

use lab::deck::{self, Block, Deck};

use crate::gallery_file::root;
use addresses::Addresses;
use order::{Kind, Lack, lack};
use terminal::Terminal;

mod addresses;
mod lines;
mod order;
mod settling;
mod terminal;

#[test]
fn demonstrations_show_what_comes() {
    let mut problems = Vec::new();
    for file in deck::files() {
        let path = root().join("slides").join(file);
        let text = std::fs::read_to_string(&path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let found = play(&Deck::parse(&text));
        problems.extend(found.map_err(|what| format!("slides/{file}:{what}")).err());
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_demonstration_that_shows_something_else_is_noticed() {
    let deck = |block: &str| Deck::parse(&format!("# A\n\n```console\n{block}```\n"));
    let cases = [
        (
            "$ cargo lab run 2 --subject solutions\nlistening at home\n",
            "\"listening at home\"",
        ),
        ("$ cargo lab run 77 --subject solutions\n", "77"),
        ("$ cargo lab hint 77\nno such hint\n", "\"no such hint\""),
        ("$ cargo lab hint 1 1\n", "was printed as well"),
        ("a line from nowhere\n", "no command"),
        ("$ echo '6 times 7 is 42'\n6 times 7 is 43\n", "is 42"),
        (
            "$ cargo lab run 2 --subject solutions\nlistening on 127.0.0.1:7000\n$ cargo lab hint 77\n",
            "still runs",
        ),
    ];
    for (block, said) in cases {
        let problem = play(&deck(block)).expect_err(block);
        assert!(problem.contains(said), "{block}: {problem}");
    }
    let talks = |stage: u8, lines: &str| {
        let server = format!(
            "$ cargo lab run {stage} --subject solutions\nlistening on 127.0.0.1:7000\n…\n"
        );
        let client = format!("$ cargo lab talk 127.0.0.1:7000\n{lines}");
        let deck = format!(
            "# A\n\n```console\n{server}```\n\n```console A\n{client}```\n\n---\n\n```console A\n^C\n```\n"
        );
        play(&Deck::parse(&deck))
    };
    assert_eq!(talks(2, "one\n< one\\n\ntwo\n< two\\n\n"), Ok(()));
    for (stage, lines, said) in [
        // The lecture says that nobody answers.
        (2, "one\n", "< one\\\\n\" was printed as well"),
        (
            2,
            "/crowd 3\n4 more connections are open, and say nothing until talk ends\n",
            "prints \"3 more",
        ),
        (
            1,
            "< hello, client 1\\n\nthe server has ended the stream\n",
            "had ended before ^C",
        ),
    ] {
        let problem = talks(stage, lines).expect_err(lines);
        assert!(problem.contains(said), "{lines}: {problem}");
    }
    let talk = "# A\n\n```console\n$ cargo lab run 2 --subject solutions\nlistening on 127.0.0.1:7000\n```\n\n\
                ```console A\n$ cargo lab talk 127.0.0.1:7000\nconnected to 127.0.0.1:7000 from 127.0.0.1:1024\n\
                hello\n< HELLO\\n\n```\n";
    let problem = play(&Deck::parse(talk)).expect_err("an echo server does not shout");
    assert!(
        problem.starts_with("8: ") && problem.contains("< hello"),
        "{problem}"
    );
}

/// Plays every terminal of `deck`. The problem begins with the line of its block.
fn play(deck: &Deck) -> Result<(), String> {
    let mut terminals: BTreeMap<String, Terminal> = BTreeMap::new();
    let mut addresses = Addresses::default();
    for slide in &deck.slides {
        let blocks = slide
            .blocks
            .iter()
            .filter(|block| block.language() == "console");
        let mut later: Vec<(&Block, String, &str)> = Vec::new();
        let mut shown: Vec<(String, &Block)> = Vec::new();
        for block in blocks {
            let mut words = block.info.split(' ').skip(1);
            let is_here = !words.clone().any(|word| word == "linux") || cfg!(target_os = "linux");
            if !is_here {
                eprintln!(
                    "left out, since it needs Linux: the terminal in line {}",
                    block.line
                );
                continue;
            }
            let name = words.next().unwrap_or_default().to_string();
            shown.push((name.clone(), block));
            for line in block.body.lines() {
                let told = |what: String| format!("{}: {what}", block.line);
                if let Some(command) = line.strip_prefix("$ ") {
                    if let Some(why) = lack(command) {
                        let told = told(format!("{why}, as `{command}` needs"));
                        let is_required =
                            std::env::var("UNBLOCKED_SLIDES").is_ok_and(|word| word == "required");
                        return match why {
                            Lack::Tool(_) if is_required => Err(told),
                            _ => {
                                eprintln!("left out with what follows: {told}");
                                Ok(())
                            }
                        };
                    }
                    if let Some(mut before) = terminals.remove(&name) {
                        before.is_free().map_err(told)?;
                        before.has_no_more_to_say(&mut addresses).map_err(told)?;
                    }
                    let started = Terminal::start(command, &mut addresses).map_err(told)?;
                    terminals.insert(name.clone(), started);
                    continue;
                }
                let terminal = terminals.get_mut(&name);
                let terminal =
                    terminal.ok_or_else(|| told(format!("no command before {line:?}")))?;
                match line {
                    "^C" => terminal.interrupt(&mut addresses).map_err(told)?,
                    "^D" => terminal.end_input(),
                    _ if terminal.is_typed(line) => terminal.types(line).map_err(told)?,
                    _ if terminal.kind == Kind::Server && terminal.has_begun() => {
                        later.push((block, name.clone(), line));
                    }
                    _ => terminal.prints(line, &mut addresses).map_err(told)?,
                }
            }
        }
        for (block, name, line) in later {
            let terminal = terminals.get_mut(&name).ok_or("a server is gone")?;
            let printed = terminal.prints(line, &mut addresses);
            printed.map_err(|what| format!("{}: {what}", block.line))?;
        }
        // Clients send, then servers answer, then clients show that.
        for kind in [Kind::Talk, Kind::Server, Kind::Talk] {
            let all = terminals.values_mut();
            let all = all.filter(|terminal| terminal.kind == kind);
            all.for_each(Terminal::settles);
        }
        for (name, block) in shown {
            let Some(terminal) = terminals.get_mut(&name) else {
                continue;
            };
            let all = terminal.has_shown_all(&block.body, &addresses);
            all.map_err(|what| format!("{}: {what}", block.line))?;
        }
    }
    for terminal in terminals.into_values() {
        terminal
            .has_no_more_to_say(&mut addresses)
            .map_err(|what| format!("{}: {what}", deck.slides.len()))?;
    }
    Ok(())
}
