//! The small programs of the slides do what the slides say: each is shown on one, runs, and ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lab::course::deck;

use crate::support::scratch::root;
use crate::support::slide_code::{in_python, in_rust, program};

/// Longer than any of them takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Programs in Python that do not end by themselves, or do nothing alone.
const SERVERS: [&str; 2] = ["echo_server", "polling_server"];
const CLIENT: &str = "echo_client";

#[test]
fn each_program_is_shown_on_a_slide() {
    let read = |file| std::fs::read_to_string(root().join("slides").join(file)).unwrap_or_default();
    let decks: Vec<String> = deck::files().map(read).collect();
    let rust = in_rust()
        .into_iter()
        .map(|name| format!("slides/code/src/bin/{name}.rs"));
    let python = in_python()
        .into_iter()
        .map(|name| format!("slides/code/python/{name}.py"));
    for path in rust.chain(python) {
        let is_shown = decks
            .iter()
            .any(|deck| deck.contains(&format!("(../{path}#L")));
        assert!(is_shown, "no slide shows {path}");
    }
}

#[test]
fn each_program_says_what_it_said_and_ends() {
    let names = in_rust();
    assert!(!names.is_empty(), "slides/code holds no program");
    for name in names {
        let ran = said(Command::new(program(&name)), &name);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("slide-code-{name}"), ran));
    }
}

#[test]
fn its_twin_in_python_says_the_same() {
    let Some(python) = python() else {
        return;
    };
    let alone = |name: &String| !SERVERS.contains(&name.as_str()) && name != CLIENT;
    for name in in_python().iter().filter(|name| alone(name)) {
        let mut order = Command::new(python);
        order.arg(root().join(format!("slides/code/python/{name}.py")));
        let twin = said(Command::new(program(name)), name);
        assert_eq!(said(order, name), twin, "{name}.py and {name}.rs");
    }
}

#[test]
fn the_servers_and_the_client_in_python_echo() {
    let Some(python) = python() else {
        return;
    };
    for name in SERVERS
        .iter()
        .filter(|name| in_python().iter().any(|there| there == **name))
    {
        let server = Served::start(python, name);
        // The polling one serves both at once, and the other one after the other.
        let mut first = TcpStream::connect(&server.address).expect("a listening server");
        let echoes = |stream: &mut TcpStream, word: &[u8]| {
            stream.write_all(word).expect("a connection");
            let mut answer = vec![0; word.len()];
            stream.read_exact(&mut answer).expect("an answer");
            assert_eq!(answer, word, "{name}");
        };
        first.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        echoes(&mut first, b"hello");
        if *name == SERVERS[1] {
            let mut second = TcpStream::connect(&server.address).expect("a listening server");
            second.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            echoes(&mut second, b"and I?");
        }
        first.shutdown(Shutdown::Write).expect("a connection");
        assert_eq!(first.read(&mut [0; 9]).expect("an end"), 0, "{name}");

        let mut client = Command::new(python);
        client
            .arg(root().join(format!("slides/code/python/{CLIENT}.py")))
            .arg(&server.address);
        let mut client = assert_cmd::Command::from_std(client);
        client
            .write_stdin("one\ntwo\n")
            .timeout(PATIENCE)
            .assert()
            .success()
            .stdout("one\ntwo\n");
    }
}

/// What a program prints until it ends.
fn said(order: Command, name: &str) -> String {
    let mut order = assert_cmd::Command::from_std(order);
    let ran = order
        .timeout(PATIENCE)
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(ran.status.success(), "{name}: {ran:?}");
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "{name}");
    // A line ends as the system has it.
    String::from_utf8_lossy(&ran.stdout).replace("\r\n", "\n")
}

/// The name of Python here, if there is one.
fn python() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|version| {
            version.status.success() && version.stdout.starts_with(b"Python 3")
        })
    })
}

/// A server that is ended with the test.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(python: &str, name: &str) -> Self {
        let mut child = Command::new(python)
            .args([
                "-u",
                &format!("slides/code/python/{name}.py"),
                "127.0.0.1:0",
            ])
            .current_dir(root())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python can be started");
        let mut line = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ");
        let address = address
            .unwrap_or_else(|| panic!("{name} said {line}"))
            .to_string();
        Self { child, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
