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

use lab::course::deck::{self, Deck};

use crate::support::scratch::root;
use demo_player::play;

mod addresses;
mod command;
mod demo_player;
mod lines;
mod quiescence;
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
            "$ cargo lab run 2 --subject solutions\nlistening on 127.0.0.1:7878\n$ cargo lab hint 77\n",
            "still runs",
        ),
    ];
    for (block, said) in cases {
        let problem = play(&deck(block)).expect_err(block);
        assert!(problem.contains(said), "{block}: {problem}");
    }
    let talks = |talk: &str, stage: u8, lines: &str| {
        let server = format!(
            "$ cargo lab run {stage} --subject solutions\nlistening on 127.0.0.1:7878\n…\n"
        );
        let client = format!("$ {talk}\n{lines}");
        let deck = format!(
            "# A\n\n```console\n{server}```\n\n```console A\n{client}```\n\n---\n\n```console A\n^C\n```\n"
        );
        play(&Deck::parse(&deck))
    };
    let talk = "cargo lab talk 127.0.0.1:7878";
    assert_eq!(talks(talk, 2, "one\n< one\\n\ntwo\n< two\\n\n"), Ok(()));
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
        // The second is a shell, which does nothing by itself but wait for others.
        for talk in [talk, "(sleep 0.3; cargo lab talk 127.0.0.1:7878)"] {
            let problem = talks(talk, stage, lines).expect_err(lines);
            assert!(problem.contains(said), "{talk}: {lines}: {problem}");
        }
    }
    let talk = "# A\n\n```console\n$ cargo lab run 2 --subject solutions\nlistening on 127.0.0.1:7878\n```\n\n\
                ```console A\n$ cargo lab talk 127.0.0.1:7878\nconnected to 127.0.0.1:7878 from 127.0.0.1:1024\n\
                hello\n< HELLO\\n\n```\n";
    let problem = play(&Deck::parse(talk)).expect_err("an echo server does not shout");
    assert!(
        problem.starts_with("8: ") && problem.contains("< hello"),
        "{problem}"
    );
}
