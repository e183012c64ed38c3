//! `lab slides`: makes decks to present from the Markdown in `slides`, and says where they are.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail, ensure};
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use crate::build::repo::Repo;
use crate::course::{self, deck};
use crate::ui::terminal::{print, wrap};

/// The page that leads to all decks.
const INDEX: &str = "README.md";

#[must_use]
pub fn command() -> clap::Command {
    let pdf = Arg::new("pdf").long("pdf").action(ArgAction::SetTrue);
    let notes = Arg::new("notes").long("notes").action(ArgAction::SetTrue);
    let dark = Arg::new("dark").long("dark").action(ArgAction::SetTrue);
    let out = Arg::new("out").long("out").value_name("DIR");
    let out = out.value_parser(value_parser!(PathBuf));
    clap::Command::new("slides")
        .about("Make decks to present, and say where they are")
        .arg(crate::cli::stage_argument().help(
            "A number (2; 0 is the deck before the first stage), a slug, or a part of one; without it all decks, or \
             that of the stage's folder you are in",
        ))
        .arg(pdf.help("Make a PDF beside each"))
        .arg(notes.help("Make a PDF whose pages carry the presenter's notes"))
        .arg(dark.help("Make everything for a dark room"))
        .arg(out.help("Where they go [default: slides in the target folder]"))
}

/// # Errors
///
/// When the stage is not known, the slide tool is not there, or it cannot make a deck.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let word = matches.get_one::<String>("stage").map(String::as_str);
    let decks = decks(word, &repo.root)?;
    let out = matches.get_one::<PathBuf>("out").cloned();
    let out = out.unwrap_or_else(|| repo.beside("slides"));
    let out = std::path::absolute(&out).context("the folder for the decks")?;
    for deck in &decks {
        let source = repo.root.join("slides").join(deck);
        ensure!(source.is_file(), "there is no {}", source.display());
    }
    is_installed(&repo.root, &decks)?;
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;

    let mut order = Command::new("node");
    order.arg(".slides/build.mjs").arg("--out").arg(&out);
    for form in ["pdf", "notes", "dark"] {
        if matches.get_flag(form) {
            order.arg(format!("--{form}"));
        }
    }
    order.args(decks.iter().map(|deck| format!("slides/{deck}")));
    let status = order
        .current_dir(&repo.root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("cannot start node")?;
    ensure!(
        status.success(),
        "the decks could not be made; what is missing or wrong stands above"
    );

    let page = |deck: &str| match deck {
        INDEX => out.join("index.html"),
        deck => out.join(deck).with_extension("html"),
    };
    let shown = if decks.contains(&INDEX) {
        INDEX
    } else {
        decks[0]
    };
    print(&format!(
        "open {}\nIn a deck, the arrow keys go on and back, F fills the screen, P opens the presenter's view, O shows all slides, and D \
         makes it dark.\n",
        crate::cli::display_path(&page(shown))
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The files below `slides` that are meant.
fn decks(word: Option<&str>, root: &Path) -> anyhow::Result<Vec<&'static str>> {
    let introduction = deck::INTRODUCTION.trim_end_matches(".md");
    let is_part = |word: &str| !word.is_empty() && introduction.contains(word);
    match word {
        Some(word) if word.parse() == Ok(0) => Ok(vec![deck::INTRODUCTION]),
        Some(word) if course::find(word).is_empty() && is_part(word) => {
            Ok(vec![deck::INTRODUCTION])
        }
        None if crate::cli::stage(None, root).is_err() => {
            Ok(deck::files().chain(std::iter::once(INDEX)).collect())
        }
        _ => Ok(vec![crate::cli::stage(word, root)?.slide]),
    }
}

/// The oldest version of Node.js that will do.
const OLDEST: u32 = 20;

/// # Errors
///
/// What to install, and what to read without it.
fn is_installed(root: &Path, decks: &[&str]) -> anyhow::Result<()> {
    let node = Command::new("node")
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    // Such as `v20.20.2`.
    let version = |output: &std::process::Output| {
        let text = String::from_utf8_lossy(&output.stdout);
        let number = text.trim().strip_prefix('v')?.split('.').next()?;
        number.parse::<u32>().ok()
    };
    let version = node.ok().as_ref().and_then(version);
    let has_tool = root.join(".slides/node_modules").is_dir();
    let missing = match (version, has_tool) {
        (Some(OLDEST..), true) => return Ok(()),
        (Some(..OLDEST), _) => {
            "the Node.js here is too old to make decks. Install version 20 or newer, then, in the repository:\n  npm ci --prefix .slides"
        }
        (Some(_), false) => {
            "the tool that makes decks is not installed yet. With a network, once, in the repository:\n  npm ci --prefix .slides"
        }
        (None, _) => {
            "decks are made with Node.js, which is not here. Install version 20 or newer, then, in the repository:\n  npm ci --prefix .slides"
        }
    };
    let read = match decks {
        [deck] => format!("slides/{deck}"),
        _ => format!("slides/{INDEX}"),
    };
    let advice = wrap(
        &format!("Slides can be read without these tools: open {read}"),
        "",
        80,
    );
    bail!("{missing}\n{advice}")
}
