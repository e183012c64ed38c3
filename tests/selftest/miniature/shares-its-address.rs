//! Greets as it should, and lets every other server have the same address.

use std::io::{self, Write};
use std::net::SocketAddr;

use kit::EventLog;
use socket2::{Domain, Socket, Type};

pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    let listener = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    listener.set_reuse_port(true)?;
    listener.bind(&address.into())?;
    listener.listen(128)?;
    log.listening(listener.local_addr()?.as_socket().unwrap());
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
