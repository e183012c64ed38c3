//! `lab doctor` says what a machine lacks, and what that costs.

use crate::linux::support::command::Lab;

use super::inside;
use super::machine::{limited, refusing};

/// The text without its line breaks.
fn said(lab: Lab, code: i32) -> String {
    let ran = lab.run();
    assert_eq!(ran.code, Some(code), "{ran:?}");
    ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_healthy_machine_is_called_so() {
    let text = said(Lab::new(&["doctor"]), 0);
    for line in [
        "ok linker: a program compiles and links",
        "ok time stamps: ",
        "ok loopback: a byte went through 127.0.0.1",
        "ok descriptors: ",
        "ok threads: ",
        "ok memory: ",
        "ports: ",
        "file events: ",
        "seccomp: ",
        "All that is needed is here.",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn what_is_missing_is_named_with_its_cost() {
    let calls = [libc::SYS_pidfd_getfd, libc::SYS_inotify_init1];
    let text = said(refusing(&calls, &["doctor"]), 0);
    for line in [
        "not here the sockets of a program: pidfd_getfd: ",
        "points are not judged here",
        "not here file events: ",
        "not here seccomp: ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let text = said(limited("-n 64", &["doctor"]), 0);
    assert!(
        text.contains("not here many clients at the same time: "),
        "{text}"
    );
    if let Some(lab) = inside(&["--net"], ":", &["doctor"]) {
        let text = said(lab, 1);
        assert!(text.contains("missing loopback: "), "{text}");
        assert!(text.contains("ip link set lo up"), "{text}");
    }
}

/// A folder for temporary files that is not there says nothing about a linker; cargo's configuration does.
#[test]
fn the_linker_is_the_one_that_cargo_would_call() {
    let text = said(Lab::new(&["doctor"]).env("TMPDIR", "/nowhere"), 0);
    assert!(text.contains("ok linker: "), "{text}");
    if cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
        let name = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER";
        let text = said(Lab::new(&["doctor"]).env(name, "/nowhere/ld"), 1);
        assert!(
            text.contains("missing linker: error: linker `/nowhere/ld` not found"),
            "{text}"
        );
    }
}
