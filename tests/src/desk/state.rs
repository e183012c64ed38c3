//! What the desk shows, and what each key and each piece of news makes of it. It reads files, and leaves it to others to
//! draw, to judge and to run.

use std::sync::Arc;

use crate::build::repo::Repo;
use crate::build::subject::Subject;
use crate::course::cause::Cause;
use crate::course::readme::{Hint, Readme};
use crate::course::{STAGES, Stage};
use crate::desk::judging::News;
use crate::desk::watching::Watched;
use crate::judge::{BuiltStage, Score, Verdict};
use crate::stages;
use crate::ui::map;

/// The command that puts a starter back.
const RESET: &str = "reset";

/// A key, as far as the desk knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Letter(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    /// Ctrl-C
    Interrupt,
    /// Ctrl-Z
    Stop,
    Other,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Order {
    Nothing,
    /// Judge this stage, and nothing else any more.
    Judge(&'static Stage),
    /// Run `lab` with these arguments, on the whole terminal.
    Run(Vec<&'static str>),
    /// Run `lab` with these arguments, and show what it prints.
    Print {
        title: &'static str,
        arguments: Vec<&'static str>,
    },
    /// Stop, until somebody lets us go on.
    Stop,
    Quit,
}

/// What a command has printed.
#[derive(Debug)]
pub struct Output {
    pub title: &'static str,
    pub text: String,
}

/// What is on the screen, between the head and the keys.
#[derive(Debug)]
pub enum Page {
    /// The stage at hand, and its verdicts.
    Stage,
    /// All stages.
    List,
    /// The hint at this place among those for what failed.
    Hint(usize),
    Output(Output),
    /// The question whether the file is to be reset.
    Reset,
    /// What each key does.
    Keys,
}

/// How far the judging of the stage at hand is.
#[derive(Debug)]
pub enum Work {
    /// Nothing of it is written: there is nothing to judge.
    Untouched,
    /// It is being built. What that waits for, if it waits.
    Building(Option<String>),
    Judged {
        candidate: Arc<BuiltStage>,
        seed: u64,
        /// By the place in the stage's table.
        verdicts: Vec<Option<Verdict>>,
        /// Once all of them are told.
        score: Option<Score>,
    },
    /// The lab could not do its part.
    Failed(String),
}

#[derive(Debug)]
pub struct Desk<'a> {
    pub repo: &'a Repo,
    /// For every check, where one was asked for.
    pub seed: Option<u64>,
    pub stage: &'static Stage,
    pub work: Work,
    pub page: Page,
    /// The first line of the page that is on the screen.
    pub scroll: usize,
    /// How many lines of a page there are room for, and how many the page has: as it was drawn last.
    pub room: usize,
    pub lines: usize,
    /// Saves are not told of here, and are looked for.
    pub polls: bool,
}

impl<'a> Desk<'a> {
    #[must_use]
    pub fn at(repo: &'a Repo, stage: &'static Stage, seed: Option<u64>) -> Self {
        Self {
            repo,
            seed,
            stage,
            work: Work::Untouched,
            page: Page::Stage,
            scroll: 0,
            room: 0,
            lines: 0,
            polls: false,
        }
    }

    /// Judges the stage at hand anew.
    pub fn begin(&mut self) -> Order {
        self.scroll = 0;
        if is_untouched(self.repo, self.stage) {
            self.work = Work::Untouched;
        } else {
            self.work = Work::Building(None);
        }
        Order::Judge(self.stage)
    }

    /// Something was seen of the files. A save brings its stage to the front.
    pub fn see(&mut self, seen: Watched) -> Order {
        match seen {
            Watched::Polled => {
                self.polls = true;
                Order::Nothing
            }
            Watched::Saved(stage) => {
                self.stage = stage;
                // The lab has written that itself, and says what.
                if !matches!(&self.page, Page::Output(output) if output.title == RESET) {
                    self.page = Page::Stage;
                }
                self.begin()
            }
        }
    }

    /// The judging under way has come so far.
    pub fn hear(&mut self, news: News) -> Order {
        match (news, &mut self.work) {
            // It was built to find out whether it compiles, and there is nothing to judge.
            (News::Built { candidate, .. }, Work::Untouched) if candidate.is_program() => {}
            (News::Verdict(..) | News::Judged(_) | News::Waiting(_), Work::Untouched) => {}
            (News::Waiting(what), Work::Building(waits)) => *waits = Some(what),
            (News::Built { candidate, seed }, work) => {
                *work = Work::Judged {
                    verdicts: vec![None; stages::checks(candidate.stage).len()],
                    candidate,
                    seed,
                    score: None,
                };
            }
            (News::Verdict(place, verdict), Work::Judged { verdicts, .. }) => {
                verdicts[place] = Some(verdict);
            }
            (News::Judged(judged), Work::Judged { score, .. }) => *score = Some(judged),
            (News::Failed(why), work) => *work = Work::Failed(why),
            _ => {}
        }
        Order::Nothing
    }

    /// A command has printed something, for whoever still waits for it.
    pub fn show(&mut self, output: Output) -> Order {
        match &self.page {
            Page::Output(waiting) if waiting.title == output.title => {
                self.turn_to(Page::Output(output))
            }
            _ => Order::Nothing,
        }
    }

    pub fn press(&mut self, key: Key) -> Order {
        let stage = self.stage.short();
        match (&self.page, key) {
            (_, Key::Interrupt | Key::Letter('q')) => Order::Quit,
            (_, Key::Stop) => Order::Stop,
            (Page::Reset, Key::Letter('y')) => self.print(RESET, vec![RESET, stage]),
            (Page::Reset, _) => self.turn_to(Page::Stage),
            (Page::List, Key::Up) => self.move_by(-1),
            (Page::List, Key::Down) => self.move_by(1),
            (_, Key::Home) => self.scroll_to(0),
            (_, Key::End) => self.scroll_to(self.lines),
            (_, Key::Up) => self.scroll_to(self.scroll.saturating_sub(1)),
            (_, Key::Down) => self.scroll_to(self.scroll + 1),
            (_, Key::PageUp | Key::Letter('b')) => {
                self.scroll_to(self.scroll.saturating_sub(self.room))
            }
            (_, Key::PageDown | Key::Letter(' ')) => self.scroll_to(self.scroll + self.room),
            (Page::Hint(shown), Key::Letter('h')) => {
                let next = (shown + 1).min(self.hints().len().saturating_sub(1));
                self.turn_to(Page::Hint(next))
            }
            (_, Key::Letter('h')) => self.turn_to(Page::Hint(0)),
            (Page::List, Key::Letter('l')) => self.turn_to(Page::Stage),
            (_, Key::Letter('l')) => self.turn_to(Page::List),
            (_, Key::Letter('n')) => self.move_by(1),
            (_, Key::Letter('p')) => self.move_by(-1),
            (_, Key::Letter('c')) => {
                self.page = Page::Stage;
                self.begin()
            }
            (_, Key::Letter('r')) => Order::Run(vec!["run", stage]),
            (_, Key::Letter('t')) if self.stage.is_server() => Order::Run(vec!["trace", stage]),
            (_, Key::Letter('d')) if self.may_compare() => self.print("diff", vec!["diff", stage]),
            (_, Key::Letter('s')) => self.print("slides", vec!["slides", stage]),
            (_, Key::Letter('o')) => self.print("doctor", vec!["doctor"]),
            (_, Key::Letter('x')) => self.turn_to(Page::Reset),
            (_, Key::Letter('?')) => self.turn_to(Page::Keys),
            (_, Key::Enter | Key::Escape) => self.turn_to(Page::Stage),
            _ => Order::Nothing,
        }
    }

    /// The keys that do something now, and what.
    #[must_use]
    pub fn keys(&self) -> Vec<(&'static str, &'static str)> {
        if let Page::Reset = self.page {
            return vec![("y", "yes, reset"), ("any other key", "no")];
        }
        let mut keys = vec![("n", "next"), ("p", "previous"), ("l", "list")];
        if self.lines > self.room {
            keys.push(("PgDn", "more"));
        }
        keys.push(match self.page {
            Page::Hint(shown) if shown + 1 < self.hints().len() => ("h", "stronger hint"),
            _ => ("h", "hint"),
        });
        keys.push(("r", "run"));
        if self.stage.is_server() {
            keys.push(("t", "trace"));
        }
        if self.may_compare() {
            keys.push(("d", "diff"));
        }
        keys.extend([
            ("c", "check"),
            ("x", "reset"),
            ("s", "slides"),
            ("o", "doctor"),
            ("q", "quit"),
        ]);
        keys
    }

    /// The hints that may help now, from weak to strong: those about the cause of the first failure or about what the
    /// compiler says; without a failure those of the step that is next.
    #[must_use]
    pub fn hints(&self) -> Vec<Hint> {
        let Ok(readme) = Readme::read(&self.repo.root, self.stage) else {
            return Vec::new();
        };
        let of_step = |step: u8| readme.hints_where(|hint| hint.step() == format!("Step {step}"));
        match &self.work {
            Work::Untouched => of_step(1),
            Work::Judged { candidate, .. } if candidate.compiler_error().is_some() => {
                let error = candidate.compiler_error().unwrap_or_default();
                readme.hints_where(|hint| hint.is_about_compiler(error))
            }
            _ => match (self.first_failure(), self.next_step()) {
                (Some(cause), _) => readme.hints_about(cause),
                (None, Some(next)) => of_step(next),
                (None, None) => Vec::new(),
            },
        }
    }

    fn turn_to(&mut self, page: Page) -> Order {
        self.page = page;
        self.scroll = 0;
        Order::Nothing
    }

    fn scroll_to(&mut self, line: usize) -> Order {
        self.scroll = line.min(self.lines.saturating_sub(self.room));
        Order::Nothing
    }

    fn move_by(&mut self, stages: isize) -> Order {
        let here = STAGES.iter().position(|stage| stage == self.stage);
        let there = here.and_then(|here| here.checked_add_signed(stages));
        let Some(stage) = there.and_then(|there| STAGES.get(there)) else {
            return Order::Nothing;
        };
        self.stage = stage;
        if !matches!(self.page, Page::List) {
            self.page = Page::Stage;
        }
        self.begin()
    }

    /// Has `lab` print something, and says so until it has.
    fn print(&mut self, title: &'static str, arguments: Vec<&'static str>) -> Order {
        let text = "…\n".into();
        self.turn_to(Page::Output(Output { title, text }));
        Order::Print { title, arguments }
    }

    /// Whether the stage at hand has all its points, and there is a solution to compare it with.
    #[must_use]
    pub fn may_compare(&self) -> bool {
        self.has_passed() && self.repo.has_solution(self.stage)
    }

    fn has_passed(&self) -> bool {
        match &self.work {
            Work::Judged { score, .. } => score.as_ref().is_some_and(Score::is_full),
            _ => false,
        }
    }

    /// The cause of the first failure, in the order of the table.
    fn first_failure(&self) -> Option<Cause> {
        self.verdicts().find_map(Verdict::cause)
    }

    /// The lowest step that is not started.
    fn next_step(&self) -> Option<u8> {
        let steps = self.verdicts().filter_map(|verdict| match verdict {
            Verdict::NotStarted(step) => Some(*step),
            _ => None,
        });
        steps.min()
    }

    fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        let verdicts = match &self.work {
            Work::Judged { verdicts, .. } => verdicts.as_slice(),
            _ => &[],
        };
        verdicts.iter().flatten()
    }
}

/// Whether nothing of `stage` is written yet, so that nothing has to be judged.
fn is_untouched(repo: &Repo, stage: &Stage) -> bool {
    let sources = Subject::open(repo, None).and_then(|subject| subject.read(stage));
    sources.is_ok_and(|sources| map::is_untouched(repo, stage, &sources))
}
