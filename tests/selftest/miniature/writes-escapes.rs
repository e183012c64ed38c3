//! Greets one client, and then writes to the terminal what a terminal obeys, and what is no text.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::process;

use kit::EventLog;

pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    log.listening(listener.local_addr()?);
    let (mut client, _) = listener.accept()?;
    client.write_all(b"hello, client 1\n")?;
    drop(client);
    io::stdout().write_all(b"\x1b]0;title\x07\x1b[2J\xff\xfe\n")?;
    io::stderr().write_all(b"\x1b[31mred\x1b[2J\xff\xfe\n")?;
    process::exit(4)
}
