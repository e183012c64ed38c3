//! The lab in surroundings that somebody else has made: what it says there is right, or it says that it cannot tell.
//!
//! A test makes its surroundings in namespaces of its own. Where the system does not let it, it is skipped, and says so.

mod building;
mod contents;
mod doctor;
mod fronts;
mod kernel;
mod machine;
mod mixture;
mod starting;

use std::process::{Command, Stdio};

use crate::linux::support::command::Lab;

/// A run of `lab` in namespaces of its own (unshare(1)), after the shell commands in `script`. `None` where they cannot be
/// made, and that has been said.
fn inside(namespaces: &[&str], script: &str, arguments: &[&str]) -> Option<Lab> {
    let script = format!("{script}\nexec \"$@\"");
    let mut words = vec!["unshare", "--map-root-user"];
    words.extend(namespaces);
    words.extend(["--", "sh", "-ec", &script, "sh"]);
    let mut trial = Command::new(words[0]);
    let trial = trial.args(&words[1..]).arg("true");
    trial
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let made = trial.status();
    if made.is_ok_and(|status| status.success()) {
        return Some(Lab::started_by(&words, arguments));
    }
    eprintln!("skipped: this system does not make such surroundings: {words:?}");
    None
}

#[test]
fn a_network_of_its_own_makes_no_difference() {
    let arguments = ["check", "1", "--subject", "solutions"];
    let Some(lab) = inside(&["--net"], "ip link set lo up", &arguments) else {
        return;
    };
    let ran = lab.run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("10 of 10 points"), "{ran:?}");
}

#[test]
fn the_doctor_says_that_the_default_port_is_free() {
    let Some(lab) = inside(&["--net"], "ip link set lo up", &["doctor"]) else {
        return;
    };
    let ran = lab.run();
    assert!(
        ran.out.contains("default port: 127.0.0.1:7878 is free"),
        "{ran:?}"
    );
}
