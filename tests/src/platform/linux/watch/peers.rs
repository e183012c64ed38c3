//! Which connection a program's descriptor stands for: getpeername(2), asked once for as long as it is open.

use std::collections::HashMap;
use std::net::SocketAddr;

use socket2::SockRef;

use crate::platform::linux::proc;
use crate::platform::{CallKind, WatchedCall, unix};

/// What was asked about the program so far.
#[derive(Debug, Default)]
pub(super) struct Peers {
    /// The other ends of the program's connections, by descriptor. `None` for what is no connection.
    ends: HashMap<i32, Option<SocketAddr>>,
    /// The processes that its threads belong to, by thread.
    processes: HashMap<u32, u32>,
}

impl Peers {
    /// Says of a call of `thread` which connection it is about.
    pub(super) fn add_to(&mut self, call: &mut WatchedCall, thread: u32) {
        match call {
            WatchedCall::Close { descriptor } => {
                self.ends.remove(descriptor);
            }
            // It is a connection only afterwards.
            WatchedCall::On {
                kind: CallKind::Connect,
                ..
            } => {}
            WatchedCall::On {
                descriptor, peer, ..
            } => {
                let Self { ends, processes } = self;
                let end = || peer_of(process_of(thread, processes)?, *descriptor);
                *peer = *ends.entry(*descriptor).or_insert_with(end);
            }
            _ => {}
        }
    }
}

fn process_of(thread: u32, known: &mut HashMap<u32, u32>) -> Option<u32> {
    if let Some(process) = known.get(&thread) {
        return Some(*process);
    }
    let process = proc::process_of(thread)?;
    known.insert(thread, process);
    Some(process)
}

fn peer_of(process: u32, descriptor: i32) -> Option<SocketAddr> {
    let socket = unix::borrow_socket(process, descriptor).ok()?;
    SockRef::from(&socket).peer_addr().ok()?.as_socket()
}
