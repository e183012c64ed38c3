//! A machine that lacks something: no point is lost for it, and the verdict says what is missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::linux::support::command::{Lab, Ran};
use crate::linux::support::fixtures::fixture;
use crate::support::scratch::{root, scratch};

use super::inside;

/// Shell commands that lower a limit of setrlimit(2), and then become `lab`.
pub fn limited(limit: &str, arguments: &[&str]) -> Lab {
    let script = format!("ulimit {limit} && exec \"$@\"");
    Lab::started_by(&["bash", "-ec", &script, "bash"], arguments)
}

/// A `lab` to which these system calls are refused. `None` where there is no compiler for the program that does it.
pub fn refusing(calls: &[libc::c_long], arguments: &[&str]) -> Lab {
    let folder = scratch("refuse");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let program = folder.join(format!("refuse-{}", fastrand::u64(..)));
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-o"]).arg(&program);
    rustc.arg(root().join("tests/selftest/fixtures/refuse.rs"));
    assert!(rustc.status().is_ok_and(|status| status.success()));
    let numbers: Vec<String> = calls.iter().map(libc::c_long::to_string).collect();
    let program = program.to_string_lossy().into_owned();
    Lab::started_by(&[&program, &numbers.join(",")], arguments)
}

fn solution(number: &str) -> [&str; 5] {
    ["check", number, "--json", "--subject", "solutions"]
}

/// What became of the one stage.
fn score(ran: &Ran) -> [u64; 3] {
    let told: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    ["points", "most", "could_not_grade"]
        .map(|name| told["stages"][0][name].as_u64().unwrap_or(u64::MAX))
}

/// Nothing was graded, nothing was lost, and it was said why.
fn is_excused(ran: &Ran, why: &str) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(score(ran), [0, 0, 10], "{ran:?}");
    for row in ran.checks() {
        assert_eq!(row["verdict"], "could not grade", "{row:#}");
        assert!(
            row["why"].as_str().is_some_and(|said| said.contains(why)),
            "{why}: {row:#}"
        );
    }
}

/// Each check passed, or was not judged here for a reason that says so.
fn is_full(ran: &Ran, missing: &[&str]) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for row in ran.checks() {
        let why = row["why"].as_str().unwrap_or_default();
        let is_excused =
            row["verdict"] == "not judged here" && missing.iter().any(|word| why.contains(word));
        assert!(row["verdict"] == "passed" || is_excused, "{row:#}");
    }
}

#[test]
fn a_loopback_that_is_down_is_no_wrong_address() {
    if let Some(lab) = inside(&["--net"], ":", &solution("2")) {
        is_excused(&lab.run(), "ip link set lo up");
    }
}

#[test]
fn few_descriptors_are_no_wrong_address() {
    is_excused(&limited("-n 16", &solution("2")).run(), "ulimit -Hn");
    for number in ["2", "7", "8", "9", "10"] {
        is_full(&limited("-n 64", &solution(number)).run(), &["ulimit -Hn"]);
    }
}

#[test]
fn limits_that_cannot_be_set_cost_nothing() {
    let refused = [libc::SYS_prlimit64, libc::SYS_setrlimit];
    is_excused(&refusing(&refused, &solution("1")).run(), "setrlimit");
}

/// In a container a server that gives up and asks again cannot be told from one that waits: that is said.
#[test]
fn what_cannot_be_seen_is_said() {
    for (number, only) in [("2", "sleeps_while"), ("10", "reads_all")] {
        let arguments = [
            "check",
            number,
            "--only",
            only,
            "--json",
            "--subject",
            "solutions",
        ];
        let ran = refusing(&[libc::SYS_pidfd_getfd], &arguments).run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let rows = ran.checks();
        if number == "2" {
            assert_eq!(
                rows[0]["without"][0],
                "\"waits without a timeout\", which needs the sockets of a program",
                "{rows:#?}"
            );
        }
        for row in rows {
            assert_eq!(row["verdict"], "passed", "{row:#}");
        }
    }
    let ran = refusing(
        &[libc::SYS_pidfd_getfd],
        &["check", "2", "--subject", "solutions"],
    )
    .run();
    assert!(
        ran.out.contains(
            "(without: \"waits without a timeout\", which needs the sockets of a program)"
        ),
        "{}",
        ran.out
    );
    let ran = Lab::new(&["check", "2", "--subject", "solutions"]).run();
    assert!(!ran.out.contains("without"), "{}", ran.out);
}

/// A cgroup with room for so many processes and threads, removed at the end. `None` where none can be made.
struct Cgroup(PathBuf);

impl Cgroup {
    fn new(name: &str, most: u32) -> Option<Self> {
        let name = format!("unblocked-{name}-{}", std::process::id());
        // Version 1 has a tree for each kind of limit, version 2 one tree for all.
        let found = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"]
            .iter()
            .find_map(|tree| {
                let folder = Path::new(tree).join(&name);
                fs::create_dir(&folder).ok()?;
                let made = Self(folder);
                fs::write(made.0.join("pids.max"), most.to_string()).ok()?;
                Some(made)
            });
        if found.is_none() {
            eprintln!("skipped: this system lets us make no cgroup");
        }
        found
    }

    fn lab(&self, arguments: &[&str]) -> Lab {
        let script = format!(
            "echo $$ > '{}/cgroup.procs' && exec \"$@\"",
            self.0.display()
        );
        Lab::started_by(&["sh", "-ec", &script, "sh"], arguments)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_limit_on_processes_is_no_would_block() {
    // What it needs is built before: a compiler has threads as well.
    for number in ["2", "8"] {
        assert_eq!(Lab::new(&solution(number)).run().code, Some(0));
    }
    let Some(cgroup) = Cgroup::new("few-threads", 45) else {
        return;
    };
    for number in ["2", "8"] {
        is_full(
            &cgroup.lab(&solution(number)).run(),
            &["threads cannot be started"],
        );
    }
}

#[test]
fn a_stranger_s_proc_is_no_evidence_and_no_endless_loop() {
    let namespaces = ["--pid", "--fork", "--kill-child"];
    for number in ["1", "7"] {
        let Some(lab) = inside(&namespaces, ":", &solution(number)) else {
            return;
        };
        is_full(&lab.run(), &["another PID namespace"]);
    }
    let subject = fixture("beside strangers", &[("1", "never-settles")]);
    let subject = subject.to_string_lossy();
    let arguments = ["check", "1", "--only", "announces", "--subject", &subject];
    let Some(lab) = inside(&namespaces, ":", &arguments) else {
        return;
    };
    let mut lab = lab.start();
    lab.until_runs("--listen");
    lab.gets("-INT");
    lab.ends();
}

#[test]
fn a_disk_that_is_full_costs_nothing() {
    let subject = fixture("on a full disk", &[("1", "solution")]);
    let subject = subject.to_string_lossy();
    let arguments = ["check", "1", "--json", "--subject", &subject];
    let folder = scratch("full disk");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let clone = crate::linux::support::checkout::Checkout::new("full disk clone");
    clone.has_its_own_lab();
    let target = clone.path("target/lab");
    fs::create_dir_all(&target).expect("a folder can be made");
    let script = format!("mount -t tmpfs -o size=200k tmpfs '{}'", target.display());
    let script = format!(
        "{script}\nshift\nset -- '{}' \"$@\"",
        clone.path("target/debug/lab").display()
    );
    let Some(mut lab) = inside(&["--mount"], &script, &arguments) else {
        return;
    };
    lab.command
        .env_remove("CARGO_MANIFEST_DIR")
        .current_dir(&clone.root)
        .stdin(Stdio::null());
    let ran = lab.run();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let said = format!("{}{}", ran.out, ran.err);
    assert!(
        said.contains("No space left") || said.contains("os error 28"),
        "{ran:?}"
    );
    assert!(!said.contains("does-not-compile"), "{ran:?}");
}
