//! What happened, a column for each actor.
//!
//! Order across columns holds only where the scenario waited: entries between two waits stand in one block,
//! each in its own column. What differs from run to run is left out.

use std::fmt::Write;

use crate::evidence::kit_log::Event;

/// How an announcement and a tick stand in a transcript.
const ANNOUNCEMENT: &str = "listening on [ADDRESS]";
pub const TICK: &str = "tick [N]";

/// Who stops a program and answers its calls.
const LAB: &str = "the lab";

#[derive(Debug, Default)]
pub struct Transcript {
    actors: Vec<String>,
    block: usize,
    entries: Vec<Entry>,
    /// What our peers did, for the row `sent` of a report.
    sent: Vec<(String, String)>,
}

#[derive(Debug)]
struct Entry {
    block: usize,
    actor: usize,
    text: String,
}

impl Transcript {
    /// `actor` did something that needed no answer.
    pub fn note(&mut self, actor: &str, text: impl Into<String>) {
        let actor = match self.actors.iter().position(|known| known == actor) {
            Some(known) => known,
            None => {
                self.actors.push(actor.into());
                self.actors.len() - 1
            }
        };
        self.entries.push(Entry {
            block: self.block,
            actor,
            text: filtered(&text.into()),
        });
    }

    /// The scenario waited for what was noted last: what comes now comes after it.
    pub fn wait(&mut self) {
        self.block += 1;
    }

    /// One of our peers sent something, or ended its stream.
    pub fn peer_sent(&mut self, peer: &str, what: impl Into<String>) {
        self.sent.push((peer.into(), what.into()));
    }

    /// The lab did something to the program. That is a step of a report, and nothing that a transcript shows.
    pub fn lab_did(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.peer_sent(LAB, what.clone());
        self.note(LAB, what);
    }

    /// All that our peers sent, in one line.
    #[must_use]
    pub fn sent(&self) -> String {
        let mut line = String::new();
        let mut actors = self.sent.iter().map(|(peer, _)| peer);
        let several = actors.any(|peer| *peer == LAB || *peer != self.sent[0].0);
        let mut last = None;
        for (index, (peer, what)) in self.sent.iter().enumerate() {
            if several && last != Some(peer) {
                let between = if index > 0 { "; " } else { "" };
                let _ = write!(line, "{between}{peer}: {what}");
            } else {
                let between = if index > 0 { " · " } else { "" };
                let _ = write!(line, "{between}{what}");
            }
            last = Some(peer);
        }
        if line.is_empty() {
            "nothing".into()
        } else {
            shortened(&line)
        }
    }

    /// What happened, in the order in which it was done or seen, but for what a server says by itself.
    #[must_use]
    pub fn steps(&self) -> Vec<(String, String)> {
        let is_news = |entry: &&Entry| ![ANNOUNCEMENT, TICK].contains(&entry.text.as_str());
        let step = |entry: &Entry| (self.actors[entry.actor].clone(), entry.text.clone());
        self.entries.iter().filter(is_news).map(step).collect()
    }

    /// The transcript as text, the actors in the order in which they entered.
    #[must_use]
    pub fn render(&self) -> String {
        let actors = self.actors.iter().map(String::as_str).enumerate();
        let actors: Vec<(usize, &str)> = actors.filter(|(_, name)| *name != LAB).collect();
        let names: Vec<&str> = actors.iter().map(|(_, name)| *name).collect();
        let texts = actors.iter().flat_map(|(actor, _)| self.texts(*actor));
        let widest = names.iter().copied().chain(texts).map(str::len).max();
        let width = widest.unwrap_or(0) + 2;
        let line = "-".repeat(width - 2);

        let mut text = row(&names, width);
        text.push_str(&row(&vec![line.as_str(); names.len()], width));
        for block in 0..=self.block {
            let columns: Vec<Vec<&str>> = actors
                .iter()
                .map(|(actor, _)| self.column(block, *actor))
                .collect();
            let lines = columns.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..lines {
                let cell =
                    |column: &Vec<&'_ str>| column.get(line).map_or("", |text| *text).to_string();
                let cells: Vec<String> = columns.iter().map(cell).collect();
                text.push_str(&row(
                    &cells.iter().map(String::as_str).collect::<Vec<_>>(),
                    width,
                ));
            }
        }
        text
    }

    fn texts(&self, actor: usize) -> impl Iterator<Item = &str> {
        let of_actor = self
            .entries
            .iter()
            .filter(move |entry| entry.actor == actor);
        of_actor.map(|entry| entry.text.as_str())
    }

    fn column(&self, block: usize, actor: usize) -> Vec<&str> {
        let here = |entry: &&Entry| entry.block == block && entry.actor == actor;
        self.entries
            .iter()
            .filter(here)
            .map(|entry| entry.text.as_str())
            .collect()
    }
}

fn row(cells: &[&str], width: usize) -> String {
    let cells: String = cells.iter().map(|cell| format!("{cell:width$}")).collect();
    format!("{}\n", cells.trim_end())
}

/// An entry without what differs from run to run or from one right program to another.
fn filtered(text: &str) -> String {
    match Event::parse(text) {
        Some(Event::Listening(_)) => ANNOUNCEMENT.into(),
        Some(Event::Tick(_)) => TICK.into(),
        // After a reset, `left` and `lost` are both right.
        Some(Event::Lost { client, bytes, .. }) => Event::Left { client, bytes }.to_string(),
        _ => text.to_string(),
    }
}

/// Of a long list the beginning and the end.
fn shortened(line: &str) -> String {
    const MOST: usize = 200;
    let length = line.chars().count();
    if length <= MOST {
        return line.to_string();
    }
    // Between two words.
    let start: String = line.chars().take(MOST / 2).collect();
    let end: String = line.chars().skip(length - MOST / 2).collect();
    let start = start.rsplit_once(' ').map_or(&*start, |(words, _)| words);
    let end = end.split_once(' ').map_or(&*end, |(_, words)| words);
    format!("{start} … {end}")
}
