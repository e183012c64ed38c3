//! A door bell that is asked, and never waited for: each datagram is a ring. Between two questions somebody hums.
//!
//! Try it: `cargo run --package slides --bin bell`
//!
//! Man pages: udp(7), recv(2).

use std::io::{self, ErrorKind};
use std::net::UdpSocket;

/// How often somebody hums before the post comes.
const HUMS: u32 = 3;

fn main() -> io::Result<()> {
    let bell = UdpSocket::bind("127.0.0.1:0")?;
    bell.set_nonblocking(true)?;
    let post = UdpSocket::bind("127.0.0.1:0")?;
    post.connect(bell.local_addr()?)?;

    let (mut name, mut hums) = ([0; 80], 0);
    loop {
        // region ask
        match bell.recv(&mut name) {
            Ok(n) => return greet(&name[..n]),
            Err(e) if is_nothing_yet(&e) => hum(),
            Err(e) => return Err(e),
        }
        // endregion
        hums += 1;
        if hums == HUMS {
            post.send(b"the post")?;
        }
    }
}

/// Whether a call would have had to wait.
fn is_nothing_yet(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}

fn hum() {
    println!("la");
}

fn greet(name: &[u8]) -> io::Result<()> {
    println!("{} is at the door", String::from_utf8_lossy(name));
    Ok(())
}
