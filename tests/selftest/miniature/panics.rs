//! Panics.

use std::io;
use std::net::SocketAddr;

use kit::Events;

pub fn run(address: SocketAddr, _events: &Events) -> io::Result<()> {
    panic!("no {address} for me");
}
