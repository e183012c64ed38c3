//! Systems other than Linux do not show what a process is doing, or not in this way.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use socket2::Socket;

use crate::platform::{
    CallCounts, CallKind, Descriptor, Fault, Registered, Sample, TcpRow, WatchedCall, Watching,
};

#[must_use]
pub fn sample(_pid: u32) -> Option<Sample> {
    None
}

/// Nobody asks for it where no calls are recorded.
#[must_use]
pub fn path_to(_file: &std::fs::File) -> std::path::PathBuf {
    std::path::PathBuf::new()
}

#[must_use]
pub fn descriptors(_pid: u32) -> Option<Vec<Descriptor>> {
    None
}

#[must_use]
pub fn is_non_blocking(_pid: u32, _descriptor: i32) -> Option<bool> {
    None
}

#[must_use]
pub fn has_room_at(_local: SocketAddr, _remote: SocketAddr) -> Option<bool> {
    None
}

#[must_use]
pub fn registered(_pid: u32) -> Vec<Registered> {
    Vec::new()
}

/// # Errors
///
/// Always.
pub fn shut_down(_pid: u32, _descriptor: i32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[must_use]
pub fn time_limit(_pid: u32, _descriptor: i32, _kind: CallKind) -> Option<Duration> {
    None
}

/// # Errors
///
/// Always.
pub fn tell_when_there_are(_bytes: u32, _pid: u32, _descriptor: i32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[must_use]
pub fn orphans(_ours: &HashSet<u32>) -> Vec<u32> {
    Vec::new()
}

#[must_use]
pub fn descendants(_pid: u32) -> Vec<u32> {
    Vec::new()
}

#[must_use]
pub fn not_sent(_stream: &TcpStream) -> Option<u64> {
    None
}

/// What a pipe can be looked at through: elsewhere, anything.
pub trait Stream {}

impl<S> Stream for S {}

/// A look into a pipe: elsewhere there is none.
#[derive(Debug)]
pub enum PipeEnd {}

impl PipeEnd {
    #[must_use]
    pub fn of(_stream: &impl Stream) -> Option<Self> {
        None
    }

    pub fn wait_for_more(&self) {}

    #[must_use]
    pub fn is_empty(&self) -> bool {
        true
    }
}

#[must_use]
pub fn memory(_pid: u32) -> u64 {
    0
}

#[must_use]
pub fn pages(_pid: u32) -> Option<String> {
    None
}

#[must_use]
pub fn address_space(_pid: u32) -> Option<u64> {
    None
}

#[must_use]
pub fn private_memory(_pid: u32) -> Option<u64> {
    None
}

/// # Errors
///
/// Always.
pub fn limit_address_space(_pid: u32, _most: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[must_use]
pub fn threads(_pid: u32) -> usize {
    0
}

#[must_use]
pub fn tcp_table() -> Option<Vec<TcpRow>> {
    None
}

#[must_use]
pub fn tcp_listeners() -> Option<Vec<TcpRow>> {
    None
}

#[must_use]
pub fn tcp_rows(_wanted: &[(SocketAddr, SocketAddr)]) -> Option<Vec<TcpRow>> {
    None
}

pub fn acknowledge(_stream: &TcpStream) {}

/// Elsewhere our own sockets have the room that every socket has.
pub fn fix_room(_socket: &Socket) {}

pub fn clamp_window(_socket: &Socket) {}

pub fn widen_room_to_send(_socket: &Socket) {}

#[must_use]
pub fn longest_backlog() -> Option<u64> {
    None
}

pub fn end_orphans(_ours: &HashSet<u32>) {}

/// Nobody asks for it where nobody adopts orphans.
#[must_use]
pub fn has_children() -> bool {
    false
}

/// Nobody looks there.
#[must_use]
pub fn proc_is_ours() -> bool {
    false
}

/// Nobody waits for changes there yet.
///
/// # Errors
///
/// Always.
pub fn tells_of_changes(_folder: &std::path::Path) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

#[must_use]
pub fn call_filter() -> Option<bool> {
    None
}

/// There is none.
#[derive(Debug)]
pub struct CallWatchSetup(Infallible);

impl CallWatchSetup {
    /// # Errors
    ///
    /// Always.
    pub fn prepare(_command: &mut Command, _watching: Watching) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// # Errors
    ///
    /// None: there is no such program.
    pub fn watch(self) -> io::Result<CallWatch> {
        match self.0 {}
    }
}

/// There is none.
#[derive(Debug)]
pub struct CallWatch(Infallible);

impl CallWatch {
    #[must_use]
    pub fn is_idle(&self) -> bool {
        match self.0 {}
    }

    #[must_use]
    pub fn calls(&self) -> Vec<(u32, WatchedCall)> {
        match self.0 {}
    }

    #[must_use]
    pub fn counts(&self) -> CallCounts {
        match self.0 {}
    }

    #[must_use]
    pub fn last_nap_of(&self, _thread: u32) -> Option<Duration> {
        match self.0 {}
    }

    #[must_use]
    pub fn most_slept(&self) -> Duration {
        match self.0 {}
    }

    pub fn answer(&self, _fault: Fault) {
        match self.0 {}
    }

    pub fn leave_to_the_kernel(&self, _kind: CallKind) {
        match self.0 {}
    }
}
