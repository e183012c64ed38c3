//! The `lab` command as a student runs it: started, watched, interrupted, and looked at when it has ended.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::scratch::{lab_program, root};

/// Below this name every process of one run finds the same value in its environment.
const MARK: &str = "UNBLOCKED_MARK";

/// Who takes longer than this hangs. Nothing else is judged by it, so that it has room for any machine.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What is awaited so long does not come. It may have to wait for other tests' builds before.
const AGES: Duration = Duration::from_secs(2 * 60);

/// A run of `lab` that nothing in our own environment influences.
pub struct Lab {
    pub command: Command,
    mark: Mark,
}

/// What tells the processes of one run from all others.
#[derive(Clone)]
struct Mark(String);

/// A run that has begun. If its test fails before its end, it is ended.
pub struct Started {
    /// Until its end is waited for.
    child: Option<Child>,
    mark: Mark,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Lab {
    pub fn new(arguments: &[&str]) -> Self {
        Self::started_by(&[], arguments)
    }

    /// As [`new`](Self::new), where other commands come first, of which the last one becomes `lab`: `nohup`, `unshare`.
    pub fn started_by(others: &[&str], arguments: &[&str]) -> Self {
        Self::new_of(others, &lab_program(), arguments)
    }

    /// As [`new`](Self::new), of a `lab` that stands somewhere else.
    pub fn of(program: &Path, arguments: &[&str]) -> Self {
        Self::new_of(&[], program, arguments)
    }

    fn new_of(others: &[&str], program: &Path, arguments: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mark = Mark(format!("{}-{number}", std::process::id()));
        let words = others.iter().map(OsStr::new);
        let mut words = words.chain([program.as_os_str()]);
        let mut command = Command::new(words.next().expect("there is at least lab itself"));
        command
            .args(words)
            .args(arguments)
            .current_dir(root())
            .env(MARK, &mark.0)
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

    pub fn start(mut self) -> Started {
        let child = Some(self.command.spawn().expect("lab can be started"));
        let mark = self.mark;
        Started { child, mark }
    }

    /// Waits for its end, and sees to it that nothing was left behind.
    pub fn run(self) -> Ran {
        self.start().ends()
    }
}

impl Started {
    pub fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("nobody has waited for its end")
    }

    /// Waits until a process of this run has such a command line.
    pub fn until_runs(&mut self, command: &str) {
        let is_it = |pid| name_of(pid).contains(command);
        let runs = comes(|| {
            let ended = self.child().try_wait().expect("it can be waited for");
            assert!(ended.is_none(), "lab ended before it ran {command}");
            self.mark.processes().into_iter().any(is_it)
        });
        assert!(runs, "no process runs {command}");
    }

    /// Whether a process of this run has such a command line.
    pub fn runs(&self, command: &str) -> bool {
        let mut processes = self.mark.processes().into_iter();
        processes.any(|pid| name_of(pid).contains(command))
    }

    /// Reads what it prints until a line holds `text`. If that does not come, it is ended, and its test fails.
    pub fn prints(&mut self, text: &str) {
        let mut out = self.child().stdout.take().expect("its output is a pipe");
        let (wanted, (done, ended)) = (text.to_string(), channel());
        thread::spawn(move || {
            let found = reads_until(&mut out, &wanted);
            let _ = done.send((found, out));
        });
        match ended.recv_timeout(AGES) {
            Ok((true, out)) => self.child().stdout = Some(out),
            _ => panic!("\"{text}\" does not come"),
        }
    }

    /// Sends it a signal.
    pub fn gets(&self, signal: &str) {
        if signal == "-INT" {
            assert_ctrl_c_is_heard();
        }
        send(signal, self.id());
    }

    /// Nobody reads any more what it prints.
    pub fn loses_its_reader(&mut self) {
        drop(self.child().stdout.take());
    }

    /// Waits for its end, and sees to it that nothing was left behind. If it hangs, it is ended, and its test fails.
    pub fn ends(mut self) -> Ran {
        let child = self.child.take().expect("nobody has waited for its end");
        let mark = self.mark.clone();
        let (done, ended) = channel::<()>();
        let watched = mark.clone();
        let watch = thread::spawn(move || {
            let is_hanging = ended.recv_timeout(PATIENCE).is_err();
            if is_hanging {
                // All of them, since whoever has inherited its output keeps that open.
                watched.ends();
            }
            is_hanging
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
            err: without_waiting(&text(stderr)),
        };
        let was_hanging = watch.join().expect("the watch does not panic");
        assert!(
            !was_hanging,
            "lab was still running after {PATIENCE:?}: {ran:?}"
        );
        // A killed one may take a moment to disappear.
        let is_gone = comes(|| mark.processes().is_empty());
        let left: Vec<String> = mark.processes().into_iter().map(name_of).collect();
        mark.ends();
        assert!(is_gone, "left behind: {left:?}");
        ran
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            self.mark.ends();
            let _ = child.wait();
        }
    }
}

/// What a lab said, but for a word on another test's lab that was building at the time.
fn without_waiting(err: &str) -> String {
    let lines = err.split_inclusive('\n');
    lines
        .filter(|line| !line.starts_with("waiting for another lab"))
        .collect()
}

impl Ran {
    /// What it has said beside its results, but for what it had to wait for: another test's lab may have been building.
    pub fn said(&self) -> String {
        let lines = self.err.lines();
        let said = lines.filter(|line| !line.starts_with("waiting for"));
        said.collect::<Vec<_>>().join("\n")
    }

    /// The verdicts of `check --json`.
    pub fn checks(&self) -> Vec<Value> {
        let told: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let rows = told["checks"].as_array().cloned();
        rows.unwrap_or_else(|| panic!("no verdicts: {self:?}"))
    }
}

impl Mark {
    /// The processes of this run that are alive.
    fn processes(&self) -> Vec<u32> {
        let entry = format!("{MARK}={}", self.0);
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|process| process.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                let mut entries = environment.split(|byte| *byte == 0);
                entries.any(|found| found == entry.as_bytes())
            })
            .collect()
    }

    /// Ends them.
    fn ends(&self) {
        let all = self.processes().into_iter();
        all.for_each(|pid| send("-KILL", pid));
    }
}

/// Looks again and again until there is what is awaited, or much too much time has passed.
pub fn comes(mut look: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if look() {
            return true;
        }
        if start.elapsed() > AGES {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Reads up to the end of a line that holds `text`, and no further. False where the output ends before.
fn reads_until(out: &mut impl Read, text: &str) -> bool {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while let Ok(1) = out.read(&mut byte) {
        line.push(byte[0]);
        if byte == *b"\n" {
            if String::from_utf8_lossy(&line).contains(text) {
                return true;
            }
            line.clear();
        }
    }
    false
}

/// It is no error if it is gone meanwhile.
fn send(signal: &str, pid: u32) {
    let mut kill = Command::new("kill");
    let kill = kill.args([signal, &pid.to_string()]).stderr(Stdio::null());
    kill.status().expect("kill can be started");
}

/// What is started with `&` by a script ignores Ctrl-C, and so does all that it starts: sh(1). A test of it would wait in vain.
pub fn assert_ctrl_c_is_heard() {
    const SIGINT: u64 = 1 << (2 - 1);
    let status = fs::read_to_string("/proc/self/status").expect("it can be read");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.expect("it is there").trim(), 16);
    assert!(
        ignored.is_ok_and(|ignored| ignored & SIGINT == 0),
        "whoever started `cargo verify` ignores Ctrl-C, as `&` in a script does: start it in the foreground"
    );
}

fn name_of(pid: u32) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ")
}
