//! Which connection a program's descriptor stands for: getpeername(2), asked once for as long as it is open.

use std::collections::HashMap;
use std::net::SocketAddr;

use socket2::SockRef;

use crate::platform::linux::proc;
use crate::platform::{CallKind, WatchedCall, unix};

/// The other ends of the program's connections, by descriptor. `None` for what is no connection.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<i32, Option<SocketAddr>>);

impl Peers {
    /// Says of a call of `thread` which connection it is about.
    pub(super) fn add_to(&mut self, call: &mut WatchedCall, thread: u32) {
        match call {
            WatchedCall::Close { descriptor } => {
                self.0.remove(descriptor);
            }
            // It is a connection only afterwards.
            WatchedCall::On {
                kind: CallKind::Connect,
                ..
            } => {}
            WatchedCall::On {
                descriptor, peer, ..
            } => {
                let known = self.0.entry(*descriptor);
                *peer = *known.or_insert_with(|| peer_of(thread, *descriptor));
            }
            _ => {}
        }
    }
}

fn peer_of(thread: u32, descriptor: i32) -> Option<SocketAddr> {
    let socket = unix::borrow_socket(proc::process_of(thread)?, descriptor).ok()?;
    SockRef::from(&socket).peer_addr().ok()?.as_socket()
}
