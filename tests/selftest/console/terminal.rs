//! One terminal of a demonstration: a program, what is typed into it, and what it prints.

use std::io::Write;
use std::process::{Child, ChildStdin, Stdio};

use lab::deadline::Deadline;
use lab::output::Output;
use lab::platform;

use super::addresses::Addresses;
use super::lines::{is_from_talk, without_numbers, without_ports};
use super::order::{Kind, Order, order};
use crate::gallery_file::root;

/// How much of what is printed is kept, in bytes.
const MOST: usize = 1 << 20;

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
        let Order {
            kind,
            mut command_line,
            shown,
        } = order(command, addresses)?;
        let (reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
        let copy = writer.try_clone().map_err(|error| error.to_string())?;
        command_line
            .current_dir(root())
            .env_remove("CLICOLOR_FORCE")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(writer)
            .stderr(copy);
        // A shell's commands end with the shell.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command_line, 0);
        let started = command_line.spawn();
        let mut child = started.map_err(|error| format!("cannot start {command}: {error}"))?;
        // The command holds the writing ends of the pipe as long as it lives.
        drop(command_line);
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

    /// Waits until `line` is printed, and nothing else before it but ticks and a greeting of `lab talk`.
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
            // These may be left out on a slide.
            let is_small_talk = ["tick ", "connected to "]
                .iter()
                .any(|talk| printed.starts_with(talk) && !line.starts_with(talk));
            if !self.skips && !is_small_talk {
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
