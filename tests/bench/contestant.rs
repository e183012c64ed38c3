//! What is measured: the programs of the stages, and their peers.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use lab::bench::designs::{Missing, designs};
use lab::bench::server::BenchServer;
use lab::build::repo::Repo;
use lab::cli::commands::bench::options::BenchOptions;
use lab::course::{Design, Idle};

use crate::peers;

/// A server that can be started.
pub struct Contestant {
    pub name: String,
    /// What shows it.
    pub program: String,
    /// What it does while its clients are silent; a peer's is not known.
    pub idle: Option<Idle>,
    /// The program and its arguments.
    pub line: Vec<OsString>,
    /// Why it is measured no more.
    pub failed: Option<String>,
}

impl Contestant {
    pub fn new(name: &str, program: impl Into<String>, line: Vec<OsString>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            idle: None,
            line,
            failed: None,
        }
    }

    /// Starts it and waits until it listens.
    pub fn start(&self) -> anyhow::Result<BenchServer> {
        let mut words = self.line.iter();
        let mut command = Command::new(words.next().cloned().unwrap_or_default());
        command.args(words);
        BenchServer::start(command)
    }
}

/// Who takes part, and whether everybody can who was meant to.
pub struct Field {
    pub contestants: Vec<Contestant>,
    pub is_whole: bool,
}

/// Builds everything that is to be measured. What cannot be costs its own row only, and a line says so.
pub fn gather(asked: &BenchOptions, repo: &Repo) -> anyhow::Result<Field> {
    let subject = asked.subject(repo)?;
    let mut field = Field {
        contestants: Vec::new(),
        is_whole: true,
    };
    for shown in designs() {
        let name = shown.name();
        eprintln!("building {name}");
        match shown.program(repo, &subject)? {
            Ok(path) => field.takes(shown.design, name, path),
            Err(Missing::NotStarted) => eprintln!("{name} is left out: it is not started"),
            Err(Missing::NotTheSolution) => eprintln!(
                "{name} is left out: it is an edit of the solution, which does not fit your code"
            ),
            Err(Missing::Broken(reason)) => {
                eprintln!("{name} is left out: {reason}");
                field.is_whole = false;
            }
        }
    }
    if asked.has_peers {
        peers::join(&mut field, repo)?;
    }
    anyhow::ensure!(
        !field.contestants.is_empty(),
        "there is nothing to measure in {}",
        subject.folder.display()
    );
    Ok(field)
}

impl Field {
    fn takes(&mut self, design: &Design, program: String, path: PathBuf) {
        let line = vec![path.into_os_string()];
        self.contestants.push(Contestant {
            idle: Some(design.idle),
            ..Contestant::new(design.name, program, line)
        });
    }
}
