//! Does not compile.

use std::io;
use std::net::SocketAddr;

use kit::Events;

pub fn run(_address: SocketAddr, _events: &Events) -> io::Result<()> {
    Ok("a text where nothing was expected")
}
