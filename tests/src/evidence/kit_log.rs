//! The event log that the kit prints on a server's standard output, read into values.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::SocketAddr;

use crate::evidence::last_words::SystemErrors;
use crate::process::output::TICK;

/// One line of the log. Clients are numbered from 1, in the order in which they were accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Listening(SocketAddr),
    Connected {
        client: u64,
    },
    /// The client ended its stream after so many bytes.
    Left {
        client: u64,
        bytes: u64,
    },
    /// The connection broke after so many bytes.
    Lost {
        client: u64,
        bytes: u64,
        reason: String,
    },
    /// Other work went on.
    Tick(u64),
}

impl Event {
    /// `None` for a line that is not the kit's.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        if let Some(address) = line.strip_prefix("listening on ") {
            return Some(Self::Listening(address.parse().ok()?));
        }
        if let Some(number) = line.strip_prefix(TICK) {
            return Some(Self::Tick(number.parse().ok()?));
        }
        let (number, what) = line.strip_prefix("client ")?.split_once(' ')?;
        let client = number.parse().ok()?;
        if what == "connected" {
            return Some(Self::Connected { client });
        }
        let (way, rest) = what.split_once(" after ")?;
        let (bytes, end) = rest.split_once(" bytes")?;
        let bytes = bytes.parse().ok()?;
        match (way, end.strip_prefix(": ")) {
            ("left", None) if end.is_empty() => Some(Self::Left { client, bytes }),
            ("lost", Some(reason)) => Some(Self::Lost {
                client,
                bytes,
                reason: reason.to_string(),
            }),
            _ => None,
        }
    }

    /// The client that it is about.
    #[must_use]
    pub fn client(&self) -> Option<u64> {
        match self {
            Self::Connected { client } | Self::Left { client, .. } | Self::Lost { client, .. } => {
                Some(*client)
            }
            Self::Listening(_) | Self::Tick(_) => None,
        }
    }

    /// True if a client is gone with it.
    #[must_use]
    pub fn is_departure(&self) -> bool {
        matches!(self, Self::Left { .. } | Self::Lost { .. })
    }
}

/// The line as the kit prints it.
impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening(address) => write!(out, "listening on {address}"),
            Self::Connected { client } => write!(out, "client {client} connected"),
            Self::Left { client, bytes } => write!(out, "client {client} left after {bytes} bytes"),
            Self::Lost {
                client,
                bytes,
                reason,
            } => write!(out, "client {client} lost after {bytes} bytes: {reason}"),
            Self::Tick(number) => write!(out, "{TICK}{number}"),
        }
    }
}

/// All events of one program so far, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventLog(Vec<Event>);

impl EventLog {
    /// Reads what a program printed; lines that are not the kit's are passed over.
    #[must_use]
    pub fn read(printed: &str) -> Self {
        Self(printed.lines().filter_map(Event::parse).collect())
    }

    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.0
    }

    pub fn about(&self, client: u64) -> impl Iterator<Item = &Event> {
        let events = self.0.iter();
        events.filter(move |event| event.client() == Some(client))
    }

    /// Numbers of the clients that connected, in the order in which the log names them.
    pub fn newcomers(&self) -> impl Iterator<Item = u64> {
        self.0.iter().filter_map(|event| match event {
            Event::Connected { client } => Some(*client),
            _ => None,
        })
    }

    /// The address that the program has announced.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.iter().find_map(|event| match event {
            Event::Listening(address) => Some(*address),
            _ => None,
        })
    }

    /// True for a program with a heartbeat.
    #[must_use]
    pub fn has_ticks(&self) -> bool {
        let mut events = self.0.iter();
        events.any(|event| matches!(event, Event::Tick(_)))
    }

    /// Clients that connected so far.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.newcomers().count()
    }

    /// Clients that left or were lost so far.
    #[must_use]
    pub fn departed(&self) -> usize {
        let events = self.0.iter();
        events.filter(|event| event.is_departure()).count()
    }

    /// The first line that cannot stand where it does: a tick that does not follow the one before it, a client that comes
    /// twice, or goes twice, or before it has come.
    #[must_use]
    pub fn contradiction(&self) -> Option<String> {
        let (mut ticks, mut here, mut gone) = (0, HashSet::new(), HashMap::new());
        self.0.iter().find_map(|event| match event {
            Event::Listening(_) => None,
            Event::Tick(number) => {
                ticks += 1;
                let before = format!("{TICK}{}", ticks - 1);
                (*number != ticks).then(|| match ticks {
                    1 => format!("\"{event}\" as the first"),
                    _ => format!("\"{event}\" after \"{before}\""),
                })
            }
            Event::Connected { client } => {
                let is_new = here.insert(*client);
                (!is_new).then(|| format!("\"{event}\" for the second time"))
            }
            Event::Left { client, .. } | Event::Lost { client, .. } => {
                if !here.contains(client) {
                    return Some(format!("\"{event}\" before \"client {client} connected\""));
                }
                let before = gone.insert(*client, event);
                before.map(|before| format!("\"{event}\" after \"{before}\""))
            }
        })
    }

    /// Bytes that each client had sent which left, in the order in which they did.
    pub fn left(&self) -> impl Iterator<Item = u64> {
        self.0.iter().filter_map(|event| match event {
            Event::Left { bytes, .. } => Some(*bytes),
            _ => None,
        })
    }

    /// Number, bytes and reason of each client that was lost.
    pub fn lost(&self) -> impl Iterator<Item = (u64, u64, SystemErrors)> {
        self.0.iter().filter_map(|event| match event {
            Event::Lost {
                client,
                bytes,
                reason,
            } => Some((*client, *bytes, SystemErrors::named_in(reason))),
            _ => None,
        })
    }
}
