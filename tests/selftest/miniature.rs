//! Small subjects whose programs are up to no good, and the `lab` that judges them as a student's would be.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use lab::course::{STAGES, Stage};
use serde_json::Value;

use crate::gallery_file::{Source, root, sources, subject};

/// Below this name every process of one run finds the same value in its environment.
const MARK: &str = "UNBLOCKED_MARK";

/// Longer than any run here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(80);

/// A subject in which stages have one of the programs in `miniature`; `solution` stands for the solution.
pub fn miniature(name: &str, programs: &[(&str, &str)]) -> PathBuf {
    let found: Vec<(&Stage, Vec<Source>)> = programs
        .iter()
        .map(|(number, program)| (stage(number), program_of(stage(number), program)))
        .collect();
    let all: Vec<_> = found
        .iter()
        .map(|(stage, sources)| (*stage, sources.as_slice()))
        .collect();
    subject(&format!("miniature/{name}"), &all)
}

/// The stage with that number, as people type it.
pub fn stage(number: &str) -> &'static Stage {
    STAGES
        .iter()
        .find(|stage| stage.short() == number)
        .expect("there is such a stage")
}

fn program_of(stage: &'static Stage, program: &str) -> Vec<Source> {
    if program == "solution" {
        return sources(&root().join("solutions"), stage);
    }
    let path = root().join(format!("tests/selftest/miniature/{program}.rs"));
    let text = fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    vec![(stage.files[0], text)]
}

/// A run of `lab` that nothing in our own environment influences.
pub struct Lab {
    pub command: Command,
    mark: String,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    pub time: Duration,
}

impl Lab {
    pub fn new(arguments: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{number}", std::process::id());
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        command
            .args(arguments)
            .current_dir(root())
            .env(MARK, &mark)
            .env_remove("CLICOLOR_FORCE")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command, mark }
    }

    /// `lab check` on a subject, with these arguments.
    pub fn check(subject: &Path, arguments: &[&str]) -> Self {
        let mut lab = Self::new(&["check"]);
        lab.command.args(arguments).arg("--subject").arg(subject);
        lab
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Waits for its end, and sees to it that nothing was left behind.
    pub fn run(mut self) -> Ran {
        let start = Instant::now();
        let child = self.command.spawn().expect("lab can be started");
        let ran = finish(child, start);
        self.left_nothing();
        ran
    }

    pub fn start(&mut self) -> Child {
        self.command.spawn().expect("lab can be started")
    }

    /// The processes of this run that are alive.
    pub fn processes(&self) -> Vec<u32> {
        let entry = format!("{MARK}={}", self.mark);
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|process| process.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environment
                    .split(|byte| *byte == 0)
                    .any(|found| found == entry.as_bytes())
            })
            .collect()
    }

    /// None of its processes is alive. A killed one may take a moment to disappear.
    pub fn left_nothing(&self) {
        let gone = comes(|| self.processes().is_empty());
        let left: Vec<String> = self.processes().into_iter().map(name_of).collect();
        assert!(gone, "left behind: {left:?}");
    }
}

/// Waits for the end of a `lab` that was started at `start`. One that hangs is ended, and its test fails.
pub fn finish(child: Child, start: Instant) -> Ran {
    let pid = child.id();
    let (done, ended) = std::sync::mpsc::channel();
    let watch = std::thread::spawn(move || {
        if ended.recv_timeout(PATIENCE).is_err() {
            signal("-KILL", pid);
            return true;
        }
        false
    });
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("lab's output can be read");
    let _ = done.send(());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("lab prints UTF-8");
    let ran = Ran {
        code: status.code(),
        out: text(stdout),
        err: text(stderr),
        time: start.elapsed(),
    };
    assert!(
        !watch.join().expect("the watch does not panic"),
        "lab was still running after {PATIENCE:?}: {ran:?}"
    );
    ran
}

impl Ran {
    /// The verdicts of `check --json`.
    pub fn checks(&self) -> Vec<Value> {
        let told: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let rows = told["checks"].as_array().cloned();
        rows.unwrap_or_else(|| panic!("no verdicts: {self:?}"))
    }
}

/// Sends a signal to a process that a test started.
pub fn signal(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(
        sent.is_ok_and(|status| status.success()),
        "kill {signal} {pid}"
    );
}

/// Looks again and again, for ten seconds at most.
pub fn comes(mut look: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        if look() {
            return true;
        }
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn name_of(pid: u32) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ")
}
