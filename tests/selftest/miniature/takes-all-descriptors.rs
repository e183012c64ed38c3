//! Opens files until there is no descriptor left.

use std::fs::File;
use std::io;
use std::net::SocketAddr;

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    let mut taken = Vec::new();
    loop {
        taken.push(File::open("/dev/null")?);
    }
}
