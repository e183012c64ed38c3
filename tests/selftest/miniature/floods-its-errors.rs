//! Complains at length, without a newline, and leaves.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process;

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    let mut out = io::stderr().lock();
    for _ in 0..100 {
        out.write_all(&[b'e'; 64 * 1024])?;
    }
    process::exit(3)
}
