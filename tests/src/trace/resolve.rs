//! From what strace(1) writes to calls on sockets that have a name: the listener's, and one for each client.
//!
//! strace shows what a descriptor is, `4<TCP:[127.0.0.1:7101->127.0.0.1:52012]>`, so that there is no need to follow
//! descriptors through their lives; but a socket whose connection is gone has no addresses any more, and what is
//! registered with an epoll instance stands in other calls than the one that waits for it.

use std::collections::HashMap;

use crate::trace::recording::{CallResult, Kind, ServerSide, Sockets, Span, Syscall};
use crate::trace::strace::{Line, Log};

/// In less time nobody naps, in microseconds.
const SHORT: i64 = 50;

/// What there is to know about the addresses and the time.
#[derive(Debug)]
pub struct RecordingContext {
    /// Where the program listens.
    pub listener: u16,
    pub connections: Vec<Connection>,
    /// When the recording's time is 0, in microseconds since the epoch.
    pub zero: i64,
    /// The time that was recorded.
    pub span: Span,
}

/// One connection of a client, by the port at its end.
#[derive(Debug)]
pub struct Connection {
    pub port: u16,
    /// The client's number, counted from 0.
    pub client: usize,
    /// Since when: a port may be used again.
    pub since: i64,
}

/// The server's side of a recording.
#[must_use]
pub fn server(log: &Log, wires: &RecordingContext) -> ServerSide {
    let mut threads: Vec<(u32, Span)> = Vec::new();
    let mut sight = SocketResolver {
        wires,
        descriptors: HashMap::new(),
        interests: HashMap::new(),
    };
    let mut calls = Vec::new();
    for line in &log.lines {
        let start = line.start - wires.zero;
        let known = threads.iter().position(|(id, _)| *id == line.thread);
        let thread = known.unwrap_or_else(|| {
            let Span { from, to } = wires.span;
            threads.push((line.thread, Span::new(start.clamp(from, to), to)));
            threads.len() - 1
        });
        let call = sight.look(line, thread);
        let call = call.map(|call| cut(call, wires.span.to));
        calls.extend(call.filter(|call| {
            let is_long = call.sleeps() && call.duration > 0;
            let matters = !call.at.is_empty() || is_long;
            matters && call.span().to >= wires.span.from && call.start < wires.span.to
        }));
    }
    for (id, at) in &log.exits {
        if let Some((_, life)) = threads.iter_mut().find(|(known, _)| known == id) {
            life.to = (at - wires.zero).clamp(life.from, wires.span.to);
        }
    }
    calls.sort_unstable();
    let threads = threads.into_iter().map(|(_, life)| life).collect();
    ServerSide { threads, calls }
}

/// A call that outlasts the recording is open at its end.
fn cut(call: Syscall, end: i64) -> Syscall {
    if call.span().to <= end {
        return call;
    }
    Syscall {
        answer: CallResult::Open,
        duration: (end - call.start).max(0),
        ..call
    }
}

struct SocketResolver<'a> {
    wires: &'a RecordingContext,
    /// What the open descriptors are.
    descriptors: HashMap<u32, Sockets>,
    /// By epoll instance, the descriptors that are registered with it.
    interests: HashMap<u32, Vec<u32>>,
}

impl SocketResolver<'_> {
    /// What a line says; `None`, where it says nothing about sockets or sleep.
    fn look(&mut self, line: &Line, thread: usize) -> Option<Syscall> {
        let kind = kind(&line.name)?;
        let start = line.start - self.wires.zero;
        let (value, duration) = match &line.returned {
            Some(returned) => (returned.value.as_str(), returned.duration),
            None => ("", self.wires.span.to - start),
        };
        let mut at = self.sockets(&line.arguments, start + duration);
        match kind {
            Kind::EpollWait => at = self.registered(&line.arguments),
            Kind::Register => self.register(&line.arguments),
            Kind::Accept => {
                self.sockets(value, start + duration);
            }
            Kind::Close => self.forget(&line.arguments),
            _ => {}
        }
        let nobody = at.is_empty();
        Some(Syscall {
            start,
            thread,
            kind: match kind {
                // With no socket to wait for, only time can end it.
                many if many.is_about_many() && nobody && duration >= SHORT => Kind::Nap,
                Kind::Nap | Kind::Futex => kind,
                _ if nobody => Kind::Other,
                _ => kind,
            },
            at,
            answer: answer(kind, value),
            duration,
        })
    }

    /// The sockets that are named in `text`; their descriptors are known from now on.
    fn sockets(&mut self, text: &str, until: i64) -> Sockets {
        let mut found = Sockets::NONE;
        for (place, _) in text.match_indices('<') {
            let (before, named) = text.split_at(place);
            let is_socket = named.starts_with("<TCP") || named.starts_with("<socket:[");
            let named = named.split_once("]>").filter(|_| is_socket);
            let (Some(number), Some((named, _))) = (number_before(before), named) else {
                continue;
            };
            let known = self.named(named, until);
            let known = known.or_else(|| self.descriptors.get(&number).copied());
            if let Some(socket) = known {
                self.descriptors.insert(number, socket);
                found = found.with(socket);
            }
        }
        found
    }

    /// The socket with these addresses, such as `<TCP:[127.0.0.1:7101->127.0.0.1:52012`.
    fn named(&self, addresses: &str, until: i64) -> Option<Sockets> {
        let ours = |address| port(address).filter(|port| *port == self.wires.listener);
        let Some((local, remote)) = addresses.split_once("->") else {
            return ours(addresses).map(|_| Sockets::LISTENER);
        };
        let (_, remote) = (ours(local)?, port(remote)?);
        let all = self.wires.connections.iter();
        let fitting = all.filter(|one| one.port == remote && one.since <= until);
        let last = fitting.max_by_key(|one| one.since)?;
        Some(Sockets::client(last.client))
    }

    /// `epoll_ctl(4<…>, EPOLL_CTL_ADD, 6<…>, …)`
    fn register(&mut self, arguments: &str) {
        let mut words = arguments.split(", ");
        let instance = words.next().and_then(first_number);
        let (action, descriptor) = (words.next(), words.next().and_then(first_number));
        if let (Some(instance), Some(descriptor)) = (instance, descriptor) {
            let all = self.interests.entry(instance).or_default();
            match action {
                Some("EPOLL_CTL_DEL") => all.retain(|known| *known != descriptor),
                _ => all.push(descriptor),
            }
        }
    }

    /// The sockets that `epoll_wait(4<…>, …)` is to tell of; all that are open, where that was not seen.
    fn registered(&self, arguments: &str) -> Sockets {
        let instance = first_number(arguments);
        let interests = instance.and_then(|instance| self.interests.get(&instance));
        let sockets = self.descriptors.iter();
        let meant = sockets.filter(|(number, _)| interests.is_none_or(|all| all.contains(number)));
        meant.fold(Sockets::NONE, |all, (_, socket)| all.with(*socket))
    }

    /// `close(4<…>)`: the kernel forgets what was registered about it.
    fn forget(&mut self, arguments: &str) {
        if let Some(number) = first_number(arguments) {
            self.descriptors.remove(&number);
            self.interests.remove(&number);
            for all in self.interests.values_mut() {
                all.retain(|known| *known != number);
            }
        }
    }
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "accept" | "accept4" => Kind::Accept,
        "recvfrom" | "recvmsg" | "read" | "readv" => Kind::Recv,
        "sendto" | "sendmsg" | "write" | "writev" => Kind::Send,
        "poll" | "ppoll" => Kind::Poll,
        "select" | "pselect6" => Kind::Select,
        "epoll_wait" | "epoll_pwait" | "epoll_pwait2" => Kind::EpollWait,
        "epoll_ctl" => Kind::Register,
        "nanosleep" | "clock_nanosleep" => Kind::Nap,
        "futex" => Kind::Futex,
        "shutdown" => Kind::Shutdown,
        "close" => Kind::Close,
        _ => return None,
    })
}

/// How a call came back that returned this; nothing, where it did not.
fn answer(kind: Kind, value: &str) -> CallResult {
    let error = value.strip_prefix("-1 ").or(value.strip_prefix("? "));
    let error = error.map(|error| error.split(' ').next().unwrap_or_default());
    match error {
        // To a futex it means that the value has changed already, and that is what was asked.
        Some("EAGAIN" | "EWOULDBLOCK") if kind == Kind::Futex => CallResult::Done,
        Some("EAGAIN" | "EWOULDBLOCK") => CallResult::WouldBlock,
        Some("EINTR") => CallResult::Interrupted,
        Some(error) if error.starts_with("ERESTART") => CallResult::Interrupted,
        Some(_) => CallResult::Failed,
        None if matches!(value, "" | "?") => CallResult::Open,
        None if !(value == "0" || value.starts_with("0 ")) => CallResult::Done,
        None if kind == Kind::Recv => CallResult::End,
        None if kind.is_about_many() => CallResult::Nothing,
        None => CallResult::Done,
    }
}

/// The number that `text` begins with.
fn first_number(text: &str) -> Option<u32> {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    text[..end.unwrap_or(text.len())].parse().ok()
}

/// The number that `text` ends in.
fn number_before(text: &str) -> Option<u32> {
    let rest = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    text[rest.len()..].parse().ok()
}

/// The port at the end of an address.
fn port(address: &str) -> Option<u16> {
    let (_, port) = address.rsplit_once(':')?;
    port.trim_end_matches(']').parse().ok()
}
