//! What a command of `lab` prints, for a page of the desk.

use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::Context;

use crate::desk::Event;
use crate::desk::state::Output;
use crate::process::output::NO_THREAD;
use crate::process::reaper;

/// Runs `lab` with `arguments`, and tells what it has printed.
///
/// # Errors
///
/// When the system refuses a thread.
pub fn print(
    title: &'static str,
    arguments: Vec<&'static str>,
    tell: Sender<Event>,
) -> anyhow::Result<()> {
    let work = move || {
        let text = output(&arguments).unwrap_or_else(|error| format!("{error:#}\n"));
        // Nobody is there to hear it when the desk is being closed.
        _ = tell.send(Event::Printed(Output { title, text }));
    };
    thread::Builder::new().spawn(work).context(NO_THREAD)?;
    Ok(())
}

/// What `lab` prints, on both of its outputs.
fn output(arguments: &[&str]) -> anyhow::Result<String> {
    let (mut reader, writer) = std::io::pipe()?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(arguments)
        .env("CLICOLOR_FORCE", "1")
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = reaper::start(&mut command).context("cannot start the lab")?;
    // It holds the writing ends.
    drop(command);
    let read = std::io::read_to_string(&mut reader);
    reaper::end(&mut child);
    Ok(read?)
}
