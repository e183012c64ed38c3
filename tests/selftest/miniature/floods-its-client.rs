//! Answers every client with more than it can bear.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};

use kit::Events;

pub fn run(address: SocketAddr, events: &Events) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    events.listening(listener.local_addr()?);
    for number in 1.. {
        let (mut client, _) = listener.accept()?;
        events.connected(number);
        while client.write_all(&[b'c'; 64 * 1024]).is_ok() {}
    }
    Ok(())
}
