//! A server that is measured. Nobody looks at it while it works: what counts its threads and judges its steps would
//! take time from it, and a measurement has no use for a limit on them.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::evidence::kit_log::Event;
use crate::evidence::last_words::last_lines;
use crate::platform::{self, Limits};
use crate::process::deadline::Deadline;
use crate::process::output::Output;
use crate::process::reaper;

/// What it may use: everything, but not for ever.
const UNLIMITED: Limits = Limits {
    memory: u64::MAX,
    descriptors: u64::MAX,
    preopened: 0,
    cpu_seconds: 10 * 60,
    file_size: 16 << 20,
};

/// How much of what it prints is kept.
const KEPT: usize = 64 * 1024;

/// A running server. It is ended when it is dropped.
#[derive(Debug)]
pub struct BenchServer {
    child: Child,
    address: SocketAddr,
    stderr: Output,
}

impl BenchServer {
    /// Starts `command` with `--listen` and a port that the kernel chooses, and waits for its announcement.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or does not say where it listens. The message quotes its last words.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let asked = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        command.args(["--listen", &asked.to_string()]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        platform::forget_surroundings(&mut command);
        platform::confine(&mut command, UNLIMITED);
        platform::confine_descriptors(&mut command, UNLIMITED);
        let started = reaper::start(&mut command);
        let mut child = started.with_context(|| format!("cannot start {command:?}"))?;
        let stdout = Output::drain(child.stdout.take().context("no pipe")?, KEPT)?;
        let stderr = Output::drain(child.stderr.take().context("no pipe")?, KEPT)?;
        let mut server = Self {
            child,
            address: asked,
            stderr,
        };
        let announced = Deadline::start().until(|| {
            let is_gone = server.has_exited();
            if is_gone {
                stdout.wait_for_the_end(Deadline::last_look());
            }
            stdout.first_line().map(Some).or(is_gone.then_some(None))
        });
        let line = match announced {
            Some(Some(line)) => line,
            Some(None) => bail!("it ended before it listened{}", server.last_words()),
            None => bail!("it ran for long without a line that says where it listens"),
        };
        let Some(Event::Listening(address)) = Event::parse(&line) else {
            bail!("its first line is \"{line}\", and no announcement");
        };
        server.address = address;
        Ok(server)
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The processor time of all its threads so far. `None` where nobody can tell.
    #[must_use]
    pub fn cpu(&self) -> Option<Duration> {
        platform::cpu(self.child.id())
    }

    /// The memory that it has for itself, in bytes. `None` where nobody can tell.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        platform::own_memory(self.child.id())
    }

    #[must_use]
    pub fn has_exited(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// What it printed last on its standard error, once it has exited, after a colon.
    #[must_use]
    pub fn last_words(&self) -> String {
        self.stderr.wait_for_the_end(Deadline::last_look());
        let text = self.stderr.text();
        let line = last_lines(&text, 1).pop();
        line.map_or_else(String::new, |line| format!(": {}", line.trim()))
    }
}

impl Drop for BenchServer {
    fn drop(&mut self) {
        reaper::end(&mut self.child);
    }
}
