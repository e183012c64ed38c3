//! Accepts everybody and answers nobody.

use std::io;
use std::net::{SocketAddr, TcpListener};

use kit::EventLog;

pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    log.listening(listener.local_addr()?);
    let mut clients = Vec::new();
    loop {
        clients.push(listener.accept()?);
    }
}
