//! Plays the demonstrations of one deck, slide by slide, as somebody would who gives the lecture.

use std::collections::BTreeMap;

use lab::course::deck::{Block, Deck, Slide};

use super::addresses::Addresses;
use super::command::{Kind, Shortage, lack};
use super::terminal::Terminal;

/// Plays every terminal of `deck`. The problem begins with the line of its block.
pub fn play(deck: &Deck) -> Result<(), String> {
    let mut lecture = Lecture::default();
    for slide in &deck.slides {
        match lecture.play(slide) {
            Ok(()) => {}
            Err(Stop::LeaveOut(what)) => {
                eprintln!("left out with what follows: {what}");
                return Ok(());
            }
            Err(Stop::Problem(what)) => return Err(what),
        }
    }
    lecture.end()
}

/// Why a lecture does not go on.
enum Stop {
    Problem(String),
    /// This machine lacks something.
    LeaveOut(String),
}

#[derive(Default)]
struct Lecture {
    terminals: BTreeMap<String, Terminal>,
    addresses: Addresses,
}

/// A block, and the name of the terminal that it shows.
type Shown<'a> = (&'a Block, String);

impl Lecture {
    fn play(&mut self, slide: &Slide) -> Result<(), Stop> {
        let is_console = |block: &&Block| block.language() == "console";
        let blocks: Vec<Shown> = slide
            .blocks
            .iter()
            .filter(is_console)
            .filter_map(shown)
            .collect();
        // What servers print depends on what others do on the same slide.
        let mut later: Vec<(&Shown, &str)> = Vec::new();
        for shown in &blocks {
            for line in shown.0.body.lines() {
                if self.line(shown, line)? == Turn::Later {
                    later.push((shown, line));
                }
            }
        }
        for ((block, name), line) in later {
            if let Some(terminal) = self.terminals.get_mut(name) {
                let printed = terminal.prints(line, &mut self.addresses);
                printed.map_err(|what| problem(block, &what))?;
            }
        }
        self.settle();
        for (block, name) in &blocks {
            if let Some(terminal) = self.terminals.get_mut(name) {
                let all = terminal.has_shown_all(&block.body, &self.addresses);
                all.map_err(|what| problem(block, &what))?;
            }
        }
        Ok(())
    }

    /// One line of a terminal.
    fn line(&mut self, (block, name): &Shown, line: &str) -> Result<Turn, Stop> {
        let told = |what: String| problem(block, &what);
        if let Some(command) = line.strip_prefix("$ ") {
            is_possible(block, command)?;
            self.start(name, command).map_err(told)?;
            return Ok(Turn::Done);
        }
        let terminal = self.terminals.get_mut(name);
        let terminal = terminal.ok_or_else(|| told(format!("no command before {line:?}")))?;
        match line {
            "^C" => terminal.interrupt(&mut self.addresses).map_err(told)?,
            "^D" => terminal.end_input(),
            _ if terminal.is_typed(line) => terminal.types(line).map_err(told)?,
            _ if terminal.kind == Kind::Server && terminal.has_begun() => return Ok(Turn::Later),
            _ => terminal.prints(line, &mut self.addresses).map_err(told)?,
        }
        Ok(Turn::Done)
    }

    /// Gives a command to a terminal, in which nothing may run any more.
    fn start(&mut self, name: &str, command: &str) -> Result<(), String> {
        if let Some(mut before) = self.terminals.remove(name) {
            before.is_free()?;
            before.has_no_more_to_say(&mut self.addresses)?;
        }
        let mut started = Terminal::start(command, &mut self.addresses)?;
        started.connects();
        self.terminals.insert(name.to_string(), started);
        Ok(())
    }

    /// Clients send, then servers answer, then clients show that.
    fn settle(&mut self) {
        for kind in [Kind::Talk, Kind::Server, Kind::Talk] {
            let all = self.terminals.values_mut();
            let all = all.filter(|terminal| terminal.kind == kind);
            all.for_each(|terminal| terminal.settles(&self.addresses));
        }
    }

    fn end(mut self) -> Result<(), String> {
        for terminal in self.terminals.into_values() {
            let all = terminal.has_no_more_to_say(&mut self.addresses);
            all.map_err(|what| format!("at the end: {what}"))?;
        }
        Ok(())
    }
}

/// Whether a line has had its turn.
#[derive(PartialEq, Eq)]
enum Turn {
    Done,
    Later,
}

/// The terminal that a block shows, if this system can show it.
fn shown(block: &Block) -> Option<Shown<'_>> {
    let mut words = block.info.split(' ').skip(1);
    let needs_linux = words.clone().any(|word| word == "linux");
    if needs_linux && !cfg!(target_os = "linux") {
        eprintln!(
            "left out, since it needs Linux: the terminal in line {}",
            block.line
        );
        return None;
    }
    Some((block, words.next().unwrap_or_default().to_string()))
}

/// Whether this machine has what a command needs.
fn is_possible(block: &Block, command: &str) -> Result<(), Stop> {
    let Some(why) = lack(command) else {
        return Ok(());
    };
    let told = format!("{}: {why}, as `{command}` needs", block.line);
    let is_required = std::env::var("UNBLOCKED_SLIDES").is_ok_and(|word| word == "required");
    Err(match why {
        Shortage::Tool(_) if is_required => Stop::Problem(told),
        _ => Stop::LeaveOut(told),
    })
}

fn problem(block: &Block, what: &str) -> Stop {
    Stop::Problem(format!("{}: {what}", block.line))
}
