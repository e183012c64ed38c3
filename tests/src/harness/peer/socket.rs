//! A socket of ours that is closed at once when it is dropped.

use std::net::TcpStream;
use std::ops::{Deref, DerefMut};

use crate::process::reaper::{self, NoneIsStarting};

/// Closed while no program is starting. A child has copies of all our sockets until it comes to exec, and the end of a
/// stream, or a reset, is only sent when the last copy is closed: close(2).
#[derive(Debug)]
pub(crate) struct PeerSocket(Option<TcpStream>);

impl PeerSocket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(Some(stream))
    }

    /// Closes it, where whoever closes it has seen to it that no program is starting. It is not to be used any more.
    pub(crate) fn close(&mut self, _none_is_starting: &NoneIsStarting) {
        drop(self.0.take());
    }
}

impl Deref for PeerSocket {
    type Target = TcpStream;

    fn deref(&self) -> &TcpStream {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for PeerSocket {
    fn deref_mut(&mut self) -> &mut TcpStream {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for PeerSocket {
    fn drop(&mut self) {
        if self.0.is_some() {
            self.close(&reaper::none_is_starting());
        }
    }
}
