//! A porter who sleeps at the door bell until somebody rings: a blocking call, and all that the thread does meanwhile
//! is nothing.
//!
//! Try it: `cargo run --package slides --bin porter`
//!
//! Man pages: recv(2), udp(7).

use std::io;
use std::net::UdpSocket;
use std::thread;

fn main() -> io::Result<()> {
    let bell = UdpSocket::bind("127.0.0.1:0")?;
    let street = UdpSocket::bind("127.0.0.1:0")?;
    street.connect(bell.local_addr()?)?;
    // Who comes early has rung as well: the kernel keeps it, and the porter need not sleep.
    thread::spawn(move || street.send(b"a guest"));

    let mut name = [0; 80];
    // region sleep
    println!("asleep at the bell");
    let n = bell.recv(&mut name)?;
    greet(&name[..n]);
    // endregion
    Ok(())
}

fn greet(name: &[u8]) {
    println!("{} has rung", String::from_utf8_lossy(name));
}
