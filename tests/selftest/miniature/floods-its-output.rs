//! Prints for ever, and never a whole line.

use std::io::{self, Write};
use std::net::SocketAddr;

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    let mut out = io::stdout().lock();
    loop {
        out.write_all(&[b'o'; 64 * 1024])?;
    }
}
