//! Which connection a program's descriptor stands for: getpeername(2), asked once for as long as it is open.

use std::collections::HashMap;
use std::net::SocketAddr;

use socket2::SockRef;

use crate::platform::linux::proc;
use crate::platform::{CallKind, WatchedCall, unix};

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
                *peer = match self.ends.get(descriptor) {
                    Some(known) => *known,
                    None => {
                        let end = self.end_of(thread, *descriptor);
                        self.ends.insert(*descriptor, end);
                        end
                    }
                };
            }
            _ => {}
        }
    }

    fn end_of(&mut self, thread: u32, descriptor: i32) -> Option<SocketAddr> {
        let process = match self.processes.get(&thread) {
            Some(known) => *known,
            None => {
                let process = proc::process_of(thread)?;
                self.processes.insert(thread, process);
                process
            }
        };
        peer_of(process, descriptor)
    }
}

fn peer_of(process: u32, descriptor: i32) -> Option<SocketAddr> {
    let socket = unix::borrow_socket(process, descriptor).ok()?;
    SockRef::from(&socket).peer_addr().ok()?.as_socket()
}
