//! Answers every client with more than it can bear.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};

use kit::EventLog;

pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    log.listening(listener.local_addr()?);
    for number in 1.. {
        let (mut client, _) = listener.accept()?;
        log.connected(number);
        while client.write_all(&[b'c'; 64 * 1024]).is_ok() {}
    }
    Ok(())
}
