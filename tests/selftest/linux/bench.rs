//! `lab bench` and the program that it calls: options, the picture, and the scale check on programs that are right and wrong.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use lab::bench::chart;
use lab::bench::cost::CostTable;
use lab::bench::data::Comparison;
use lab::course::{STAGES, deck};
use predicates::str::{contains, is_empty};

use crate::linux::support::command::{Lab, Ran};
use crate::linux::support::fixtures::{fixture, stage};
use crate::linux::trace::svg;
use crate::support::gallery_file::{sources, subject};
use crate::support::scratch::{bench_program, root, scratch};

/// A kept comparison, made up so that it has something of everything: rows with one line in its name and with two,
/// marks that XML knows, a design that answers few, values that nobody could measure.
const COMPARISON: &str = "tests/selftest/fixtures/comparison.json";

/// What one machine has measured, as pages and slides show it.
const RESULTS: &str = ".bench/results";
const COST: &str = "slides/img/cost.svg";

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
fn the_pictures_of_results_are_what_was_measured() {
    let kept = read(&format!("{RESULTS}/comparison.json"));
    let comparison = Comparison::from_json(&kept).expect("it is a comparison");
    assert!(
        chart::draw(&comparison) == read(&format!("{RESULTS}/comparison.svg")),
        "draw it again with `cargo lab bench --draw {RESULTS}/comparison.json`"
    );
    let costs = costs();
    let drawn = chart::cost::draw(&costs);
    assert!(
        drawn == read(COST),
        "draw it again with `cargo lab bench --draw {RESULTS}/cost.txt --out slides/img`"
    );
    svg::check(COST, &drawn);
    let of_the_lab = STAGES.iter().flat_map(|stage| stage.designs);
    for design in of_the_lab {
        let is_measured = costs.rows.iter().any(|row| row.name == design.name);
        assert!(
            is_measured && drawn.contains(design.name),
            "{}",
            design.name
        );
    }
    let folder = scratch("drawn costs");
    let kept = format!("{RESULTS}/cost.txt");
    let mut bench = Lab::of(&bench_program(), &["--draw", &kept, "--out"]);
    bench.command.arg(&folder);
    let ran = bench.run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let written = fs::read_to_string(folder.join("cost.svg"));
    assert!(written.is_ok_and(|written| written == drawn));
}

#[test]
fn microseconds_on_slides_are_those_that_were_measured() {
    let costs = costs();
    let spreads = costs.rows.iter().flat_map(|row| row.costs.iter().flatten());
    let measured: Vec<String> = spreads.map(|cost| format!("{:.1}", cost.median)).collect();
    let mut count = 0;
    for file in deck::files() {
        let text = fs::read_to_string(root().join("slides").join(file)).expect("a deck");
        for line in text.lines().filter(|line| line.contains("µs")) {
            let words = line
                .split_whitespace()
                .map(|word| word.trim_end_matches([',', '.', ':']));
            for number in words.filter(|word| word.contains('.') && word.parse::<f64>().is_ok()) {
                assert!(
                    measured.iter().any(|median| median == number),
                    "slides/{file}: {number} µs was not measured: {line}"
                );
                count += 1;
            }
        }
    }
    assert!(count > 0, "no deck says what a request costs");
}

#[test]
fn a_table_of_costs_can_be_read_again() {
    let text = read(&format!("{RESULTS}/cost.txt"));
    let mut costs = costs();
    let table = costs.to_text();
    assert!(text.starts_with(&table), "{table}");
    for (kept, broken) in [
        ("Server CPU", "Server memory"),
        ("request of 512", "request of some"),
        (", 2 cores", ""),
        ("50 clients", "some clients"),
        ("7.44 (", "7.44 "),
        ("(7.36 to 8.91)", "(7.36 or more)"),
    ] {
        assert!(text.contains(kept), "{kept}");
        let broken = text.replacen(kept, broken, 1);
        assert!(CostTable::from_text(&broken).is_err(), "{broken}");
    }
    // A row that was measured no more.
    costs.rows[1].costs = vec![None; costs.clients.len()];
    costs.rows[1].failed = Some("with 1 client: it ended".into());
    let again = CostTable::from_text(&costs.to_text());
    assert_eq!(again.expect("it is a table"), costs);
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
    read(COMPARISON)
}

fn costs() -> CostTable {
    let text = read(&format!("{RESULTS}/cost.txt"));
    CostTable::from_text(&text).expect("it is a table of costs")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
