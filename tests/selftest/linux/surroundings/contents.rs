//! What is judged is what stands in the student's file, however it came there and whatever its time stamp says.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::linux::support::checkout::Checkout;
use crate::support::scratch::scratch;

const FILE: &str = "exercises/01-listen/src/server.rs";

/// How many edits are made; more of them with `UNBLOCKED_EDITS=50 cargo verify contents`.
const EDITS: u32 = 15;

/// How a text comes to stand in a file.
#[derive(Debug, Clone, Copy)]
enum Way {
    Save,
    SaveTwice,
    Move,
    CopyWithItsTime,
    Unpack,
    Restore,
    ResetAndBack,
}

const WAYS: [Way; 7] = [
    Way::Save,
    Way::SaveTwice,
    Way::Move,
    Way::CopyWithItsTime,
    Way::Unpack,
    Way::Restore,
    Way::ResetAndBack,
];

#[test]
fn what_stands_there_is_what_runs() {
    let edits = std::env::var("UNBLOCKED_EDITS").ok();
    let edits = edits
        .and_then(|number| number.parse().ok())
        .unwrap_or(EDITS);
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let clone = Checkout::new("contents");
    for edit in 0..edits {
        // An earlier text may come back.
        let number = random.u32(..edits / 2 + 2);
        let way = WAYS[random.usize(..WAYS.len())];
        let age = Duration::from_secs(random.u64(..200_000));
        let time = match random.bool() {
            true => SystemTime::now() - age,
            false => SystemTime::now() + age,
        };
        put(&clone, &text(number), way, time);
        let ran = clone.lab(&["run", "1"]).run();
        let said = format!("this is text {number}\n");
        assert_eq!(
            ran.out, said,
            "edit {edit} of seed {seed}: {way:?}, dated {time:?}: {ran:?}"
        );
    }
}

#[test]
fn what_stands_there_is_what_is_judged() {
    let clone = Checkout::new("contents judged");
    let solution = fs::read_to_string(clone.path("solutions/01-listen/src/server.rs"));
    let solution = solution.expect("there is a solution");
    let starter = fs::read_to_string(clone.path(FILE)).expect("there is a starter");
    let old = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    let judged = |text: &str, way: Way, expected: &str| {
        put(&clone, text, way, old);
        let ran = clone
            .lab(&["check", "1", "--only", "greets", "--json"])
            .run();
        let row = &ran.checks()[0];
        assert_eq!(row["verdict"], expected, "{way:?}: {row:#}");
    };
    for way in WAYS {
        judged(&solution, way, "passed");
        judged(&text(0), way, "failed");
        judged(&solution, way, "passed");
        judged(&starter, way, "not started");
    }
}

/// The map shows a score only beside the file that earned it.
#[test]
fn a_result_does_not_outlive_its_file() {
    let clone = Checkout::new("contents shown");
    let solution = fs::read_to_string(clone.path("solutions/01-listen/src/server.rs"));
    let solution = solution.expect("there is a solution");
    let old = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    let shows_it = || clone.lab(&[]).run().out.contains("10 of 10");
    put(&clone, &solution, Way::Save, old);
    assert_eq!(clone.lab(&["check", "1"]).run().code, Some(0));
    assert!(shows_it());
    put(&clone, &text(0), Way::CopyWithItsTime, old);
    assert!(!shows_it());
    put(&clone, &solution, Way::Move, old);
    assert!(shows_it());
}

/// Given code and manifests are looked at by content as well.
#[test]
fn given_code_that_is_older_counts_too() {
    let clone = Checkout::new("contents given");
    put(&clone, &text(1), Way::Save, SystemTime::now());
    let said = |expected: &str| {
        let ran = clone.lab(&["run", "1"]).run();
        assert!(
            ran.out.contains(expected) || ran.err.contains(expected),
            "{expected}: {ran:?}"
        );
    };
    said("this is text 1");
    let old = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    for (file, from, to) in [
        (
            "exercises/01-listen/src/main.rs",
            "fn main() -> ExitCode {",
            "fn main() -> ExitCode {\n    println!(\"another main\");",
        ),
        (
            "exercises/kit/src/command_line.rs",
            "pub fn ",
            "fn _an_error() -> u8 { \"\" }\npub fn ",
        ),
    ] {
        let path = clone.path(file);
        let given = fs::read_to_string(&path).expect("there is given code");
        let changed = given.replacen(from, to, 1);
        assert_ne!(given, changed, "{file}");
        write(&path, &changed, old);
        said(if file.contains("kit") {
            "mismatched types"
        } else {
            "another main"
        });
        write(&path, &given, old);
        said("this is text 1");
    }
}

/// A student may write a module of their own beside the file.
#[test]
fn modules_beside_the_file_are_looked_at_too() {
    let clone = Checkout::new("contents of modules");
    let old = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    let helper = clone.path("exercises/01-listen/src/server/helper.rs");
    let says =
        |number: u32| format!("pub fn speak() {{ println!(\"this is helper {number}\"); }}\n");
    let caller = text(0).replace("println!(\"this is text 0\")", "helper::speak()");
    write(&helper, &says(1), SystemTime::now());
    write(
        &clone.path(FILE),
        &format!("mod helper;\n{caller}"),
        SystemTime::now(),
    );
    let runs = || clone.lab(&["run", "1"]).run();
    assert_eq!(runs().out, "this is helper 1\n");
    write(&helper, &says(2), old);
    assert_eq!(runs().out, "this is helper 2\n");
    // What an editor keeps beside it makes no difference.
    write(&helper.with_extension("rs~"), "nothing", old);
    assert_eq!(runs().out, "this is helper 2\n");
    fs::remove_file(&helper).expect("a file can be removed");
    assert!(runs().err.contains("does not compile"));
}

/// A program that says which one it is.
fn text(number: u32) -> String {
    format!(
        "use std::net::SocketAddr;\n\npub fn run(_: SocketAddr, _: &kit::EventLog) -> std::io::Result<()> {{\n    println!(\"this is text {number}\");\n    Ok(())\n}}\n"
    )
}

/// Makes `text` stand in the student's file of a clone.
fn put(clone: &Checkout, text: &str, way: Way, time: SystemTime) {
    let file = clone.path(FILE);
    let other = clone.path("another folder/server.rs");
    let by = |command: &str| {
        write(&other, text, time);
        shell(command, &other, &file);
    };
    match way {
        Way::Save => write(&file, text, time),
        Way::SaveTwice => {
            write(&file, "not this", time);
            write(&file, text, time);
        }
        Way::Move => by("mv \"$1\" \"$2\""),
        Way::CopyWithItsTime => by("cp -p \"$1\" \"$2\""),
        Way::Unpack => by("tar -C \"${1%/*}\" -c \"${1##*/}\" | tar -C \"${2%/*}\" -x"),
        Way::Restore => by(
            "cd \"${1%/*}\" && rm -rf .git && git init -q && git add server.rs && rm server.rs && \
             git checkout -q -- server.rs && mv server.rs \"$2\"",
        ),
        Way::ResetAndBack => {
            write(&file, text, time);
            let kept = file.with_file_name("server.rs.before-reset");
            let _ = fs::remove_file(&kept);
            assert_eq!(clone.lab(&["reset", "1"]).run().code, Some(0));
            if kept.exists() {
                fs::rename(&kept, &file).expect("a file can be moved back");
            }
        }
    }
    assert_eq!(
        fs::read_to_string(&file).ok().as_deref(),
        Some(text),
        "{way:?}"
    );
}

fn write(path: &Path, text: &str, time: SystemTime) {
    let folder = path.parent().expect("a file stands in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .and_then(|()| File::options().write(true).open(path)?.set_modified(time))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn shell(command: &str, from: &Path, to: &Path) {
    let mut sh = Command::new("sh");
    sh.args(["-ec", command, "sh"]).args([from, to]);
    let done = sh.stdin(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "{command}");
}

/// The lab that stands in a clone judges that clone: also when the clone was copied or moved, and though nobody says so.
#[test]
fn a_copied_and_a_moved_clone_are_judged_themselves() {
    let first = Checkout::new("first of two");
    first.has_its_own_lab();
    write(&first.path(FILE), &text(1), SystemTime::now());
    let runs = |root: &Path, said: &str| {
        let lab = Checkout {
            root: root.to_path_buf(),
        }
        .own_lab(&["run", "1"]);
        let ran = lab.run();
        assert_eq!(ran.out, said, "{}: {ran:?}", root.display());
    };
    runs(&first.root, "this is text 1\n");
    let [second, third] =
        ["second of two", "third of two"].map(|name| scratch(format!("übung {name}")));
    for folder in [&second, &third] {
        let _ = fs::remove_dir_all(folder);
    }
    shell("cp -a \"$1\" \"$2\"", &first.root, &second);
    runs(&second, "this is text 1\n");
    write(&second.join(FILE), &text(2), SystemTime::UNIX_EPOCH);
    runs(&second, "this is text 2\n");
    runs(&first.root, "this is text 1\n");
    fs::rename(&second, &third).expect("a clone can be moved");
    runs(&third, "this is text 2\n");
}

/// `cargo test` in a stage's folder hands over to the lab of that clone.
#[test]
fn a_stages_own_tests_ask_the_lab_beside_them() {
    let folder = scratch("own tests");
    let _ = fs::remove_dir_all(&folder);
    let [first, second] =
        ["first", "second"].map(|name| folder.join(name).join("exercises/01-listen"));
    for stage in [&first, &second] {
        fs::create_dir_all(stage).expect("a folder can be made");
    }
    let program = folder.join("grade");
    let source = crate::support::scratch::root().join("exercises/01-listen/tests/grade.rs");
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition", "2024", "-o"])
        .arg(&program)
        .arg(&source);
    // As cargo would set them when it compiles there.
    rustc
        .env("CARGO_MANIFEST_DIR", &first)
        .env("CARGO", "/nowhere/cargo");
    assert!(rustc.status().is_ok_and(|status| status.success()));
    let cargo = crate::support::scratch::program(
        "own tests",
        "cargo",
        "echo \"$@\"; echo \"$UNBLOCKED_SUBJECT\"; exit 2",
    );
    let asks = |stage: &PathBuf, is_told: bool| {
        let mut grade = Command::new(&program);
        grade.current_dir(stage).env("CARGO", cargo.join("cargo"));
        match is_told {
            true => grade.env("CARGO_MANIFEST_DIR", stage),
            false => grade.env_remove("CARGO_MANIFEST_DIR"),
        };
        let output = grade.output().expect("it can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let root = stage.ancestors().nth(2).expect("a stage stands in a clone");
        assert!(
            said.contains(&format!("--manifest-path {}/Cargo.toml", root.display())),
            "{said}"
        );
        assert!(
            said.contains(&format!("{}/exercises\n", root.display())),
            "{said}"
        );
        assert_eq!(output.status.code(), Some(2));
    };
    for is_told in [true, false] {
        asks(&second, is_told);
        asks(&first, is_told);
    }
}
