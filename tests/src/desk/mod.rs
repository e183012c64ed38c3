//! What a student has open while working: the stage at hand, judged at each save, and keys for what one may want next.
//!
//! It keeps no state that could disagree with the files: what it shows was read or judged since the last save.

pub mod edits;
mod judging;
mod page;
mod plain;
mod printing;
pub mod screen;
mod state;
mod terminal;
pub mod watching;

use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, Sender};

use crate::build::repo::Repo;
use crate::course::Stage;
use crate::desk::judging::{Judging, News};
use crate::desk::state::{Desk, Order};
use crate::desk::terminal::Terminal;
use crate::desk::watching::Watched;

pub use plain::watch as watch_plain;
pub use terminal::is_there as has_a_terminal;

/// What happens at the desk.
#[derive(Debug)]
enum Event {
    Key(state::Key),
    /// The terminal has another size.
    Resized,
    /// The terminal is gone.
    Gone,
    Files(Watched),
    /// From the judging with this number.
    News(u64, News),
    /// What a command has printed.
    Printed(state::Output),
}

/// Opens the desk at `stage`, or at the one that was edited last, until it is closed.
///
/// # Errors
///
/// When the terminal cannot be used.
pub fn open(
    repo: &Repo,
    stage: Option<&'static Stage>,
    seed: Option<u64>,
) -> anyhow::Result<ExitCode> {
    let (tell, events) = mpsc::channel();
    let mut terminal = Terminal::open(tell.clone())?;
    let told = tell.clone();
    // Nobody is there to hear it when the desk is being closed.
    watching::watch(repo, move |seen| _ = told.send(Event::Files(seen)))?;
    let stage = stage.unwrap_or_else(|| edits::at_hand(&repo.root));
    let mut desk = Desk::at(repo, stage, seed);
    serve(repo, &mut desk, &mut terminal, &tell, &events)?;
    Ok(ExitCode::SUCCESS)
}

fn serve(
    repo: &Repo,
    desk: &mut Desk,
    terminal: &mut Terminal,
    tell: &Sender<Event>,
    events: &Receiver<Event>,
) -> anyhow::Result<()> {
    let mut judging = None;
    let mut number = 0;
    let mut order = desk.begin();
    loop {
        match order {
            Order::Nothing => {}
            Order::Judge(stage) => {
                // The old one has ended before the new one begins.
                drop(judging.take());
                number += 1;
                let (run, tell) = (number, tell.clone());
                judging = Some(Judging::begin(repo, stage, desk.seed, move |news| {
                    _ = tell.send(Event::News(run, news));
                })?);
            }
            Order::Run(arguments) => terminal.lend(&arguments)?,
            Order::Print { title, arguments } => {
                printing::print(title, arguments, tell.clone())?;
            }
            Order::Stop => {
                drop(judging.take());
                terminal.stop()?;
                order = desk.begin();
                continue;
            }
            Order::Quit => return Ok(()),
        }
        terminal.draw(desk)?;
        order = match events.recv()? {
            Event::Key(key) => {
                let order = desk.press(key);
                // What a command that has the terminal is told is none of our keys.
                if !matches!(order, Order::Run(_) | Order::Stop) {
                    terminal.hear_the_next();
                }
                order
            }
            Event::Resized => {
                terminal.hear_the_next();
                Order::Nothing
            }
            Event::Gone => Order::Quit,
            Event::Files(seen) => desk.see(seen),
            Event::News(run, news) if run == number => desk.hear(news),
            Event::News(..) => Order::Nothing,
            Event::Printed(output) => desk.show(output),
        };
    }
}
