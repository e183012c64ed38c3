//! One terminal of a demonstration: a program, what is typed into it, and what it prints.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use lab::building::{Built, build};
use lab::course;
use lab::deadline::Deadline;
use lab::output::Output;
use lab::platform;
use lab::subject::{House, Subject};

use super::addresses::{Addresses, USUAL, USUAL_PORT};
use super::lines::{is_from_talk, without_numbers, without_ports};
use crate::gallery_file::root;

/// How much of what is printed is kept, in bytes.
const MOST: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Server,
    /// `lab talk`, whose own lines are known.
    Talk,
    /// The client of stage 03, to which lines are typed that come back.
    Client,
    /// Anything that ends by itself.
    Command,
}

pub struct Terminal {
    pub kind: Kind,
    command: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Output,
    /// How many lines of the output were looked at.
    seen: usize,
    /// The address that a server has on the slide.
    shown: String,
    /// Whether any lines may come before the next one that is expected.
    skips: bool,
    /// What was typed into a client and has not come back.
    typed: Vec<String>,
}

impl Terminal {
    pub fn start(command: &str, addresses: &mut Addresses) -> Result<Self, String> {
        let (kind, mut order, shown) = order(command, addresses)?;
        let (reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
        let copy = writer.try_clone().map_err(|error| error.to_string())?;
        order
            .current_dir(root())
            .env_remove("CLICOLOR_FORCE")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(writer)
            .stderr(copy);
        // A shell's commands end with the shell.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut order, 0);
        let started = order.spawn();
        let mut child = started.map_err(|error| format!("cannot start {command}: {error}"))?;
        // The command holds the writing ends of the pipe as long as it lives.
        drop(order);
        Ok(Self {
            kind,
            command: command.to_string(),
            input: child.stdin.take(),
            child,
            output: Output::drain(reader, MOST),
            seen: 0,
            shown,
            skips: false,
            typed: Vec::new(),
        })
    }

    /// Whether a server has said where it listens, which it does on its own.
    pub fn has_begun(&self) -> bool {
        self.seen > 0
    }

    /// Whether somebody types this line, rather than the program printing it.
    pub fn is_typed(&self, line: &str) -> bool {
        match self.kind {
            Kind::Talk => !is_from_talk(line) && line != "…",
            Kind::Client => !self.typed.iter().any(|typed| typed == line) && line != "…",
            Kind::Server | Kind::Command => false,
        }
    }

    pub fn types(&mut self, line: &str) -> Result<(), String> {
        let input = self.input.as_mut().ok_or("its input has ended")?;
        if self.kind == Kind::Client {
            self.typed.push(line.to_string());
        }
        let written = writeln!(input, "{line}");
        written.map_err(|error| format!("cannot type {line:?}: {error}"))
    }

    pub fn end_input(&mut self) {
        self.input = None;
    }

    pub fn interrupt(&mut self, addresses: &mut Addresses) {
        end(&mut self.child);
        self.output.wait_for_the_end(Deadline::start());
        self.seen = usize::MAX;
        addresses.free(&self.shown);
    }

    /// Waits until `line` is printed, and nothing else before it but ticks.
    pub fn prints(&mut self, line: &str, addresses: &mut Addresses) -> Result<(), String> {
        if line == "…" {
            self.skips = true;
            return Ok(());
        }
        let deadline = Deadline::start();
        loop {
            let Some(printed) = deadline.until(|| self.next()) else {
                let said = self.output.text();
                return Err(format!(
                    "`{}` should print {line:?}, and has printed this: {said:?}",
                    self.command
                ));
            };
            self.seen += 1;
            if let Some(real) = printed.strip_prefix("listening on ") {
                addresses.learn(&self.shown, real);
            }
            let printed = addresses.on_the_slide(&printed);
            if self.is_same(line, &printed) {
                self.skips = false;
                self.typed.retain(|typed| typed != line);
                return Ok(());
            }
            let is_tick = printed.starts_with("tick ") && !line.starts_with("tick ");
            if !self.skips && !is_tick {
                return Err(format!(
                    "`{}` should print {line:?}, and prints {printed:?}",
                    self.command
                ));
            }
        }
    }

    /// A command that ends by itself has been shown to its end.
    pub fn has_no_more_to_say(mut self, addresses: &mut Addresses) -> Result<(), String> {
        addresses.free(&self.shown);
        if self.kind != Kind::Command || self.skips || self.seen == usize::MAX {
            return Ok(());
        }
        self.output.wait_for_the_end(Deadline::start());
        match self.next() {
            Some(line) => Err(format!(
                "`{}`: {:?} was printed as well",
                self.command,
                addresses.on_the_slide(&line)
            )),
            None => Ok(()),
        }
    }

    /// The next whole line that was not looked at.
    fn next(&mut self) -> Option<String> {
        let text = self.output.text();
        let whole = &text[..text.rfind('\n')? + 1];
        whole.lines().nth(self.seen).map(str::to_string)
    }

    fn is_same(&self, shown: &str, printed: &str) -> bool {
        let is_measured = |line: &str| {
            self.kind == Kind::Command || (self.kind == Kind::Talk && !line.starts_with("< "))
        };
        let any = |line: &str| match is_measured(line) {
            true => without_numbers(line),
            false => without_ports(line),
        };
        any(shown) == any(printed)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        platform::end_group(child.id());
        // It may be gone already.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// What is carried out for a command on a slide, and the address that it has there if it is a server.
fn order(command: &str, addresses: &mut Addresses) -> Result<(Kind, Command, String), String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let is_shell = command.contains(['|', '<', '>', ';', '\'']);
    if let [
        "cargo",
        "lab",
        "run",
        stage,
        "--subject",
        "solutions",
        rest @ ..,
    ] = &words[..]
        && !is_shell
    {
        let mut order = Command::new(program(stage)?);
        let arguments = rest.strip_prefix(&["--"]).unwrap_or(rest);
        if *stage == "3" {
            order.args(arguments.iter().map(|word| addresses.in_truth(word)));
            return Ok((Kind::Client, order, String::new()));
        }
        let shown = match arguments {
            ["--listen", shown] => shown,
            [] => USUAL,
            _ => return Err(format!("{arguments:?} is not known here")),
        };
        // A second server at the same address is to find it taken.
        let listen = addresses.taken(shown).unwrap_or("127.0.0.1:0");
        order.args(["--listen", listen]);
        return Ok((Kind::Server, order, shown.to_string()));
    }
    let lab = env!("CARGO_BIN_EXE_lab");
    let truth = addresses.in_truth(command);
    if let (["cargo", "lab", rest @ ..], false) = (&words[..], is_shell) {
        let mut order = Command::new(lab);
        order.args(rest.iter().map(|word| addresses.in_truth(word)));
        let kind = match rest {
            ["talk", ..] => Kind::Talk,
            _ => Kind::Command,
        };
        return Ok((kind, order, String::new()));
    }
    let mut order = Command::new("sh");
    let client = "cargo lab run 3 --subject solutions --";
    let truth = match truth.contains(client) {
        true => truth.replace(client, &format!("'{}'", program("3")?.display())),
        false => truth,
    };
    let mut truth = truth.replace("cargo lab", &format!("'{lab}'"));
    if truth.contains(USUAL_PORT) {
        truth = truth.replace(USUAL_PORT, &addresses.port(USUAL)?);
    }
    order.args(["-c", &truth]);
    Ok((Kind::Command, order, String::new()))
}

/// The solution of a stage, built.
fn program(stage: &str) -> Result<PathBuf, String> {
    let [stage] = course::find(stage)[..] else {
        return Err(format!("there is no one stage {stage}"));
    };
    let house = House::find().map_err(|error| format!("{error:#}"))?;
    let folder = root().join("solutions");
    let built = Subject::open(&house, Some(Path::new(&folder)))
        .and_then(|subject| build(&house, &subject, &[stage]))
        .map_err(|error| format!("{error:#}"))?;
    match built.into_iter().next() {
        Some((_, Built::Program { path, .. })) => Ok(path),
        other => Err(format!("{} is not built: {other:?}", stage.slug)),
    }
}
