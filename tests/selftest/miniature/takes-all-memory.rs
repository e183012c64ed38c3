//! Takes memory until there is none left.

use std::io;
use std::net::SocketAddr;

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    let mut taken = Vec::new();
    loop {
        taken.push(vec![1_u8; 64 << 20]);
    }
}
