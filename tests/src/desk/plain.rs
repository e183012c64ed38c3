//! The desk as running text: for screen readers, logs, and terminals that cannot do more.

use std::process::ExitCode;
use std::sync::mpsc;

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::course::Stage;
use crate::desk::edits;
use crate::desk::judging::{Judging, News};
use crate::desk::watching::{self, Watched};
use crate::judge::{BuiltStage, Score, Verdict};
use crate::stages;
use crate::ui::terminal::{width, write};
use crate::ui::verdicts::{StageReport, Telling};

/// What happens.
enum Event {
    Files(Watched),
    News(u64, News),
}

/// Judges `stage`, or the one that was edited last, and after each save the one that was saved, and prints the reports one
/// after the other. Ends when it is interrupted, or when nobody reads any more.
///
/// # Errors
///
/// When it cannot print.
pub fn watch(
    repo: &Repo,
    stage: Option<&'static Stage>,
    seed: Option<u64>,
) -> anyhow::Result<ExitCode> {
    let (tell, events) = mpsc::channel();
    let told = tell.clone();
    watching::watch(repo, move |seen| _ = told.send(Event::Files(seen)))?;
    let mut stage = stage.unwrap_or_else(|| edits::at_hand(&repo.root));
    let mut number = 0;
    loop {
        number += 1;
        let (run, told) = (number, tell.clone());
        write(&format!("\nJudging {} …\n", stage.slug))?;
        let judging = Judging::begin(repo, stage, seed, move |news| {
            _ = told.send(Event::News(run, news));
        })?;
        let mut verdicts = Vec::new();
        let mut built = None;
        loop {
            match events.recv()? {
                Event::Files(Watched::Saved(saved)) => {
                    stage = saved;
                    break;
                }
                Event::Files(Watched::Polled) => {
                    write(
                        "This file system does not tell of changes: the lab looks at your files three times a second.\n",
                    )?;
                }
                Event::News(of, _) if of != number => {}
                Event::News(_, news) => match news {
                    News::Waiting(what) => write(&format!("{what}\n"))?,
                    News::Built { candidate, seed } => {
                        verdicts = vec![None; stages::checks(candidate.stage).len()];
                        built = Some((candidate, seed));
                    }
                    News::Verdict(place, verdict) => verdicts[place] = Some(verdict),
                    News::Judged(score) => {
                        if let Some((candidate, seed)) = &built {
                            let text = report(repo, candidate, *seed, &verdicts, score)?;
                            write(&format!(
                                "{text}Watching: save a file, and its stage is judged.\n"
                            ))?;
                        }
                    }
                    News::Failed(why) => write(&format!("{why}\n"))?,
                },
            }
        }
        drop(judging);
    }
}

fn report(
    repo: &Repo,
    candidate: &BuiltStage,
    seed: u64,
    verdicts: &[Option<Verdict>],
    score: Score,
) -> anyhow::Result<String> {
    let subject = Subject::open(repo, None)?;
    let telling = Telling {
        repo,
        subject: &subject,
        is_alone: true,
        seed,
        is_thorough: false,
        width: width(),
        is_on_desk: false,
    };
    let mut report = StageReport::on(candidate, telling);
    let mut text = report.head();
    for (check, verdict) in stages::checks(candidate.stage).iter().zip(verdicts) {
        if let Some(verdict) = verdict {
            text += &report.verdict(check, verdict);
        }
    }
    Ok(text + &report.end(Some(score)))
}
