//! `lab bench` and the program that it calls: options, the picture, and the scale check on programs that are right and wrong.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use lab::bench::chart;
use lab::bench::data::Comparison;
use predicates::str::{contains, is_empty};

use crate::linux::support::command::{Lab, Ran};
use crate::linux::support::fixtures::{fixture, stage};
use crate::support::gallery_file::{sources, subject};
use crate::support::scratch::{bench_program, root, scratch};

/// A kept comparison, made up so that it has something of everything: rows with one line in its name and with two,
/// marks that XML knows, a design that answers few, values that nobody could measure.
const COMPARISON: &str = "tests/selftest/fixtures/comparison.json";

#[test]
fn equal_data_give_a_picture_that_is_equal_to_the_byte() {
    let picture = root().join(COMPARISON).with_extension("svg");
    let expected = fs::read_to_string(&picture).expect("there is a picture");
    let comparison = Comparison::from_json(&kept()).expect("it is a comparison");
    assert!(
        chart::draw(&comparison) == expected,
        "{} is drawn otherwise now: draw it again with `cargo lab bench --draw {COMPARISON}`, and look at it",
        picture.display()
    );
    let folder = scratch("drawn");
    let mut bench = Lab::of(&bench_program(), &["--draw", COMPARISON, "--out"]);
    bench.command.arg(&folder);
    let ran = bench.run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("comparison.svg"), "{ran:?}");
    let drawn = fs::read_to_string(folder.join("comparison.svg"));
    assert!(drawn.is_ok_and(|drawn| drawn == expected));
}

#[test]
fn what_is_kept_can_be_read_again() {
    let text = kept();
    let comparison = Comparison::from_json(&text).expect("it is a comparison");
    assert_eq!(comparison.to_json(), text);
    for (kept, broken) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"clients\": 8", "\"clients\": 9"),
        ("\"runs\": 3", "\"runs\": \"three\""),
        ("\"points\"", "\"places\""),
    ] {
        assert!(text.contains(kept), "{kept}");
        let broken = text.replacen(kept, broken, 1);
        assert!(Comparison::from_json(&broken).is_err(), "{broken}");
    }
}

#[test]
fn an_order_that_cannot_be_carried_out_ends_with_2() {
    for (arguments, said) in [
        (&["--subject", "nowhere"][..], "nowhere"),
        (&["--scale", "--subject", "nowhere"], "nowhere"),
        (&["--subject", "tests"], "holds no stage"),
        (&["--clients", "1,many"], "\"many\" is no number of clients"),
        (&["--clients", "0,1"], "from 1 to 50000"),
        (&["--scale", "--clients", "5"], "more than 100"),
        (&["--runs", "0"], "--runs"),
        (&["--size", "70000"], "--size"),
        (&["--draw", "nothing.json"], "nothing.json"),
        (&["--draw", "Cargo.toml"], "Cargo.toml cannot be drawn"),
        (&["--draw", COMPARISON, "--cost"], "--cost"),
        (&["--scale", "--peers"], "--peers"),
        (&["--nonsense"], "--nonsense"),
    ] {
        let bench = Lab::of(&bench_program(), arguments);
        Command::from_std(bench.command)
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(contains(said));
    }
}

#[test]
fn what_cannot_be_measured_is_said_before_anything_is_built() {
    for (arguments, said) in [
        (&["bench", "--subject", "nowhere"][..], "nowhere"),
        (
            &["bench", "--clients", "1,many"],
            "\"many\" is no number of clients",
        ),
    ] {
        let ran = Lab::new(arguments).run();
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(said), "{ran:?}");
        assert!(!ran.err.contains("building"), "{ran:?}");
    }
}

#[test]
fn help_names_every_option() {
    let ran = Lab::new(&["bench", "--help"]).run();
    for option in [
        "quick", "peers", "subject", "clients", "runs", "size", "out", "draw", "cost", "scale",
    ] {
        assert!(
            ran.out.contains(&format!("--{option}")),
            "{option}: {ran:?}"
        );
    }
}

/// As few as these are enough to see that something grows.
const SOME: &str = "2000";

#[test]
fn ten_thousand_idle_clients_cost_the_event_loop_nothing() {
    let ran = Lab::of(&bench_program(), &["--scale"]).run();
    eprint!("{}", ran.out);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    if is_judged(&ran) {
        assert!(ran.out.contains("neither grows more"), "{ran:?}");
    }
}

#[test]
fn a_loop_that_asks_every_client_each_time_is_caught() {
    let asks_all = "let all = self.clients.iter_mut().map(|(_, client)| client);
            for client in all.filter(|client| client.socket.peer_addr().is_err()) {
                client.is_readable = true;
            }
            self.wait(&mut events)?;";
    let wrong = changed("asks-all", "self.wait(&mut events)?;", asks_all);
    is_caught(&wrong, "more than 1.25 times: CPU a request");
}

#[test]
fn a_client_that_takes_more_the_later_it_comes_is_caught() {
    let grows = "unsent: { let mut all = vec![1; number as usize]; all.clear(); all },";
    let wrong = changed("grows", "unsent: Vec::new(),", grows);
    is_caught(&wrong, "more than 1.25 times: memory a client");
}

#[test]
fn an_event_loop_that_is_not_there_does_not_pass() {
    let subject = fixture("no event loop", &[("1", "solution")]);
    is_caught(&subject, "cannot be read");
    let subject = fixture("an event loop that ends", &[("10", "fails-at-once")]);
    is_caught(&subject, "it ended before it listened");
    is_caught(&root().join("exercises"), "it is not started");
}

fn is_caught(subject: &Path, said: &str) {
    let arguments = ["--scale", "--clients", SOME, "--subject"];
    let mut bench = Lab::of(&bench_program(), &arguments);
    bench.command.arg(subject);
    let ran = bench.run();
    if is_judged(&ran) {
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains(said), "{said}: {ran:?}");
    }
}

/// Whether this machine can show it.
fn is_judged(ran: &Ran) -> bool {
    !ran.out.contains("not judged here")
}

/// The solution of stage 10 with one edit.
fn changed(name: &str, find: &str, replace: &str) -> PathBuf {
    let stage = stage("10");
    let mut sources = sources(&root().join("solutions"), stage);
    for (_, text) in &mut sources {
        assert_eq!(text.matches(find).count(), 1, "{find}");
        *text = text.replace(find, replace);
    }
    subject(&format!("scale/{name}"), &[(stage, &sources)])
}

fn kept() -> String {
    fs::read_to_string(root().join(COMPARISON)).expect("there is a comparison")
}
