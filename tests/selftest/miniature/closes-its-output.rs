//! Becomes a program without an output, which waits for ever.

use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::Command;

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    let script = "exec >&- 2>&-; sleep 1000 & wait";
    Err(Command::new("sh").args(["-c", script]).exec())
}
