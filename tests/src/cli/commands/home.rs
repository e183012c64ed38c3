//! `lab` without a command: the lab opens, with the desk on a terminal, and with the map elsewhere.

use std::process::ExitCode;

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::course::STAGES;
use crate::desk;
use crate::ui::map;
use crate::ui::terminal;

/// # Errors
///
/// When the terminal cannot be used, or the map cannot be printed.
pub fn run(repo: &Repo) -> anyhow::Result<ExitCode> {
    if desk::has_a_terminal() {
        return desk::open(repo, crate::cli::stage(None, &repo.root).ok(), None);
    }
    let mut text = map::render(&map::known(repo), terminal::width());
    if let Ok(subject) = Subject::open(repo, None) {
        let unreadable = STAGES.iter().filter_map(|stage| subject.read(stage).err());
        for error in unreadable {
            text += &format!(
                "\n{}",
                terminal::wrap(&format!("{error:#}"), "", terminal::width())
            );
        }
    }
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
