//! Sleeps, and never does anything.

use std::net::SocketAddr;
use std::time::Duration;
use std::{io, thread};

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    loop {
        thread::sleep(Duration::from_secs(1000));
    }
}
