//! What surrounds a build: whatever is not in the student's file is none of the student's mistakes.

use std::fs;

use crate::linux::support::command::{Lab, Ran, comes};
use crate::linux::support::fixtures::{fixture, stage};
use crate::support::scratch::{program, root, scratch};

/// A subject with the solution of stage 01, which was not built before: `end` is added to it.
fn unbuilt(name: &str, end: &str) -> String {
    let subject = fixture(name, &[("1", "solution")]);
    let file = subject.join(stage("1").slug).join("src/server.rs");
    let solution = fs::read_to_string(&file).expect("there is a solution");
    let text = format!("{solution}\n{end}\n// {}\n", fastrand::u64(..));
    fs::write(&file, text).expect("a file can be written");
    subject.to_string_lossy().into_owned()
}

fn check(subject: &str) -> Lab {
    Lab::new(&[
        "check",
        "1",
        "--only",
        "greets",
        "--json",
        "--subject",
        subject,
    ])
}

fn verdict(ran: &Ran) -> String {
    let row = ran.checks().swap_remove(0);
    row["verdict"].as_str().unwrap_or_default().to_string()
}

#[test]
fn a_machine_that_cannot_build_costs_nothing() {
    let killed = program(
        "killed compiler",
        "wrapper",
        "case \"$*\" in *crate-name\\ listen*) kill -9 $$;; esac; exec \"$@\"",
    );
    for (name, value, said) in [
        (
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
            "/nowhere/ld".to_string(),
            "/nowhere/ld",
        ),
        (
            "RUSTC_WORKSPACE_WRAPPER",
            killed.join("wrapper").display().to_string(),
            "SIGKILL",
        ),
    ] {
        if !cfg!(all(target_arch = "x86_64", target_env = "gnu")) && name.ends_with("_LINKER") {
            continue;
        }
        let subject = unbuilt(&format!("cannot build {said}").replace('/', " "), "");
        let ran = check(&subject).env(name, &value).run();
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert_eq!(verdict(&ran), "could not grade");
        let row = &ran.checks()[0];
        assert!(
            row["why"].as_str().is_some_and(|why| why.contains(said)),
            "{said}: {row:#}"
        );
        let shown = Lab::new(&["check", "1", "--subject", &subject])
            .env(name, &value)
            .run();
        assert!(shown.out.contains("costs no points"), "{shown:?}");
        assert!(
            shown
                .out
                .contains("0 of 0 points (10 points could not be graded)"),
            "{shown:?}"
        );
        assert_eq!(shown.code, Some(2));
        let run = Lab::new(&["run", "1", "--subject", &subject])
            .env(name, &value)
            .run();
        assert_eq!(run.code, Some(2), "{run:?}");
        // As soon as the machine is well again, all is.
        assert_eq!(verdict(&check(&subject).run()), "passed");
    }
}

/// A mistake in the student's file is theirs, also where the compiler finds it in code that is given.
#[test]
fn a_mistake_stays_a_mistake() {
    for (name, end) in [
        ("mistake", "fn wrong() -> u8 { \"text\" }"),
        (
            "mistake in a macro",
            "fn wrong() { println!(\"{}\", nothing) }",
        ),
        ("unsafe", "pub fn unused() { unsafe {} }"),
    ] {
        let ran = check(&unbuilt(name, end)).run();
        assert_eq!(
            ran.checks()[0]["cause"],
            "does-not-compile",
            "{name}: {ran:?}"
        );
        assert_eq!(ran.code, Some(1));
    }
    let subject = fixture("mistake seen from outside", &[("1", "solution")]);
    let file = subject.join(stage("1").slug).join("src/server.rs");
    let solution = fs::read_to_string(&file).expect("there is a solution");
    let text = solution.replace("pub fn run(", "pub fn runs(");
    assert_ne!(text, solution);
    fs::write(&file, text).expect("a file can be written");
    let ran = check(&subject.to_string_lossy()).run();
    assert_eq!(ran.checks()[0]["cause"], "does-not-compile", "{ran:?}");
}

#[test]
fn flags_and_profiles_of_the_user_are_for_code_of_the_user() {
    let unused = "fn nobody_calls_this() {}";
    for (name, value) in [
        ("RUSTFLAGS", "-D warnings"),
        ("CARGO_ENCODED_RUSTFLAGS", "-Dwarnings"),
        ("CARGO_BUILD_RUSTFLAGS", "-D warnings"),
        ("CARGO_BUILD_WARNINGS", "deny"),
        ("CARGO_PROFILE_DEV_PANIC", "abort"),
    ] {
        let ran = check(&unbuilt(&format!("flags {name}"), unused))
            .env(name, value)
            .run();
        assert_eq!(verdict(&ran), "passed", "{name}: {ran:?}");
    }
}

/// The same in a configuration of cargo's, which may hold flags that a machine needs to link.
#[test]
fn flags_in_a_configuration_deny_nothing() {
    let clone = crate::linux::support::checkout::Checkout::new("denying");
    let folder = clone.path(".cargo");
    fs::create_dir_all(&folder)
        .and_then(|()| {
            fs::write(
                folder.join("config.toml"),
                "[build]\nrustflags = [\"-D\", \"warnings\"]\n",
            )
        })
        .expect("a configuration can be written");
    let subject = unbuilt("flags in a configuration", "fn nobody_calls_this() {}");
    let ran = clone
        .lab(&[
            "check",
            "1",
            "--only",
            "greets",
            "--json",
            "--subject",
            &subject,
        ])
        .run();
    assert_eq!(verdict(&ran), "passed", "{ran:?}");
}

/// Two subjects that are built in turn into one folder for all that lies between source and program.
#[test]
fn a_shared_build_folder_mixes_nothing_up() {
    let shared = scratch("shared build folder");
    let right = unbuilt("right in a shared folder", "");
    let wrong = fixture("wrong in a shared folder", &[("1", "never-answers")]);
    let clone = crate::linux::support::checkout::Checkout::new("sharing");
    let exercise = clone.path("exercises/01-listen/src/server.rs");
    fs::copy(
        root().join("tests/selftest/fixtures/never-answers.rs"),
        exercise,
    )
    .expect("a file can be copied");
    let own = |subject: Option<&str>| {
        let mut arguments = vec!["check", "1", "--only", "greets", "--json"];
        arguments.extend(subject.iter().flat_map(|subject| ["--subject", subject]));
        verdict(
            &clone
                .lab(&arguments)
                .env("CARGO_BUILD_BUILD_DIR", &shared)
                .run(),
        )
    };
    let wrong = wrong.to_string_lossy();
    for _ in 0..2 {
        assert_eq!(own(Some(&right)), "passed");
        assert_eq!(own(None), "failed");
        assert_eq!(own(Some("solutions")), "passed");
        assert_eq!(own(Some(&wrong)), "failed");
    }
}

/// A program sees nothing of what was set for others.
#[test]
fn a_program_has_an_environment_of_its_own() {
    for number in ["1", "8"] {
        let mut lab = Lab::new(&["check", number, "--subject", "solutions"]);
        for (name, value) in [
            ("LD_PRELOAD", "/nowhere/library.so"),
            ("RUST_BACKTRACE", "full"),
            ("RUST_MIN_STACK", "20000"),
            ("MALLOC_PERTURB_", "165"),
            ("GLIBC_TUNABLES", "glibc.malloc.check=3"),
            ("LC_ALL", "de_DE.UTF-8"),
            ("TZ", "Pacific/Apia"),
        ] {
            lab = lab.env(name, value);
        }
        let ran = lab.run();
        assert!(ran.out.contains("10 of 10 points"), "{ran:?}");
    }
}

/// The lab says so when it is not what stands in `tests` any more.
#[test]
fn a_lab_that_is_older_than_its_checks_judges_nothing() {
    let clone = crate::linux::support::checkout::Checkout::new("newer checks");
    let file = clone.path("tests/stages/listen.rs");
    let text = fs::read_to_string(&file).expect("there are checks");
    let time = fs::metadata(&file)
        .and_then(|found| found.modified())
        .expect("a file has a time");
    fs::write(&file, format!("{text}\n// Another line.\n"))
        .and_then(|()| {
            fs::File::options()
                .write(true)
                .open(&file)?
                .set_modified(time)
        })
        .expect("a file can be written");
    let ran = clone.lab(&["check", "1"]).run();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("cargo clean --package lab"), "{ran:?}");
    fs::write(&file, text).expect("a file can be written");
    assert_eq!(clone.lab(&[]).run().code, Some(0));
}

#[test]
fn a_second_lab_says_what_it_waits_for() {
    let never_written = scratch("never-written-by-the-first");
    crate::support::scratch::pipe(&never_written);
    let clone = crate::linux::support::checkout::Checkout::new("two labs");
    let wait = "pub fn run() {}\nconst _: &[u8] = include_bytes!(env!(\"UNBLOCKED_PIPE\"));\n";
    fs::write(clone.path("exercises/01-listen/src/server.rs"), wait)
        .expect("a file can be written");
    let first = clone
        .lab(&["check", "1"])
        .env("UNBLOCKED_PIPE", &never_written);
    let mut first = first.start();
    first.until_runs("--crate-name listen");
    let said = scratch("said by the second lab");
    let mut second = clone.lab(&["check", "2"]);
    second
        .command
        .stderr(fs::File::create(&said).expect("a file can be made"));
    let second = second.start();
    let says =
        || fs::read_to_string(&said).is_ok_and(|text| text.contains("waiting for another lab"));
    assert!(comes(says), "it says nothing");
    first.gets("-INT");
    assert_eq!(first.ends().code, Some(130));
    assert_eq!(second.ends().code, Some(1));
}
