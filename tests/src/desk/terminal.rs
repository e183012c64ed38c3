//! The terminal of the desk: a screen of its own, from which it always comes back.

use std::io::{self, IsTerminal, Write};
use std::process::Command;
use std::sync::mpsc::{self, Sender};
use std::thread;

use anstream::ColorChoice;
use anyhow::Context;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::Print;
use crossterm::terminal::{
    self, Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{execute, queue};

use crate::desk::screen::{Screen, Sheet};
use crate::desk::state::{Desk, Key};
use crate::desk::{Event, page};
use crate::platform;
use crate::process::output::NO_THREAD;
use crate::process::reaper;

/// Whether there is a terminal to write to and to hear keys from.
#[must_use]
pub fn is_there() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
    !is_dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The terminal, while the desk has it.
#[derive(Debug)]
pub struct Terminal {
    /// Asks for one more key.
    more: Sender<()>,
}

impl Terminal {
    /// Takes the terminal, and tells of its keys: of one, and then of the next after [`hear_the_next`](Self::hear_the_next).
    pub fn open(tell: Sender<Event>) -> anyhow::Result<Self> {
        let (more, asked) = mpsc::channel();
        let hear = move || {
            while let Ok(()) = asked.recv() {
                let heard = loop {
                    match event::read().map(heard) {
                        Ok(None) => {}
                        Ok(Some(heard)) => break heard,
                        Err(_) => break Event::Gone,
                    }
                };
                if tell.send(heard).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("keys".into());
        thread.spawn(hear).context(NO_THREAD)?;
        reaper::say_farewell_with(leave);
        enter()?;
        let opened = Self { more };
        opened.hear_the_next();
        Ok(opened)
    }

    pub fn hear_the_next(&self) {
        // The thread that hears them lives as long as this program.
        let _ = self.more.send(());
    }

    pub fn draw(&self, desk: &mut Desk) -> io::Result<()> {
        let screen = screen();
        let body = page::body(desk, screen.text_width());
        let mut lay_out = || {
            let keys = desk.keys();
            let drawn = screen.draw(&Sheet {
                head: page::head(desk),
                body: &body,
                scroll: desk.scroll,
                keys: keys.clone(),
            });
            (desk.room, desk.lines) = (drawn.room, drawn.all);
            (drawn, desk.keys() == keys)
        };
        // Whether all of it fits decides about a key.
        let drawn = match lay_out() {
            (drawn, true) => drawn,
            (_, false) => lay_out().0,
        };
        let mut out = io::stdout().lock();
        queue!(out, terminal::BeginSynchronizedUpdate)?;
        for (row, line) in (0..).zip(&drawn.lines) {
            // Behind a line that is as wide as the terminal the cursor stands on its last letter: clearing comes first.
            queue!(
                out,
                MoveTo(0, row),
                Clear(ClearType::UntilNewLine),
                Print(line)
            )?;
        }
        queue!(out, terminal::EndSynchronizedUpdate)?;
        out.flush()
    }

    /// Lends the terminal to `lab` with these arguments, until it has ended and somebody has read what it printed.
    pub fn lend(&self, arguments: &[&str]) -> anyhow::Result<()> {
        leave();
        if arguments.first() == Some(&"run") {
            println!(
                "Ctrl-C ends your program and goes back to the lab. `cargo lab talk` in another terminal talks to it."
            );
        }
        let said = run(arguments).unwrap_or_else(|error| format!("{error:#}"));
        enter_with_a_question(&said)?;
        loop {
            match event::read()? {
                event::Event::Key(key) if key.kind != KeyEventKind::Release => break,
                _ => {}
            }
        }
        enter()?;
        self.hear_the_next();
        Ok(())
    }

    /// Stops, as Ctrl-Z does elsewhere, and comes back when somebody lets us go on.
    pub fn stop(&self) -> io::Result<()> {
        leave();
        platform::stop_ourselves();
        enter()?;
        self.hear_the_next();
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        leave();
    }
}

/// Runs `lab` on the terminal; says how it ended.
fn run(arguments: &[&str]) -> anyhow::Result<String> {
    let _lent = reaper::lend_the_terminal();
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    let mut child = reaper::start(&mut command).context("cannot start the lab")?;
    let waited = child.wait();
    reaper::end(&mut child);
    Ok(match waited?.code() {
        Some(code) => format!("`lab {}` has ended with code {code}", arguments.join(" ")),
        None => format!("`lab {}` was ended", arguments.join(" ")),
    })
}

fn enter() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        Hide,
        DisableLineWrap,
        Clear(ClearType::All)
    )
}

/// Keys are heard one by one, and what was printed stays to be read.
fn enter_with_a_question(said: &str) -> io::Result<()> {
    println!("\n{said}. Any key goes back to the lab.");
    terminal::enable_raw_mode()
}

/// Leaves the terminal as it was. Whoever has closed it misses nothing.
fn leave() {
    let _ = execute!(io::stdout(), EnableLineWrap, Show, LeaveAlternateScreen);
    let _ = terminal::disable_raw_mode();
}

fn screen() -> Screen {
    let (width, height) = terminal::size().unwrap_or((80, 24));
    Screen {
        // Some terminals do not know how large they are.
        width: if width == 0 { 80 } else { width.into() },
        height: if height == 0 { 24 } else { height.into() },
        has_colour: anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        has_unicode: has_unicode(),
    }
}

/// Whether the surroundings say that text is UTF-8. Where they say nothing, as on Windows, it is.
fn has_unicode() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    said.is_none_or(|name| {
        let name = name.to_lowercase();
        name.contains("utf-8") || name.contains("utf8")
    })
}

/// What the desk hears of an event; nothing of most.
fn heard(event: event::Event) -> Option<Event> {
    match event {
        event::Event::Resize(..) => Some(Event::Resized),
        event::Event::Key(key) if key.kind != KeyEventKind::Release => Some(Event::Key(meant(key))),
        _ => None,
    }
}

fn meant(key: KeyEvent) -> Key {
    let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if has_control => Key::Interrupt,
        KeyCode::Char('z') if has_control => Key::Stop,
        KeyCode::Char(_) if has_control => Key::Other,
        KeyCode::Char(letter) => Key::Letter(letter),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        _ => Key::Other,
    }
}
