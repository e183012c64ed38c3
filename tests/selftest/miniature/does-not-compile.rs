//! Does not compile.

use std::io;
use std::net::SocketAddr;

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    Ok("a text where nothing was expected")
}
