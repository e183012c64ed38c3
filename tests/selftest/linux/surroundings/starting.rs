//! Who has started the lab: a shell with children of its own, `nohup`, a parent that hears of no child.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::linux::support::command::{Lab, comes};
use crate::linux::support::fixtures::fixture;
use crate::support::scratch::scratch;

const CHECK: [&str; 6] = ["check", "1", "--only", "greets", "--subject", "solutions"];

/// Something that runs beside the lab, and is ended when its test ends.
struct Helper(PathBuf);

impl Helper {
    fn new(name: &str) -> Self {
        let note = scratch(format!("helper-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&note);
        Self(note)
    }

    /// A shell that starts the helper, and then becomes the lab. The helper goes on afterwards, so that it does not bear the
    /// mark of what a run of the lab must not leave behind.
    fn lab(&self, arguments: &[&str]) -> Lab {
        let script = format!(
            "env -u UNBLOCKED_MARK sleep 1000 </dev/null >/dev/null 2>&1 & echo $! > '{}'; exec \"$@\"",
            self.0.display()
        );
        Lab::started_by(&["bash", "-ec", &script, "bash"], arguments)
    }

    fn gets(&self, signal: &str) -> bool {
        let number = fs::read_to_string(&self.0).unwrap_or_default();
        let mut kill = Command::new("kill");
        let kill = kill.args([signal, number.trim()]).stderr(Stdio::null());
        kill.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.gets("-KILL");
    }
}

#[test]
fn a_helper_of_the_shell_is_left_alone() {
    let helper = Helper::new("left");
    let ran = helper.lab(&CHECK).run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(helper.gets("-0"), "the helper was ended: {ran:?}");
}

#[test]
fn a_lab_beside_a_helper_is_interrupted_like_any_other() {
    let subject = fixture("beside a helper", &[("1", "never-settles")]);
    let subject = subject.to_string_lossy();
    for signal in ["-INT", "-TERM"] {
        let helper = Helper::new(signal);
        let mut lab = helper.lab(&["check", "1", "--subject", &subject]).start();
        lab.until_runs("--listen");
        lab.gets(signal);
        let ran = lab.ends();
        assert_eq!(ran.code, Some(130), "{ran:?}");
        assert!(helper.gets("-0"), "the helper was ended: {ran:?}");
    }
}

/// What a shell has put behind its own output is there when the lab prints.
#[test]
fn output_through_a_process_of_the_shell_arrives() {
    let log = scratch("through tee");
    let _ = fs::remove_file(&log);
    let script = format!("exec > >(tee '{}' > /dev/null); exec \"$@\"", log.display());
    let ran = Lab::started_by(&["bash", "-ec", &script, "bash"], &CHECK).run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let arrives = || fs::read_to_string(&log).is_ok_and(|text| text.contains("passed"));
    assert!(comes(arrives), "nothing in {}", log.display());
}

#[test]
fn a_hang_up_that_is_ignored_stays_ignored() {
    let subject = fixture("after a hang-up", &[("1", "never-settles")]);
    let subject = subject.to_string_lossy();
    let arguments = ["check", "1", "--only", "greets", "--subject", &subject];
    let mut lab = Lab::started_by(&["nohup"], &arguments).start();
    lab.until_runs("--listen");
    lab.gets("-HUP");
    // If it had ended, this could not reach it.
    lab.until_runs("--listen");
    lab.gets("-TERM");
    assert_eq!(lab.ends().code, Some(130));
}

/// `trap '' CHLD` is passed on by exec, and then nobody can wait for a child: wait(2).
#[test]
fn a_parent_that_hears_of_no_child_makes_no_difference() {
    for ignored in ["CHLD", "PIPE CHLD HUP INT TERM QUIT USR1"] {
        let script = format!("trap '' {ignored}; exec \"$@\"");
        let ran = Lab::started_by(&["sh", "-ec", &script, "sh"], &CHECK).run();
        assert_eq!(ran.code, Some(0), "{ignored}: {ran:?}");
    }
}

#[test]
fn descriptors_that_the_shell_left_open_make_no_difference() {
    let script =
        "for number in $(seq 10 200); do eval \"exec $number</dev/null\"; done; exec \"$@\"";
    for number in ["1", "9"] {
        let arguments = ["check", number, "--subject", "solutions"];
        let ran = Lab::started_by(&["bash", "-ec", script, "bash"], &arguments).run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains("10 of 10 points"), "{ran:?}");
    }
}

/// Whoever is killed cannot clean up, and the port must be free all the same.
#[test]
fn a_program_does_not_outlive_a_killed_run() {
    let free =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let free: SocketAddr = free.expect("there is a free port");
    let address = free.to_string();
    let arguments = [
        "run",
        "2",
        "--subject",
        "solutions",
        "--",
        "--listen",
        &address,
    ];
    let mut lab = Lab::new(&arguments).start();
    lab.until_runs(&format!("--listen {address}"));
    assert!(
        comes(|| TcpListener::bind(free).is_err()),
        "it does not listen"
    );
    lab.gets("-KILL");
    lab.ends();
    assert!(
        comes(|| TcpListener::bind(free).is_ok()),
        "somebody listens still"
    );
}
