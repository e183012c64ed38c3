//! The desk in a real terminal, as a student uses it. What stands on the screen is compared with snapshots.

use std::fs;

use crate::linux::support::checkout::Checkout;
use crate::linux::support::command::comes;
use crate::linux::support::pty::Pty;
use crate::support::scratch::{pipe, root, scratch};

const USUAL: (u16, u16) = (80, 24);
const SMALL: (u16, u16) = (40, 12);

const FILE: &str = "exercises/01-listen/src/server.rs";

/// A solution of the first stage that says something else than it should.
fn with_a_fault() -> String {
    let solved = solved();
    let faulty = solved.replace("hello, client", "hullo, client");
    assert_ne!(faulty, solved);
    faulty
}

fn solved() -> String {
    let path = root().join("solutions/01-listen/src/server.rs");
    fs::read_to_string(path).expect("there is a solution")
}

fn fixture(name: &str) -> String {
    let path = root().join(format!("tests/selftest/fixtures/{name}.rs"));
    fs::read_to_string(path).expect("there is such a fixture")
}

fn save(checkout: &Checkout, text: &str) {
    fs::write(checkout.path(FILE), text).expect("it can be saved");
}

/// As editors do it that never have half a file on the disk.
fn save_by_rename(checkout: &Checkout, text: &str) {
    let new = checkout.path("exercises/01-listen/src/.server.rs.new");
    fs::write(&new, text).expect("it can be saved");
    fs::rename(new, checkout.path(FILE)).expect("it can be renamed");
}

fn compare(name: &str, screen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, screen));
}

#[test]
fn a_stage_from_the_first_look_to_all_its_points() {
    let checkout = Checkout::new("desk");
    let mut desk = Pty::open(&checkout, &["watch", "--seed", "7"], USUAL, &[]);
    compare("desk-opens", &desk.shows("nothing written yet"));

    save(&checkout, &with_a_fault());
    let explained = desk.shows("4 of 10 points");
    compare("desk-explains", &explained);
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    assert!(
        readme.contains(&explained),
        "README.md shows another screen"
    );
    desk.types("h");
    compare("desk-hints", &desk.shows("hint 1 of"));
    desk.types("h");
    let second = desk.shows("hint 2 of");
    assert!(second.contains("Step 3: how do I send text?"), "{second}");
    desk.types("\r\x1b[6~");
    desk.shows("lines 16 to");

    // A save brings the stage back, whatever is on the screen.
    save_by_rename(&checkout, &solved());
    compare("desk-passes", &desk.shows("10 of 10 points"));
    desk.types("d");
    desk.shows("Your file is the solution");
    desk.types("n");
    desk.shows("02-echo-server");
    desk.types("l");
    compare("desk-lists", &desk.shows("10 of 10"));
    desk.types("p");
    desk.shows("> 01-listen");
    desk.types("\r");
    desk.shows("Every check passes");
    desk.resize(SMALL);
    compare("desk-in-a-small-terminal", &desk.shows("lines 1 to"));
    desk.types("?");
    desk.shows("r  run");

    desk.types("x");
    desk.shows("y yes, reset");
    desk.types("n");
    desk.shows("10 of 10 points");
    desk.types("xy");
    desk.shows("The starter is back");
    desk.shows("nothing written yet");
    desk.types("q");
    assert_eq!(desk.ends().code, Some(0));
}

#[test]
fn a_save_ends_the_check_that_is_under_way() {
    let checkout = Checkout::new("desk-two-saves");
    let mut desk = Pty::open(&checkout, &["watch", "1"], USUAL, &[]);
    desk.shows("nothing written yet");
    for _ in 0..3 {
        save(&checkout, &fixture("never-settles"));
        desk.lab.until_runs("--listen");
        save(&checkout, &solved());
        desk.shows("10 of 10 points");
        let is_gone = comes(|| !desk.lab.runs("--listen"));
        assert!(is_gone, "what was started for the first save still runs");
    }
    // Two saves in a moment: the second counts.
    save(&checkout, &with_a_fault());
    save(&checkout, &solved());
    desk.shows("10 of 10 points");
    desk.types("\x03");
    assert_eq!(desk.ends().code, Some(0));
}

#[test]
fn a_save_ends_the_build_that_is_under_way() {
    let checkout = Checkout::new("desk-builds");
    let never_written = scratch("never-written-at-the-desk");
    pipe(&never_written);
    let never_written = never_written.to_string_lossy().into_owned();
    let surroundings = [("UNBLOCKED_PIPE", never_written.as_str())];
    let mut desk = Pty::open(&checkout, &["watch", "1"], USUAL, &surroundings);
    desk.shows("nothing written yet");
    save(&checkout, &fixture("never-compiles"));
    desk.lab.until_runs("--crate-name listen");
    save(&checkout, &solved());
    desk.shows("10 of 10 points");
    assert!(
        !desk.lab.runs("--crate-name listen"),
        "the first build still runs"
    );
    desk.types("q");
    assert_eq!(desk.ends().code, Some(0));
}

#[test]
fn what_does_not_compile_is_said_with_its_hint() {
    let checkout = Checkout::new("desk-compiler");
    let mut desk = Pty::open(&checkout, &["watch", "1"], USUAL, &[]);
    desk.shows("nothing written yet");
    save(&checkout, &fixture("does-not-compile"));
    let said = desk.shows("error");
    assert!(said.contains("It does not compile"), "{said}");
    desk.types("q");
    assert_eq!(desk.ends().code, Some(0));
}

/// A shell with job control: what it started may stop, and gets the terminal again.
const SHELL: &str = r#"set -m; "$@"; echo "the shell has the terminal"; read -r line; fg"#;

#[test]
fn ctrl_z_gives_the_terminal_back_until_it_goes_on() {
    let checkout = Checkout::new("desk-stops");
    let shell = ["sh", "-c", SHELL, "sh"];
    let mut desk = Pty::open_by(&shell, &checkout, &[], USUAL, &[]);
    desk.shows("nothing written yet");
    desk.types("\x1a");
    desk.shows("the shell has the terminal");
    assert!(desk.is_left(), "its screen is still there");
    desk.types("\n");
    desk.shows("nothing written yet");
    assert!(!desk.is_left(), "it has no screen of its own");
    desk.types("n");
    desk.shows("02-echo-server");
    desk.types("q");
    assert_eq!(desk.ends().code, Some(0));
}

#[test]
fn what_ends_it_gives_the_terminal_back() {
    let checkout = Checkout::new("desk-ends");
    for signal in ["-HUP", "-TERM", "-INT"] {
        save(&checkout, &fixture("never-settles"));
        let mut desk = Pty::open(&checkout, &[], USUAL, &[]);
        desk.lab.until_runs("--listen");
        desk.lab.gets(signal);
        let ran = desk.ends();
        assert_eq!(ran.code, Some(130), "{signal}: {ran:?}");
    }
}

#[test]
fn a_program_that_has_the_terminal_is_ended_by_ctrl_c_alone() {
    let checkout = Checkout::new("desk-runs");
    save(&checkout, &solved());
    let mut desk = Pty::open(&checkout, &[], USUAL, &[]);
    desk.shows("10 of 10 points");
    desk.types("r");
    desk.lab.until_runs("/listen");
    desk.types("\x03");
    desk.shows("`lab run 1` has ended");
    desk.types("n");
    desk.shows("Every check passes");
    desk.types("q");
    assert_eq!(desk.ends().code, Some(0));
}

#[test]
fn a_plain_terminal_gets_plain_letters() {
    let checkout = Checkout::new("desk-plain");
    save(&checkout, &with_a_fault());
    let plain = [("NO_COLOR", "1"), ("LC_ALL", "C")];
    let mut desk = Pty::open(&checkout, &[], USUAL, &plain);
    let shown = desk.shows("4 of 10 points");
    assert!(shown.is_ascii(), "{shown}");
    assert!(!desk.has_style(), "{shown}");
    desk.types("q");
    assert_eq!(desk.ends().code, Some(0));

    let usual = Pty::open(&checkout, &[], USUAL, &[]);
    let shown = usual.shows("4 of 10 points");
    assert!(!shown.is_ascii() && usual.has_style(), "{shown}");
    usual.lab.gets("-TERM");
    usual.ends();
}

#[test]
fn without_a_terminal_it_is_running_text() {
    let checkout = Checkout::new("desk-running-text");
    save(&checkout, &with_a_fault());
    let mut lab = checkout.lab(&["watch"]).start();
    lab.prints("4 of 10 points");
    save(&checkout, &solved());
    lab.prints("10 of 10 points");
    lab.gets("-INT");
    assert_eq!(lab.ends().code, Some(130));
}
