//! The program beside stage 09 that serves on `select` is right in everything but its limit.

use std::fs::File;
use std::path::{Path, PathBuf};

use lab::build::cargo;
use lab::course::{Stage, find};
use lab::harness::program::Program;
use lab::harness::snapshot::Snapshots;
use lab::platform::{Limits, MANY_DESCRIPTORS, Powers};
use lab::stages;
use serde_json::Value;

use crate::support::scratch::root;

/// The check that `select` cannot pass.
const BEYOND: &str = "serves_clients_beyond_a_thousand_descriptors";

#[test]
fn passes_every_check_of_its_stage_but_the_one_about_descriptors() {
    let (stage, executable) = (stage(), executable());
    // Whatever the lab itself has open leaves no number free to the program.
    let _open = [(); 400].map(|()| File::open("/dev/null").expect("/dev/null can be opened"));
    for check in stages::checks(stage) {
        for part in check.parts {
            let outcome = (part.run)(&program(stage, &executable, check.step));
            assert_eq!(
                outcome.is_ok(),
                check.name != BEYOND,
                "{}: {outcome:#?}",
                part.name
            );
        }
    }
}

#[test]
fn serves_as_long_as_descriptors_are_below_1024_and_refuses_the_next() {
    let (stage, executable) = (stage(), executable());
    let program = program(stage, &executable, stage.steps);
    let limits = Limits {
        preopened: 1000,
        ..MANY_DESCRIPTORS
    };
    let server = program.start_under(limits).expect("a server");
    let mut served = Vec::new();
    let number = loop {
        let mut peer = server.connect_peer().expect("a connection");
        let number = served.len() + 1;
        if peer.expect_end().is_ok() {
            break number;
        }
        peer.send("hello")
            .and_then(|peer| peer.expect("hello"))
            .expect("an echo");
        served.push(peer);
    };
    // The numbers from 3 to 1002 are taken; a few others belong to the program itself.
    assert!((10..40).contains(&number), "client {number} was refused");
    let line = format!(
        "client {number} lost after 0 bytes: its descriptor is 1024, and select knows those up to 1023"
    );
    server.expect_logged(&line).expect("a line that says why");

    for peer in &mut served {
        peer.send("still here")
            .and_then(|peer| peer.expect("still here"))
            .expect("an echo");
    }
    let mut leaver = served.remove(0);
    leaver
        .half_close()
        .and_then(|peer| peer.expect_end())
        .expect("the end");
    let mut newcomer = server.connect_peer().expect("a connection");
    newcomer
        .send("and I?")
        .and_then(|peer| peer.expect("and I?"))
        .expect("an echo");
}

fn stage() -> &'static Stage {
    find("09-select")[0]
}

fn program(stage: &Stage, executable: &Path, step: u8) -> Program {
    let folder = root().join("tests/snapshots").join(stage.slug);
    Program::new(
        executable.to_path_buf(),
        step,
        Vec::new(),
        1,
        Snapshots::in_folder(folder),
        Powers::probed().clone(),
        false,
    )
}

/// Its program, built.
pub fn executable() -> PathBuf {
    let built = cargo()
        .args(["build", "--package", "select", "--example", "select-limit"])
        .args(["--message-format", "json"])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    let told = String::from_utf8_lossy(&built.stdout);
    let program = told
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "select-limit")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&built.stderr)))
}
