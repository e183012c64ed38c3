//! Greets as it should, while a child in a session of its own holds the listening socket too.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::Command;

use kit::EventLog;

pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    let lent = OwnedFd::from(listener.try_clone()?);
    Command::new("setsid")
        .args(["sleep", "1000"])
        .stdin(lent)
        .spawn()?;
    log.listening(listener.local_addr()?);
    for number in 1.. {
        let (mut client, _) = listener.accept()?;
        log.connected(number);
        match client.write_all(format!("hello, client {number}\n").as_bytes()) {
            Ok(()) => log.left(number, 0),
            Err(error) => log.lost(number, 0, &error),
        }
    }
    Ok(())
}
