//! `lab trace`: one run of a stage's server with three clients, recorded and drawn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::cli::args::subject_argument;
use crate::cli::display_path;
use crate::evidence::last_words::{last_lines, unwritten_step};
use crate::trace::picture;
use crate::trace::recorder::{self, RecordOptions, Recorded, record};
use crate::trace::recording::Recording;
use crate::trace::timeline::view;
use crate::ui::terminal::print;

#[must_use]
pub fn command() -> Command {
    let path = |name: &'static str, value: &'static str| {
        let argument = Arg::new(name).long(name).value_name(value);
        argument.value_parser(value_parser!(PathBuf))
    };
    Command::new("trace")
        .about("Record what a stage's server does while three clients talk to it, and draw it")
        .arg(crate::cli::stage_argument())
        .arg(subject_argument())
        .arg(
            path("out", "DIR").help(
                "Where the recording and its picture go [default: trace in the target folder]",
            ),
        )
        .arg(
            Arg::new("name")
                .long("name")
                .value_name("NAME")
                .help("What the recording and its files are called [default: the stage]"),
        )
        .arg(
            path("draw", "FILE")
                .num_args(1..)
                .conflicts_with_all(["stage", "subject", "name"])
                .help("Draw these recordings again, each beside its file or into --out"),
        )
}

/// # Errors
///
/// When what was asked for could not be done.
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let out = matches.get_one::<PathBuf>("out");
    let Some(files) = matches.get_many::<PathBuf>("draw") else {
        return trace(matches, repo, out);
    };
    for (number, file) in files.enumerate() {
        print(if number > 0 { "\n" } else { "" })?;
        draw(file, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Records a run, and draws it.
fn trace(matches: &ArgMatches, repo: &Repo, out: Option<&PathBuf>) -> anyhow::Result<ExitCode> {
    let word = matches.get_one::<String>("stage").map(String::as_str);
    let stage = crate::cli::stage_at_hand(word, &repo.root)?;
    ensure!(
        stage.is_server(),
        "{} is a client, and what is drawn is a server that three clients talk to: trace another stage",
        stage.slug
    );
    let label = matches.get_one::<String>("name").map(String::as_str);
    let name = label.unwrap_or(stage.slug);
    ensure!(
        Path::new(name).file_name().is_some_and(|file| file == name),
        "--name: \"{name}\" is no name of a file"
    );
    let folder = matches.get_one::<PathBuf>("subject").map(PathBuf::as_path);
    let subject = Subject::open(repo, folder)?;
    let Some(program) = crate::cli::program(repo, &subject, stage)? else {
        return Ok(ExitCode::FAILURE);
    };
    let order = RecordOptions {
        program: &program,
        stage: stage.slug,
        label,
        protocol: stage.protocol,
        scratch: &repo.target,
    };
    match record(&order) {
        Ok(recorded) => {
            let folder = out.cloned().unwrap_or_else(|| repo.beside("trace"));
            tell(&recorded, &folder.join(name))
        }
        Err(error) => {
            let words = format!("{error:#}");
            eprintln!("{}: {}", stage.slug, unwritten(&words).unwrap_or(words));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Keeps a recording and its picture in files of that name, and says what there is to see.
fn tell(recorded: &Recorded, path: &Path) -> anyhow::Result<ExitCode> {
    let recording = &recorded.recording;
    // Not `with_extension`: a name may have a point in it.
    let beside = |ending: &str| PathBuf::from(format!("{}.{ending}", path.display()));
    let [json, svg] = ["json", "svg"].map(beside);
    write(&json, &recording.to_json())?;
    write(&svg, &picture::draw(recording))?;
    print(&view(recording))?;
    print(&format!("\npicture    {}\n", display_path(&svg)))?;
    print(&format!("recording  {}\n", display_path(&json)))?;
    if let Some(missing) = &recorded.missing {
        eprintln!("{missing}");
    }
    if recorded.is_unlike {
        eprintln!(
            "other bytes came back than were sent: the picture shows when, and `cargo lab check` what is wrong with them"
        );
    }
    if recording.ended.is_none() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{}", last_words(&recorded.stderr));
    Ok(ExitCode::FAILURE)
}

/// What a server that has ended said last; or that a step of it is not written yet.
fn last_words(stderr: &str) -> String {
    let lines = last_lines(stderr, 4).into_iter();
    let lines: Vec<String> = lines.map(recorder::display_line).collect();
    unwritten(stderr).unwrap_or_else(|| match lines.is_empty() {
        true => "the server said nothing before it ended".into(),
        false => format!("the server's last words:\n  {}", lines.join("\n  ")),
    })
}

/// What to do about a step that is not written yet, where a server's words are about one.
fn unwritten(words: &str) -> Option<String> {
    let step = unwritten_step(words)?;
    Some(format!(
        "step {step} is not started, and the server ended there: write it first"
    ))
}

/// Draws a recording that was kept.
fn draw(file: &PathBuf, out: Option<&PathBuf>) -> anyhow::Result<()> {
    let text = fs::read_to_string(file);
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    let recording = Recording::from_json(&text)
        .with_context(|| format!("{} cannot be drawn", file.display()))?;
    let mut picture = file.with_extension("svg");
    ensure!(picture != *file, "{} is a picture already", file.display());
    if let Some(folder) = out {
        picture = folder.join(picture.file_name().context("a picture has a name")?);
    }
    write(&picture, &picture::draw(&recording))?;
    print(&view(&recording))?;
    print(&format!("\npicture    {}\n", display_path(&picture)))?;
    Ok(())
}

/// Writes a file, in a folder that need not be there yet.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().context("a file is in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
