//! What strace(1) writes, line by line: `-f -ttt -T -yy`, which means each thread's number, the time of day, how long a
//! call took, and what each descriptor is.

/// The calls that are looked at. One with a question mark is left out where an architecture lacks it.
pub const CALLS: &str = "?accept,accept4,recvfrom,recvmsg,read,readv,sendto,sendmsg,write,writev,\
    ?poll,ppoll,?select,pselect6,?epoll_wait,epoll_pwait,?epoll_pwait2,epoll_ctl,\
    ?nanosleep,clock_nanosleep,futex,shutdown,close";

/// A call as it was written down, in as many lines as it took.
#[derive(Debug)]
pub struct Line {
    /// The thread's number.
    pub thread: u32,
    /// When it began, in microseconds since the epoch.
    pub start: i64,
    pub name: String,
    pub arguments: String,
    /// `None` when it was open at the end.
    pub returned: Option<Returned>,
}

#[derive(Debug)]
pub struct Returned {
    /// What stands behind the equals sign, without the time: `-1 EAGAIN (Resource temporarily unavailable)`.
    pub value: String,
    /// In microseconds.
    pub duration: i64,
}

/// All that a file of strace holds.
#[derive(Debug, Default)]
pub struct Log {
    /// In the order in which they began.
    pub lines: Vec<Line>,
    /// Which threads have ended, and when.
    pub exits: Vec<(u32, i64)>,
}

impl Log {
    /// Reads what strace has written. What is no line of strace is left out: the last one may be cut where it was ended.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut log = Self::default();
        for line in text.lines() {
            let Some((thread, time, rest)) = head(line) else {
                continue;
            };
            if rest.starts_with("+++ ") {
                log.exits.push((thread, time));
            } else if let Some(resumed) = rest.strip_prefix("<... ") {
                let is_open = |call: &&mut Line| call.thread == thread && call.returned.is_none();
                let call = log.lines.iter_mut().rfind(is_open);
                if let (Some(call), Some((_, tail))) = (call, resumed.split_once("resumed>")) {
                    let (arguments, returned) = split(tail);
                    call.arguments.push_str(arguments);
                    call.returned = returned;
                }
            } else if let Some((name, tail)) = rest.split_once('(') {
                let (arguments, returned) = split(tail);
                log.lines.push(Line {
                    thread,
                    start: time,
                    name: name.into(),
                    arguments: arguments.into(),
                    returned,
                });
            }
        }
        log
    }
}

/// A line's thread and time, and what follows them.
fn head(line: &str) -> Option<(u32, i64, &str)> {
    let (thread, rest) = line.trim_start().split_once(' ')?;
    let (time, rest) = rest.trim_start().split_once(' ')?;
    Some((thread.parse().ok()?, microseconds(time)?, rest.trim_start()))
}

/// The arguments of a call, and how it came back if it did: `3, "hello", 5) = 5 <0.000040>`.
fn split(tail: &str) -> (&str, Option<Returned>) {
    // What was sent may contain anything, so that the last such sign counts.
    let signs = tail.rmatch_indices(" = ");
    let ends = signs.map(|(place, sign)| (tail[..place].trim_end(), &tail[place + sign.len()..]));
    let mut calls = ends.filter_map(|(call, value)| Some((call.strip_suffix(')')?, value)));
    let Some((arguments, value)) = calls.next() else {
        let cut = tail.find("<unfinished ").or(tail.find("<detached "));
        return (tail[..cut.unwrap_or(tail.len())].trim_end(), None);
    };
    // A call that never came back has no time: `exit(0) = ?`.
    let timed = value.rsplit_once(" <").and_then(|(value, time)| {
        let duration = microseconds(time.strip_suffix('>')?)?;
        let value = value.trim().to_owned();
        Some(Returned { value, duration })
    });
    (arguments, timed)
}

/// `1795652013.893141`, to the microsecond.
fn microseconds(time: &str) -> Option<i64> {
    let (seconds, fraction) = time.split_once('.')?;
    let digits = format!("{fraction:0<6}");
    let seconds: i64 = seconds.parse().ok()?;
    let micros: i64 = digits.get(..6)?.parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}
