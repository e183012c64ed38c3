//! The desk without a terminal: what a screen has room for, and how saves are noticed.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use lab::course::STAGES;
use lab::desk::edits::Edits;
use lab::desk::screen::{Screen, Sheet};
use lab::desk::watching::{Watched, watch_by, watcher};

use crate::support::scratch::scratch;

const SCREEN: Screen = Screen {
    width: 20,
    height: 6,
    has_colour: false,
    has_unicode: true,
};

fn sheet(body: &str, scroll: usize) -> Sheet<'_> {
    Sheet {
        head: ("left".into(), "right".into()),
        body,
        scroll,
        keys: vec![("q", "quit")],
    }
}

#[test]
fn a_sheet_fills_its_screen_and_no_line_is_too_long() {
    let body = "one\ntwo that is longer than a line\nthree\nfour\nfive\n";
    for scroll in [0, 2, 100] {
        let drawn = SCREEN.draw(&sheet(body, scroll));
        assert_eq!(drawn.lines.len(), SCREEN.height);
        let fits = |line: &String| line.chars().count() <= SCREEN.width;
        assert!(drawn.lines.iter().all(fits), "{drawn:?}");
        assert_eq!((drawn.room, drawn.all), (3, 6));
    }
    let lines = SCREEN.draw(&sheet(body, 0)).lines;
    let expected = [
        "left           right",
        "one",
        "two that is longer",
        "than a line",
        "── lines 1 to 3 of 6",
        "q quit",
    ];
    assert_eq!(lines, expected);
    // Beyond the end is the end.
    let lines = SCREEN.draw(&sheet(body, 100)).lines;
    assert_eq!(lines[1..4], ["three", "four", "five"]);
}

#[test]
fn a_screen_of_any_size_can_be_drawn() {
    let body = "something\n".repeat(30);
    for width in 1..=30 {
        for height in 1..=12 {
            let screen = Screen {
                width,
                height,
                ..SCREEN
            };
            let lines = screen.draw(&sheet(&body, 7)).lines;
            assert_eq!(lines.len(), height, "{width} by {height}");
        }
    }
}

#[test]
fn the_keys_of_a_low_screen_stand_without_words() {
    let keys = vec![
        ("n", "next"),
        ("p", "previous"),
        ("PgDn", "more"),
        ("h", "hint"),
        ("q", "quit"),
    ];
    let below_the_rule = |height: usize, keys: &[(&'static str, &'static str)]| {
        let sheet = Sheet {
            keys: keys.to_vec(),
            ..sheet("something", 0)
        };
        let lines = Screen { height, ..SCREEN }.draw(&sheet).lines;
        let rule = lines.iter().rposition(|line| line.starts_with('─'));
        lines[rule.expect("there is a rule") + 1..].to_vec()
    };
    let in_words = ["n next  p previous", "PgDn more  h hint", "q quit"];
    assert_eq!(below_the_rule(18, &keys), in_words);
    assert_eq!(below_the_rule(17, &keys), ["n p PgDn h q  ? keys"]);
    // Two lines are not too many.
    assert_eq!(below_the_rule(17, &keys[..4]), in_words[..2]);
}

#[test]
fn colours_and_letters_are_those_that_the_terminal_has() {
    let body = "\u{1b}[1mbold\u{1b}[0m – a dash …";
    let [plain, coloured, ascii] =
        [(false, true), (true, true), (false, false)].map(|(has_colour, has_unicode)| {
            let screen = Screen {
                has_colour,
                has_unicode,
                ..SCREEN
            };
            screen.draw(&sheet(body, 0)).lines[1].clone()
        });
    assert_eq!(plain, "bold – a dash …");
    assert_eq!(coloured, body);
    assert_eq!(ascii, "bold - a dash ...");
}

/// Student's files of all stages, watched, in a place where nobody tells of changes unless the test does.
struct Watching {
    exercises: PathBuf,
    changes: Sender<()>,
    seen: Receiver<Watched>,
}

impl Watching {
    fn begin(name: &str, is_told: bool) -> Self {
        let exercises = scratch(name);
        let _ = fs::remove_dir_all(&exercises);
        for stage in STAGES {
            for file in stage.files {
                let path = exercises.join(stage.slug).join(file);
                let folder = path.parent().expect("it stands in a folder");
                fs::create_dir_all(folder).expect("a folder can be made");
                fs::write(path, "fn starter() {}").expect("a file can be written");
            }
        }
        let (changes, told) = mpsc::channel();
        let (tell, seen) = mpsc::channel();
        let edits = Edits::now(&exercises);
        thread::spawn(move || watch_by(edits, &told, is_told, |what| _ = tell.send(what)));
        Self {
            exercises,
            changes,
            seen,
        }
    }

    fn write(&self, stage: usize, text: &str) {
        let stage = &STAGES[stage];
        let path = self.exercises.join(stage.slug).join(stage.files[0]);
        fs::write(path, text).expect("a file can be written");
    }

    fn next(&self) -> Watched {
        let patience = Duration::from_secs(60);
        self.seen.recv_timeout(patience).expect("something is seen")
    }
}

#[test]
fn a_save_of_which_the_system_tells_is_seen_once() {
    let watching = Watching::begin("watching-told", true);
    for text in ["one", "two"] {
        watching.write(3, text);
        // As many messages as an editor may cause.
        for _ in 0..5 {
            watching.changes.send(()).expect("somebody listens");
        }
        assert_eq!(watching.next(), Watched::Saved(&STAGES[3]));
    }
    // A message without a change is none.
    watching.changes.send(()).expect("somebody listens");
    watching.write(4, "three");
    watching.changes.send(()).expect("somebody listens");
    assert_eq!(watching.next(), Watched::Saved(&STAGES[4]));
}

#[test]
fn where_the_system_tells_nothing_that_is_noticed_and_files_are_polled() {
    let watching = Watching::begin("watching-silent", true);
    watching.write(2, "saved");
    assert_eq!(watching.next(), Watched::Polled);
    assert_eq!(watching.next(), Watched::Saved(&STAGES[2]));
    watching.write(5, "saved");
    assert_eq!(watching.next(), Watched::Saved(&STAGES[5]));
}

#[test]
fn where_nothing_can_be_watched_files_are_polled_from_the_start() {
    let watching = Watching::begin("watching-refused", false);
    assert_eq!(watching.next(), Watched::Polled);
    watching.write(0, "saved");
    assert_eq!(watching.next(), Watched::Saved(&STAGES[0]));
}

/// Who looks at the files at each message would otherwise cause the next one.
#[test]
fn a_look_at_a_file_is_no_change() {
    const LOOKS: usize = 100;
    let folder = scratch("watching-looks");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join("server.rs");
    fs::write(&file, "fn starter() {}").expect("a file can be written");
    let (changed, changes) = mpsc::channel();
    let _watcher = watcher(&folder, move || _ = changed.send(())).expect("it can be watched");
    for _ in 0..LOOKS {
        fs::read(&file).expect("a file can be read");
    }
    fs::write(folder.join("last.rs"), "").expect("a file can be written");
    // Messages come in their order: what the looks have caused is here before the first one of the save.
    let patience = Duration::from_secs(60);
    changes.recv_timeout(patience).expect("the save is told");
    assert!(changes.try_iter().count() < LOOKS, "looks are told, too");
}
