//! A recording as text: what it comes to, what each side has been through, and where the server was, a column for each
//! 40 ms.

use crate::text::{counted, grouped, milliseconds, percent};
use crate::trace::headline::finding;
use crate::trace::intervals::{length, union, within};
use crate::trace::metrics::{MANY, Waits, Work, during};
use crate::trace::recording::{
    ClientEvent, ClientSide, Kind, Moment, Recording, Sockets, Span, Syscall,
};

/// What one column of the timeline stands for, in microseconds, unless a recording is too long for that.
const COLUMN: i64 = 40_000;

/// How many columns there may be.
const COLUMNS: i64 = 60;

/// So many refused calls in a column are asking all the time.
const OFTEN: usize = 4;

/// The whole view.
#[must_use]
pub fn view(recording: &Recording) -> String {
    let mut text = recording.stage.clone();
    if let Some(label) = &recording.label {
        text += &format!(" ({label})");
    }
    text += &format!(": {}\n", finding(recording));
    for client in &recording.clients {
        let waits = Waits::of(client);
        let fate = match client.moments.last().map(|moment| moment.what) {
            Some(ClientEvent::Lost) => ", then lost its connection",
            Some(ClientEvent::GaveUp) => ", and waits still",
            _ => "",
        };
        text += &format!(
            "  client {:<3} {:<9}, longest wait {:>4} ms{fate}\n",
            client.name,
            counted(waits.answers, "answer"),
            milliseconds(waits.longest()),
        );
    }
    let work = Work::of(recording);
    if let Some(work) = &work {
        text += &format!("  server     {}\n", summary(work));
    }
    text + "\n" + &timeline(recording, work.as_ref())
}

/// What the server did, in few words.
#[must_use]
pub fn summary(work: &Work) -> String {
    let threads = counted(work.threads.len(), "thread");
    let rest = rest(work);
    let told = match work.in_vain {
        0 => format!("{} of them told \"would block\"", grouped(work.refused)),
        vain => format!(
            "{} of them told \"nothing yet\"",
            grouped(work.refused + vain)
        ),
    };
    let calls = counted(work.asked, "call");
    format!("{threads} · {calls}, {told} · {rest}")
}

/// What matters most of that: of calls only how often there was nothing, where that is often.
#[must_use]
pub fn gist(recording: &Recording, work: &Work) -> String {
    let threads = counted(work.threads.len(), "thread");
    if let Some(how) = &recording.ended {
        return format!("{threads} · ended by itself ({how})");
    }
    let rest = rest(work);
    let answer = match work.in_vain {
        0 => "would block",
        _ => "nothing yet",
    };
    match work.refused + work.in_vain {
        few if few < MANY => format!("{threads} · {rest}"),
        many => format!(
            "{threads} · {rest} · \"{answer}\" {} times (traced)",
            grouped(many)
        ),
    }
}

/// How much of the time all threads rest.
fn rest(work: &Work) -> String {
    match work.napping >= 0.01 {
        true => format!("naps {} of the time", percent(work.napping)),
        false => format!("asleep {} of the time", percent(work.asleep)),
    }
}

/// The columns of a timeline.
struct Columns {
    from: i64,
    width: i64,
    count: i64,
    /// The time that was recorded.
    recorded: Span,
}

impl Columns {
    fn of(recording: &Recording) -> Self {
        let Span { from, to } = recording.span;
        let mut width = COLUMN;
        while to.max(-from) > (COLUMNS - 2) * width {
            width += COLUMN;
        }
        let first = from.div_euclid(width);
        Self {
            from: first * width,
            width,
            count: to / width - first + 1,
            recorded: recording.span,
        }
    }

    /// A mark for each.
    fn row(&self, mark: &dyn Fn(Span) -> char) -> String {
        let columns = (0..self.count).map(|column| {
            let from = self.from + column * self.width;
            let to = (from + self.width).min(self.recorded.to);
            Span::new(from.max(self.recorded.from), to)
        });
        let marks = columns.map(|column| match column.length() > 0 {
            true => mark(column),
            false => ' ',
        });
        marks.collect()
    }

    /// The time, at each tenth column from 0 on.
    fn axis(&self) -> String {
        let mut text = " ".repeat((-self.from / self.width) as usize);
        for column in (0..self.count + self.from / self.width).step_by(10) {
            let unit = if column == 0 { " ms" } else { "" };
            let time = format!("{}{unit}", column * self.width / 1000);
            text += &format!("{time:<10}");
        }
        text
    }
}

/// A row for each client, one for each socket of the server, and what the marks in them mean.
fn timeline(recording: &Recording, work: Option<&Work>) -> String {
    let columns = Columns::of(recording);
    let line =
        |name: &str, marks: &str| format!("  {name:<11}{marks}").trim_end().to_owned() + "\n";
    let mut text = line("", &columns.axis());
    for client in &recording.clients {
        let waits = union(Waits::of(client).spans);
        let marks = columns.row(&|column| client_mark(client, &waits, column));
        text += &line(&format!("client {}", client.name), &marks);
    }
    let mut legend = line("", "# waits   + answered   - thinks");
    if let Some(work) = work {
        let mut seen = String::new();
        for row in 0..=recording.clients.len() {
            let socket = Sockets::row(row);
            let there = threads_at(work, socket);
            let marks = columns.row(&|column| server_mark(work, socket, &there, column));
            text += &line(&recording.row_name(row), &marks);
            seen += marks.trim();
        }
        let has_naps = work.calls.iter().any(|call| call.kind == Kind::Nap);
        let elsewhere = if has_naps {
            ". naps"
        } else {
            ". asleep elsewhere"
        };
        let marks = [
            ('z', "z asleep there"),
            ('.', elsewhere),
            ('?', "? asks again and again"),
            ('|', "| works"),
            (' ', "blank: no call there"),
        ];
        let seen = marks.iter().filter(|(mark, _)| seen.contains(*mark));
        let words: Vec<&str> = seen.map(|(_, words)| *words).collect();
        legend += &line("", &words.join("   "));
    }
    text + &legend
}

/// What a client went through in that column.
fn client_mark(client: &ClientSide, waits: &[Span], column: Span) -> char {
    let is_answer = |moment: &Moment| {
        let inside = column.from <= moment.at && moment.at < column.to;
        inside && moment.what == ClientEvent::Answered
    };
    let ends = [client.moments.first(), client.moments.last()];
    let goes_on = |wait: &Span| wait.from < column.to && wait.to >= column.to;
    match ends.map(|end| end.map(|moment| moment.at)) {
        _ if is_half(column, waits) || waits.iter().any(goes_on) => '#',
        _ if client.moments.iter().any(is_answer) => '+',
        [Some(first), Some(last)] if first < column.to && last >= column.from => '-',
        _ => ' ',
    }
}

/// The threads that may have to do with a socket.
fn threads_at(work: &Work, socket: Sockets) -> Vec<usize> {
    let mut threads = work.serving.clone();
    threads.retain(|thread| {
        let own = work.sockets(*thread);
        own.is_empty() || own.contains(socket)
    });
    threads
}

/// What the server did about a socket in that column; `there` are the threads that have to do with it.
fn server_mark(work: &Work, socket: Sockets, there: &[usize], column: Span) -> char {
    let inside = |call: &Syscall| call.start < column.to && call.span().to > column.from;
    let here = |call: &Syscall| inside(call) && call.at.contains(socket);
    let asleep = during(&work.calls, |call| here(call) && call.sleeps());
    let elsewhere = during(&work.calls, |call| {
        let is_nowhere = call.sleeps() && call.at.is_empty();
        inside(call) && is_nowhere && there.contains(&call.thread)
    });
    let here = || work.calls.iter().filter(|call| here(call));
    match () {
        () if is_half(column, &asleep) => 'z',
        () if is_half(column, &elsewhere) => '.',
        () if here().filter(|call| call.is_refused()).count() >= OFTEN => '?',
        () if here().any(|call| !call.sleeps() && !call.is_refused()) => '|',
        () => ' ',
    }
}

/// Whether `spans` are at least half of that column.
fn is_half(column: Span, spans: &[Span]) -> bool {
    length(&within(&[column], spans)) * 2 >= column.length()
}
