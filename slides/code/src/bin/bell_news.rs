//! Two door bells that are registered once and tell of each change once: so whoever goes to a door asks until nobody is left.
//!
//! Try it: `cargo run --package slides --bin bell_news`
//!
//! Man pages: epoll(7), udp(7), recv(2); on macOS kqueue(2).

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

/// A bell's token is its place in this list.
const DOORS: [&str; 2] = ["front", "garden"];

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut bells = [hang_up()?, hang_up()?];
    for (door, bell) in bells.iter_mut().enumerate() {
        let registry = poll.registry();
        registry.register(bell, Token(door), Interest::READABLE)?;
    }

    let rings = [(0, "the post"), (0, "a neighbour"), (1, "the cat")];
    let finger = std::net::UdpSocket::bind("127.0.0.1:0")?;
    for (door, who) in rings {
        finger.send_to(who.as_bytes(), bells[door].local_addr()?)?;
    }

    let mut events = Events::with_capacity(DOORS.len());
    let mut guests = [vec![], vec![]];
    while guests.iter().flatten().count() < rings.len() {
        // region news
        poll.poll(&mut events, None)?;
        for event in &events {
            let Token(door) = event.token();
            while let Some(who) = ask(&bells[door])? {
                guests[door].push(who);
            }
        }
        // endregion
    }
    for (door, came) in DOORS.iter().zip(guests) {
        println!("at the {door} door: {}", came.join(", "));
    }
    Ok(())
}

fn hang_up() -> io::Result<UdpSocket> {
    UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Who rang next, or nobody any more, which is "would block".
fn ask(bell: &UdpSocket) -> io::Result<Option<String>> {
    let mut name = [0; 80];
    match bell.recv(&mut name) {
        Ok(count) => Ok(Some(String::from_utf8_lossy(&name[..count]).into_owned())),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
