//! The lab's tests of itself: everything that can drift or be fooled. They hold in a clean checkout.

mod support; // what several tests share; small programs for them stand in `fixtures/`

// Evidence, on values made up for the test
mod calls; // what the calls of a program tell
mod diagnose; // from evidence to a cause
mod settle; // when a program counts as settled
mod wait; // the one way to wait
mod words; // event log and last words become values

// Verdicts
mod compare; // what was received stands below what was expected, with a mark
mod gallery; // each mutant fails the checks that it must, for the cause that is named; each variant passes
mod parts; // a failure names the part of a check in which it happened, and each part runs by itself
mod reports; // a report shows what happened step by step
mod steps; // a student on the way: what is done is judged, what is not begun is not

// The course: what people read agrees with what there is
mod course; // each stage in the table is whole
mod docs; // causes, links, commands, paths, names and excerpts
mod map; // the map fits its terminal
mod markdown; // the lab reads Markdown as Markdown is
mod no_local_paths; // what belongs to one machine has no place in the repository
mod readmes; // the lab reads READMEs right, and notices mistakes in them
mod rules; // each rule of a README has a judge, and each check a rule
mod trees; // exercises, solutions and starters agree

// The house
mod names; // nothing shadows the prelude
mod rooms; // a room uses only those above it
mod vocabulary; // the page of verbs says what the harness has

// Slides
mod answers; // no page shows what students have to write
mod browser; // the slides, built and looked at
mod console; // what decks show on their terminals is what comes
mod excerpts; // code on slides is compared with the sources
mod slide_code; // the small programs that decks show, run
mod slides; // every deck is in order

// Commands
mod desk; // what its screen has room for, and how saves are noticed
mod talk; // what `lab talk` sends, shows and measures

#[cfg(target_os = "linux")]
mod linux; // tests that look at programs by means that only Linux has
