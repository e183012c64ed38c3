//! Transcripts are compared with the ones that were accepted, by insta. Only `lab bless` rewrites them.

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;

use similar::TextDiff;

use crate::course::cause::Cause;
use crate::diagnose::failure::Outcome;
use crate::harness::context::CheckContext;

/// Where the accepted transcripts of one stage are kept.
#[derive(Debug, Clone)]
pub struct Snapshots {
    /// The folder, such as `tests/snapshots/02-echo-server`.
    pub folder: PathBuf,
}

impl Snapshots {
    /// Compares what happened with the transcript `name`.
    pub(crate) fn compare(&self, name: &str, context: &CheckContext) -> Outcome {
        let transcript = context.story();
        if self.agrees(name, &transcript) {
            return Ok(());
        }
        let accepted = self.accepted(name);
        let difference = TextDiff::from_lines(&accepted, &transcript);
        let changed = difference.unified_diff().context_radius(2).to_string();
        Err(context.fail_because(
            Cause::NotRecorded,
            format!("what the transcript \"{name}\" tells"),
            changed,
        ))
    }

    /// insta says no by a panic, whose message belongs into the report and not on the terminal.
    fn agrees(&self, name: &str, transcript: &str) -> bool {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(&self.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let usual = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let compared = panic::catch_unwind(AssertUnwindSafe(|| {
            settings.bind(|| insta::assert_snapshot!(name, transcript));
        }));
        panic::set_hook(usual);
        compared.is_ok()
    }

    /// The text below the header of a snapshot file. Empty when there is none yet.
    fn accepted(&self, name: &str) -> String {
        let file = self.folder.join(format!("{name}.snap"));
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.splitn(3, "---\n")
            .nth(2)
            .unwrap_or_default()
            .to_string()
    }
}
