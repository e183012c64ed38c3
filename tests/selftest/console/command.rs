//! What is carried out for a command on a slide.
//!
//! Programs of the stages are built before, and started without a shell where the command needs none, on the address
//! that stands for the one on the slide.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::build::repo::Repo;
use lab::build::subject::Subject;
use lab::build::{Building, Built, build};
use lab::course;
use lab::platform::descriptors_allowed;

use super::addresses::{Addresses, USUAL, USUAL_PORT};
use crate::support::scratch::{lab_program, root};
use crate::support::slide_code;

/// Which lines of a terminal are typed, and which may come when.
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

pub struct Order {
    pub kind: Kind,
    pub command_line: Command,
    /// The address that a server has on the slide.
    pub shown: String,
}

/// The server beside stage 09, as a slide starts it.
#[cfg(target_os = "linux")]
const EXAMPLE: &str = "cargo run -qp select --example select-limit";

/// What a machine lacks for a command.
pub enum Shortage {
    /// It can be installed.
    Tool(String),
    /// So many descriptors are asked for, and so many are allowed.
    Descriptors(u64, u64),
}

impl Display for Shortage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool(tool) => write!(f, "there is no {tool}"),
            Self::Descriptors(asked, most) => write!(f, "no {asked} descriptors, but {most}"),
        }
    }
}

/// What this machine lacks for a command, if anything.
pub fn lack(command: &str) -> Option<Shortage> {
    let mut words = command.split([' ', '(', ')', ';', '|']);
    let tool = words.clone().find(|word| {
        let find = format!("command -v {word}");
        let is_tool = ["bash", "python3", "ss", "strace"].contains(word);
        let found = || Command::new("sh").args(["-c", &find]).output();
        is_tool && !found().is_ok_and(|found| found.status.success())
    });
    let limit = words.find(|word| *word == "-n").and_then(|_| words.next());
    let limit = limit.and_then(|limit| limit.parse().ok());
    let most = descriptors_allowed();
    match (tool, limit) {
        (Some(tool), _) => Some(Shortage::Tool(tool.to_string())),
        (None, Some(limit)) if limit > most => Some(Shortage::Descriptors(limit, most)),
        (None, _) => None,
    }
}

pub fn order(command: &str, addresses: &mut Addresses) -> Result<Order, String> {
    let is_simple = !command.contains(['|', '<', '>', ';', '\'']);
    let words: Vec<&str> = command.split_whitespace().collect();
    match words[..] {
        [
            "cargo",
            "run",
            "--quiet",
            "--package",
            "slides",
            "--bin",
            name,
        ] => Ok(Order {
            kind: Kind::Command,
            command_line: Command::new(slide_code::program(name)),
            shown: String::new(),
        }),
        [
            "cargo",
            "lab",
            "run",
            stage,
            "--subject",
            "solutions",
            ref rest @ ..,
        ] if is_simple => run(stage, rest.strip_prefix(&["--"]).unwrap_or(rest), addresses),
        ["cargo", "lab", ref rest @ ..] if is_simple => {
            let mut command_line = Command::new(lab_program());
            command_line.args(rest.iter().map(|word| addresses.in_truth(word)));
            let kind = match rest {
                ["talk", ..] => Kind::Talk,
                _ => Kind::Command,
            };
            Ok(Order {
                kind,
                command_line,
                shown: String::new(),
            })
        }
        _ => in_a_shell(command, addresses),
    }
}

/// The program of a stage, with its own arguments.
fn run(stage: &str, arguments: &[&str], addresses: &Addresses) -> Result<Order, String> {
    let mut command_line = Command::new(program(stage)?);
    if stage == CLIENT {
        command_line.args(arguments.iter().map(|word| addresses.in_truth(word)));
        return Ok(Order {
            kind: Kind::Client,
            command_line,
            shown: String::new(),
        });
    }
    let shown = match arguments {
        ["--listen", shown] => shown,
        [] => USUAL,
        _ => return Err(format!("{arguments:?} is not known here")),
    };
    if let Some(taken) = addresses.taken(shown) {
        // It will not serve, and lab says more about that than the program does.
        command_line = Command::new(lab_program());
        command_line.args([
            "run",
            stage,
            "--subject",
            "solutions",
            "--",
            "--listen",
            taken,
        ]);
    } else {
        command_line.args(["--listen", ANYWHERE]);
    }
    Ok(Order {
        kind: Kind::Server,
        command_line,
        shown: shown.to_string(),
    })
}

/// The stage whose program is a client.
const CLIENT: &str = "3";

/// Where a server listens if the address on the slide is free: on a port that the kernel chooses.
const ANYWHERE: &str = "127.0.0.1:0";

/// Where a server listens: anywhere, or where one is already, which it is to find out.
fn listen<'a>(shown: &str, addresses: &'a Addresses) -> &'a str {
    addresses.taken(shown).unwrap_or(ANYWHERE)
}

/// What needs pipes, limits or another language.
fn in_a_shell(command: &str, addresses: &mut Addresses) -> Result<Order, String> {
    let mut kind = Kind::Command;
    let mut text = with_true_ports(command, addresses)?;
    if let Some((_, rest)) = command.split_once("cargo lab run ") {
        let stage = rest.split(' ').next().unwrap_or_default();
        let named = format!("cargo lab run {stage} --subject solutions");
        let program = program(stage)?.display().to_string();
        text = if stage == CLIENT {
            text.replace(&format!("{named} --"), &format!("'{program}'"))
        } else {
            kind = Kind::Server;
            let listen = listen(USUAL, addresses);
            text.replace(&named, &format!("'{program}' --listen {listen}"))
        };
    }
    #[cfg(target_os = "linux")]
    if text.contains(EXAMPLE) {
        kind = Kind::Server;
        let program = crate::linux::select_limit::executable();
        let listen = listen(USUAL, addresses);
        text = text.replace(
            EXAMPLE,
            &format!("'{}' --listen {listen}", program.display()),
        );
    }
    if text.contains("cargo lab talk") {
        kind = Kind::Talk;
    }
    text = text.replace("cargo lab", &format!("'{}'", lab_program().display()));
    let mut command_line = Command::new("sh");
    command_line.args(["-c", &text]);
    Ok(Order {
        kind,
        command_line,
        shown: match kind {
            Kind::Server => USUAL.to_string(),
            _ => String::new(),
        },
    })
}

/// A command with true addresses, and with the true port where it stands by itself.
fn with_true_ports(command: &str, addresses: &mut Addresses) -> Result<String, String> {
    let mut pieces: Vec<String> = command.split(USUAL).map(str::to_string).collect();
    for piece in &mut pieces {
        if piece.contains(USUAL_PORT) {
            *piece = piece.replace(USUAL_PORT, &addresses.port(USUAL)?);
        }
    }
    Ok(addresses.in_truth(&pieces.join(USUAL)))
}

#[test]
fn a_true_address_that_looks_like_the_one_on_the_slide_stays_as_it_is() {
    let mut addresses = Addresses::default();
    addresses.learn(USUAL, "127.0.0.1:47878");
    let command = "(nc 127.0.0.1:7878; nc 127.0.0.1 7878)";
    let truth = with_true_ports(command, &mut addresses);
    let expected = "(nc 127.0.0.1:47878; nc 127.0.0.1 47878)";
    assert_eq!(truth.as_deref(), Ok(expected));
}

/// The solution of a stage, built.
fn program(stage: &str) -> Result<PathBuf, String> {
    let [stage] = course::find(stage)[..] else {
        return Err(format!("there is no one stage {stage}"));
    };
    let repo = Repo::find().map_err(|error| format!("{error:#}"))?;
    let folder = root().join("solutions");
    let built = Subject::open(&repo, Some(Path::new(&folder)))
        .and_then(|subject| build(&repo, &subject, &[stage]))
        .map_err(|error| format!("{error:#}"))?;
    match built.into_iter().next() {
        Some(Building {
            built: Built::Program { path, .. },
            ..
        }) => Ok(path),
        other => Err(format!("{} is not built: {other:?}", stage.slug)),
    }
}
