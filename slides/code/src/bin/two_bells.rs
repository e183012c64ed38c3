//! Two door bells, and one sleep for both: `poll` is asked about all of them, and says at which door somebody is.
//!
//! Try it: `cargo run --package slides --bin two_bells`
//!
//! Man pages: poll(2), udp(7), recv(2).

use std::io;
use std::net::UdpSocket;

use rustix::event::{PollFd, PollFlags, poll};

const DOORS: [&str; 2] = ["front", "garden"];

fn main() -> io::Result<()> {
    let [front, garden] = [hang_up()?, hang_up()?];
    let finger = UdpSocket::bind("127.0.0.1:0")?;
    for (bell, who) in [(&garden, "the cat"), (&front, "the post")] {
        finger.send_to(who.as_bytes(), bell.local_addr()?)?;
        open_door([&front, &garden])?;
    }
    Ok(())
}

/// A bell that never makes anybody wait.
fn hang_up() -> io::Result<UdpSocket> {
    let bell = UdpSocket::bind("127.0.0.1:0")?;
    bell.set_nonblocking(true)?;
    Ok(bell)
}

/// Sleeps until somebody rings, and goes to that door.
fn open_door(bells: [&UdpSocket; 2]) -> io::Result<()> {
    // region ask
    let mut asked = bells.map(|bell| PollFd::new(bell, PollFlags::IN));
    poll(&mut asked, None)?;
    for (at, entry) in asked.iter().enumerate() {
        if entry.revents().contains(PollFlags::IN) {
            greet(DOORS[at], bells[at])?;
        }
    }
    // endregion
    Ok(())
}

/// Takes one ring, and says whose it is.
fn greet(door: &str, bell: &UdpSocket) -> io::Result<()> {
    let mut name = [0; 80];
    let count = bell.recv(&mut name)?;
    let name = String::from_utf8_lossy(&name[..count]);
    println!("at the {door} door: {name}");
    Ok(())
}
