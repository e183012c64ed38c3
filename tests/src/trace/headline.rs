//! What a recording comes to, in one sentence that rests on nothing else. It is the picture's title.

use crate::text::{counted, grouped, milliseconds, percent};
use crate::trace::intervals::{length, minus, union, within};
use crate::trace::metrics::{LONG, Waits, Work, during};
use crate::trace::recording::{CallResult, Kind, Recording, Sockets, Span, Syscall};

/// From this part of the time on, a server does mostly that.
const MOSTLY: f64 = 0.5;

/// From this part of the time on, it does nothing else.
const NEARLY_ALL: f64 = 0.9;

/// So many refused calls in a second are asking all the time.
const OFTEN: usize = 100;

/// The finding as a title: with a capital, and without a full stop.
#[must_use]
pub fn title(recording: &Recording) -> String {
    let finding = finding(recording);
    let mut letters = finding.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The finding, where a sentence goes on.
#[must_use]
pub fn finding(recording: &Recording) -> String {
    let waits: Vec<Waits> = recording.clients.iter().map(Waits::of).collect();
    let Some(work) = Work::of(recording) else {
        return clients_alone(recording, &waits);
    };
    let view = View { recording, work };
    let of_whom = |is_meant: fn(&Waits) -> bool| -> Vec<usize> {
        let all = 0..waits.len();
        all.filter(|number| is_meant(&waits[*number])).collect()
    };
    let unanswered = of_whom(|waits| waits.is_unanswered);
    let late = of_whom(|waits| waits.longest() >= LONG);
    if recording.ended.is_some() {
        return view.ended(&unanswered);
    }
    let cut_off = of_whom(|waits| waits.is_cut_off);
    if !cut_off.is_empty() {
        let who = view.whom(&cut_off, "everybody");
        return format!("the server hangs up on {who} while they wait for an answer");
    }
    let accepts = |call: &Syscall| call.kind == Kind::Accept && call.answer == CallResult::Done;
    if !unanswered.is_empty() {
        if !view.work.calls.iter().any(accepts) {
            return "nobody is answered: the server never accepts".into();
        }
        let who = view.whom(&unanswered, "nobody");
        let threads = threads(view.work.serving.len());
        let (place, _) = view.place(&waits, &unanswered);
        return format!("{who} {} answered: {threads}{place}", is_or_are(&who));
    }
    match late[..] {
        [] => view.nobody_waits(),
        _ => view.somebody_waits(&waits, &late),
    }
}

/// What the clients know by themselves.
fn clients_alone(recording: &Recording, waits: &[Waits]) -> String {
    let all = recording.clients.iter().zip(waits);
    let late = all.filter(|(_, waits)| waits.longest() >= LONG);
    let late: Vec<String> = late
        .map(|(client, waits)| format!("{} {} ms", client.name, milliseconds(waits.longest())))
        .collect();
    match late[..] {
        [] => "nobody waits long".into(),
        _ => format!("some wait long: {}", late.join(", ")),
    }
}

struct View<'a> {
    recording: &'a Recording,
    work: Work,
}

impl View<'_> {
    fn name(&self, number: usize) -> &str {
        &self.recording.clients[number].name
    }

    /// `A`, `B and C`, and another word for all of them.
    fn whom(&self, numbers: &[usize], all: &str) -> String {
        let names: Vec<&str> = numbers.iter().map(|number| self.name(*number)).collect();
        match &names[..] {
            _ if names.len() == self.recording.clients.len() => all.into(),
            [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            _ => names.concat(),
        }
    }

    fn ended(&self, unanswered: &[usize]) -> String {
        let end = self.work.threads.first().map_or(0, |main| main.to) / 1000;
        let how = self.recording.ended.as_deref().unwrap_or_default();
        let ended = format!("the server ended after {end} ms ({how})");
        match self.whom(unanswered, "nobody").as_str() {
            "" => ended,
            who => format!("{ended}: {who} {} answered", is_or_are(who)),
        }
    }

    fn somebody_waits(&self, waits: &[Waits], late: &[usize]) -> String {
        let serving = self.work.serving.len();
        let (place, meanwhile) = self.place(waits, late);
        // Whoever is served just then does not wait for that.
        let mut late = late.to_vec();
        late.retain(|number| !within(&waits[*number].long(), &meanwhile).is_empty());
        let who = self.whom(&late, "all");
        let wait = does(late.len(), "wait");
        match serving {
            0 | 1 => format!("one thread{place} while {who} {wait}"),
            _ => format!("{}, and still {who} {wait}", threads(serving)),
        }
    }

    /// Where the server was for the longest time while those clients waited for long, as the end of a sentence that begins
    /// with its threads; and when.
    fn place(&self, waits: &[Waits], late: &[usize]) -> (String, Vec<Span>) {
        let waited = |is_meant: &dyn Fn(usize) -> bool| {
            let meant = late.iter().filter(|number| is_meant(**number));
            union(meant.flat_map(|number| waits[*number].long()).collect())
        };
        let awake = minus(
            &waited(&|_| true),
            &during(&self.work.calls, Syscall::sleeps),
        );
        let mut places = vec![(self.asking(&awake), awake)];
        for call in self.work.calls.iter().filter(|call| call.sleeps()) {
            let words = self.asleep(call);
            let others = waited(&|number| {
                call.kind.is_about_many() || !call.at.contains(Sockets::client(number))
            });
            let spent = within(&[call.span()], &others);
            match places.iter_mut().find(|(known, _)| *known == words) {
                Some((_, spans)) => spans.extend(spent),
                None => places.push((words, spent)),
            }
        }
        // The first of those that are equally long.
        let places = places.into_iter().rev();
        let longest = places.max_by_key(|(_, spans)| length(spans));
        let (words, spans) = longest.unwrap_or_default();
        (words, union(spans))
    }

    /// Where a thread is that sleeps in this call.
    fn asleep(&self, call: &Syscall) -> String {
        let mut clients = call.at.clients();
        match (call.kind, clients.next(), clients.next()) {
            (Kind::Nap, _, _) => format!(" that {}", does(self.work.serving.len(), "nap")),
            (kind, _, _) if kind.is_about_many() => format!(", asleep in {kind}"),
            (_, Some(client), None) => format!(", asleep at {}'s socket", self.name(client)),
            (Kind::Accept, _, _) => ", asleep in accept".into(),
            _ => ", asleep where no socket can wake it".into(),
        }
    }

    /// What a thread does that is awake at these times.
    fn asking(&self, times: &[Span]) -> String {
        let mut asked: Vec<(Sockets, usize)> = Vec::new();
        let meant = |call: &&Syscall| {
            let inside = |time: &Span| time.from <= call.start && call.start < time.to;
            call.is_refused() && times.iter().any(inside)
        };
        for call in self.work.calls.iter().filter(meant) {
            match asked.iter_mut().find(|(at, _)| *at == call.at) {
                Some((_, count)) => *count += 1,
                None => asked.push((call.at, 1)),
            }
        }
        let most = asked.iter().max_by_key(|(_, count)| *count);
        let ask = does(self.work.serving.len(), "ask");
        let seconds = (length(times) / 1_000_000).max(1) as usize;
        match most {
            Some((at, count)) if count / seconds >= OFTEN => match at.clients().next() {
                Some(client) if at.count() == 1 => {
                    format!(" that {ask} {}'s socket again and again", self.name(client))
                }
                None => format!(" that {ask} the listener again and again"),
                _ => format!(" that {ask} again and again"),
            },
            _ => ", busy or without a processor".into(),
        }
    }

    fn nobody_waits(&self) -> String {
        let work = &self.work;
        let serving = work.serving.len();
        let who = threads(serving);
        if work.awake() >= MOSTLY {
            let (refused, vain) = (work.refused, work.in_vain);
            let times = match refused.max(vain) {
                few if few * 2 < work.asked => format!("{} calls", grouped(work.asked)),
                times if times == refused => {
                    format!("told \"would block\" {} times", grouped(refused))
                }
                _ => format!("told \"nothing yet\" {} times", grouped(vain)),
            };
            let ever = if work.awake() >= NEARLY_ALL {
                "never"
            } else {
                "hardly"
            };
            return format!("{who}, {ever} asleep: {times}");
        }
        if work.napping >= MOSTLY {
            let nap = does(serving, "nap");
            return format!("{who} {nap} between rounds, and no data can end a nap");
        }
        self.asleep_well(&who)
    }

    /// Where a server sleeps that makes nobody wait: mostly in calls about many sockets, or each thread at one.
    fn asleep_well(&self, who: &str) -> String {
        let mut times: Vec<(Kind, i64)> = Vec::new();
        for call in self.work.calls.iter().filter(|call| call.sleeps()) {
            match times.iter_mut().find(|(kind, _)| *kind == call.kind) {
                Some((_, time)) => *time += call.duration,
                None => times.push((call.kind, call.duration)),
            }
        }
        let time = |is_meant: fn(Kind) -> bool| -> i64 {
            let meant = times.iter().filter(|(kind, _)| is_meant(*kind));
            meant.map(|(_, time)| time).sum()
        };
        let many = times.iter().filter(|(kind, _)| kind.is_about_many());
        let is_alone = self.work.serving.len() == 1;
        let clients = self.recording.clients.len();
        match many.max_by_key(|(_, time)| *time) {
            Some((kind, most)) if *most >= time(|kind| !kind.is_about_many()) => {
                let its = if is_alone { "its" } else { "their" };
                format!("{who}, asleep in {kind} at all {its} sockets at once")
            }
            _ if self.threads_with_one_client() >= clients && clients > 1 => {
                "a thread for each client, each asleep at its own socket".into()
            }
            _ if is_alone && time(|kind| kind == Kind::Accept) * 2 > time(|_| true) => {
                format!("{who}, asleep in accept until somebody comes")
            }
            _ => format!("{who}, asleep {} of the time", percent(self.work.asleep)),
        }
    }

    /// How many threads have one client each.
    fn threads_with_one_client(&self) -> usize {
        let has_one = |thread: &&usize| {
            let own = |call: &&Syscall| call.thread == **thread && call.kind == Kind::Recv;
            Sockets::of(self.work.calls.iter().filter(own)).count() == 1
        };
        self.work.serving.iter().filter(has_one).count()
    }
}

/// A number of threads, as a sentence begins with it.
fn threads(count: usize) -> String {
    match count {
        1 => "one thread".into(),
        _ => counted(count, "thread"),
    }
}

/// What so many do: one naps, two nap.
fn does(count: usize, verb: &str) -> String {
    let one = if count == 1 { "s" } else { "" };
    format!("{verb}{one}")
}

/// What stands between "who" and "answered": nobody is answered, A is not, B and C are not.
fn is_or_are(who: &str) -> &'static str {
    match who {
        "nobody" => "is",
        several if several.contains(' ') => "are not",
        _ => "is not",
    }
}
