//! Ends everybody in its process group, itself included: a child does it, while the program sleeps and waits.

use std::net::SocketAddr;
use std::process::Command;
use std::{io, thread};

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    Command::new("sh").args(["-c", "sleep 0.2; kill -KILL 0"]).status()?;
    loop {
        thread::park();
    }
}
