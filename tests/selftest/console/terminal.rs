//! One terminal of a demonstration: a program, what is typed into it, and what it prints.

use std::io::Write;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Once;

use lab::process::deadline::Deadline;
use lab::process::output::Output;
use lab::process::reaper;

use super::addresses::Addresses;
use super::command::{Kind, Order, order};
use super::lines::{is_from_talk, is_small_talk, without_measures, without_ports};
use super::quiescence;
use crate::support::scratch::root;

/// How much of what is printed is kept, in bytes.
const MOST: usize = 1 << 20;

/// So many lines were looked at of what was interrupted: all that will ever come.
const INTERRUPTED: usize = usize::MAX;

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
        static ONCE: Once = Once::new();
        ONCE.call_once(reaper::end_all_when_interrupted);
        let started = reaper::start(&mut command_line);
        let mut child = started.map_err(|error| format!("cannot start {command}: {error}"))?;
        // The command holds the writing ends of the pipe as long as it lives.
        drop(command_line);
        Ok(Self {
            kind,
            command: command.to_string(),
            input: child.stdin.take(),
            child,
            output: Output::drain(reader, MOST)
                .map_err(|error| format!("cannot read {command}: {error}"))?,
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

    /// Waits for the first line of `lab talk`, which says whether it is connected: a slide may leave that out, and who comes
    /// later on it comes later.
    pub fn connects(&mut self) {
        if self.kind == Kind::Talk {
            let _ = self.next_before(Deadline::generous());
        }
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

    /// Nobody interrupts what has ended: that would hide how it did.
    pub fn interrupt(&mut self, addresses: &mut Addresses) -> Result<(), String> {
        if let Ok(Some(status)) = self.child.try_wait() {
            let said = self.output.text();
            return Err(format!(
                "`{}` had ended before ^C, with {status}, and has printed this: {said:?}",
                self.command
            ));
        }
        reaper::end(&mut self.child);
        self.output.wait_for_the_end(Deadline::start());
        self.seen = INTERRUPTED;
        addresses.free(&self.shown);
        Ok(())
    }

    /// Waits until `line` is printed, and nothing else before it but ticks and a greeting of `lab talk`.
    pub fn prints(&mut self, line: &str, addresses: &mut Addresses) -> Result<(), String> {
        if line == "…" {
            self.skips = true;
            return Ok(());
        }
        let deadline = Deadline::generous();
        loop {
            let Some(printed) = self.next_before(deadline) else {
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
            if !self.skips && (!is_small_talk(&printed) || is_small_talk(line)) {
                return Err(format!(
                    "`{}` should print {line:?}, and prints {printed:?}",
                    self.command
                ));
            }
        }
    }

    /// Waits until it has said what it will say by itself.
    pub fn settles(&mut self, addresses: &Addresses) {
        quiescence::wait(&mut self.child, addresses);
        Deadline::start().until(|| self.output.is_drained().then_some(()));
    }

    /// At the end of a slide that shows `block` of it: what it has printed stands there.
    pub fn has_shown_all(&mut self, block: &str, addresses: &Addresses) -> Result<(), String> {
        // Behind a mark for any lines of a server, which of them come in time is not known.
        let is_cut = self.kind == Kind::Server && block.lines().any(|line| line == "…");
        if is_cut || self.skips || self.kind == Kind::Command || self.seen == INTERRUPTED {
            return Ok(());
        }
        while let Some(line) = self.next() {
            if !is_small_talk(&line) {
                return Err(self.printed_as_well(&line, addresses));
            }
            self.seen += 1;
        }
        Ok(())
    }

    /// It has ended, or is a server or a client that goes on until the lecture is over. A command that ends by itself has
    /// been shown to its end.
    pub fn has_no_more_to_say(mut self, addresses: &mut Addresses) -> Result<(), String> {
        addresses.free(&self.shown);
        if self.kind != Kind::Command || self.seen == INTERRUPTED {
            return Ok(());
        }
        if !self.ends() {
            return Err(format!("`{}` goes on, and nobody ends it", self.command));
        }
        self.output.wait_for_the_end(Deadline::start());
        match self.next() {
            Some(line) if !self.skips => Err(self.printed_as_well(&line, addresses)),
            _ => Ok(()),
        }
    }

    /// Nobody gives another command to a terminal whose program still runs.
    pub fn is_free(&mut self) -> Result<(), String> {
        match self.seen == INTERRUPTED || self.ends() {
            true => Ok(()),
            false => Err(format!(
                "in this terminal `{}` still runs: end it first, such as with ^C",
                self.command
            )),
        }
    }

    /// Waits for its end, which a server does not come to.
    fn ends(&mut self) -> bool {
        let deadline = match self.kind {
            Kind::Server => Deadline::short(),
            _ => Deadline::generous(),
        };
        let ended = deadline.until(|| matches!(self.child.try_wait(), Ok(Some(_))).then_some(()));
        ended.is_some()
    }

    fn printed_as_well(&self, line: &str, addresses: &Addresses) -> String {
        let line = addresses.on_the_slide(line);
        format!("`{}`: {line:?} was printed as well", self.command)
    }

    /// The next whole line that was not looked at.
    fn next(&mut self) -> Option<String> {
        let text = self.output.text();
        let whole = &text[..text.rfind('\n')? + 1];
        // That another test's lab was building at the time is no part of the lecture.
        let is_told = |line: &&str| !line.starts_with("waiting for another lab");
        let mut told = whole.lines().filter(is_told);
        told.nth(self.seen).map(str::to_string)
    }

    /// As [`next`](Self::next), or nothing when it has ended without, or does not come for too long.
    fn next_before(&mut self, deadline: Deadline) -> Option<String> {
        let next = deadline.until(|| {
            let has_ended = !matches!(self.child.try_wait(), Ok(None));
            if has_ended {
                self.output.wait_for_the_end(Deadline::start());
            }
            let next = self.next();
            (next.is_some() || has_ended).then_some(next)
        });
        next.flatten()
    }

    fn is_same(&self, shown: &str, printed: &str) -> bool {
        let is_measured = |line: &str| self.kind == Kind::Talk && !line.starts_with("< ");
        let any = |line: &str| match is_measured(line) {
            true => without_measures(&without_ports(line)),
            false => without_ports(line),
        };
        any(shown) == any(printed)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.seen != INTERRUPTED {
            reaper::end(&mut self.child);
        }
    }
}
