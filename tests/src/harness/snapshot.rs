//! Transcripts are compared with the ones that were accepted, which insta wrote.
//!
//! While a program is judged, nothing but the reading half of insta is used: it writes no file, and no variable tells it
//! to. Its assertion, which writes and panics, runs in `lab bless` only.

use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::course::cause::Cause;
use crate::diagnose::failure::Outcome;
use crate::harness::context::CheckContext;

/// The accepted transcripts of some checks.
#[derive(Debug, Clone)]
pub struct Snapshots {
    folder: PathBuf,
    /// True where what happens is written, and not compared.
    is_rewritten: bool,
}

impl Snapshots {
    /// Those in a folder such as `tests/snapshots/02-echo-server`.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            is_rewritten: false,
        }
    }

    /// The same, for the one command that accepts transcripts: what happens is written there, if insta's variables allow
    /// it. Where they do not, it panics.
    #[must_use]
    pub fn rewritten(self) -> Self {
        Self {
            is_rewritten: true,
            ..self
        }
    }

    /// Those in a folder below.
    #[must_use]
    pub fn below(&self, folder: impl AsRef<Path>) -> Self {
        Self {
            folder: self.folder.join(folder),
            ..self.clone()
        }
    }

    /// Compares what happened with the transcript `name`.
    pub(crate) fn compare(&self, name: &str, context: &CheckContext) -> Outcome {
        let transcript = context.story();
        if self.is_rewritten {
            self.write(name, &transcript);
            return Ok(());
        }
        let accepted = self.accepted(name);
        // Snapshots end where their last word does.
        let transcript = format!("{}\n", transcript.trim_end());
        if accepted == transcript {
            return Ok(());
        }
        let difference = TextDiff::from_lines(&accepted, &transcript);
        let changed = difference.unified_diff().context_radius(2).to_string();
        Err(context.fail_because(
            Cause::NotRecorded,
            format!("what the transcript \"{name}\" tells"),
            changed,
        ))
    }

    /// The accepted transcript. Empty when there is none yet, or none that insta can read.
    fn accepted(&self, name: &str) -> String {
        let read = insta::Snapshot::from_file(&self.folder.join(format!("{name}.snap")));
        let read = read.ok();
        let contents = read.as_ref().and_then(insta::Snapshot::as_text);
        contents.map_or_else(String::new, |text| format!("{text}\n"))
    }

    fn write(&self, name: &str, transcript: &str) {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(&self.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, transcript));
    }
}
