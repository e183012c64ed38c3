//! Panics.

use std::io;
use std::net::SocketAddr;

use kit::EventLog;

pub fn run(address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    panic!("no {address} for me");
}
