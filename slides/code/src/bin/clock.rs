//! A clock that answers. It asks for any free port, learns from its own socket which one it has, and tells one caller
//! the time.
//!
//! Try it: `cargo run --package slides --bin clock`
//!
//! Man pages: bind(2), getsockname(2), ip(7), udp(7).

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use socket2::{Domain, SockAddr, Socket, Type};

fn main() -> io::Result<()> {
    let clock = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    // region name
    let asked_for = here(0);
    clock.bind(&asked_for)?;
    let given = clock.local_addr()?;
    assert_ne!(port(&given), 0);
    // endregion
    println!("asked for port 0, and was given another");

    // The kernel keeps the question until the clock receives it.
    let caller = UdpSocket::bind("127.0.0.1:0")?;
    caller.connect(("127.0.0.1", port(&given)))?;
    caller.send(b"what time is it?")?;
    tell_the_time(&clock.into())?;

    let mut answer = [0; 80];
    let n = caller.recv(&mut answer)?;
    println!("{}", String::from_utf8_lossy(&answer[..n]));
    Ok(())
}

/// Answers one question.
fn tell_the_time(clock: &UdpSocket) -> io::Result<()> {
    let mut question = [0; 80];
    let (n, caller) = clock.recv_from(&mut question)?;
    println!("{}", String::from_utf8_lossy(&question[..n]));
    clock.send_to(b"a quarter past nine", caller)?;
    Ok(())
}

/// The name of a socket on this machine.
fn here(port: u16) -> SockAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()
}

/// The port in a name; 0 where it has none.
fn port(name: &SockAddr) -> u16 {
    name.as_socket().map_or(0, |name| name.port())
}
