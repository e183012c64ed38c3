//! Accepts everybody and answers nobody.

use std::io;
use std::net::{SocketAddr, TcpListener};

use kit::Events;

pub fn run(address: SocketAddr, events: &Events) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    events.listening(listener.local_addr()?);
    let mut clients = Vec::new();
    loop {
        clients.push(listener.accept()?);
    }
}
