//! Three door bells, asked in turns by one loop. A child leans on the first of them, and keeps nobody else waiting.
//!
//! Try it: `cargo run --package slides --bin bells`
//!
//! Man pages: udp(7), recv(2).

use std::io::{self, ErrorKind};
use std::net::UdpSocket;

fn main() -> io::Result<()> {
    let mut bells = [
        Bell::new("front door", Finger::Stays)?,
        Bell::new("garden gate", Finger::Goes)?,
        Bell::new("cellar", Finger::Goes)?,
    ];
    for bell in &bells {
        bell.ring()?;
    }
    // region round
    while somebody_waits(&bells) {
        for bell in &mut bells {
            if bell.has_rung()? {
                bell.answer()?;
            }
        }
    }
    // endregion
    for bell in &bells {
        println!("the {} was opened", bell.door);
    }
    Ok(())
}

/// Whether somebody has not been answered yet.
fn somebody_waits(bells: &[Bell]) -> bool {
    bells.iter().any(|bell| !bell.is_answered)
}

/// What the finger on a button does once somebody has opened.
enum Finger {
    /// It is a child's: it rings again.
    Stays,
    Goes,
}

/// A bell, and the button at its door: each datagram is a ring.
struct Bell {
    door: &'static str,
    finger: Finger,
    button: UdpSocket,
    bell: UdpSocket,
    is_answered: bool,
}

impl Bell {
    fn new(door: &'static str, finger: Finger) -> io::Result<Self> {
        let bell = UdpSocket::bind("127.0.0.1:0")?;
        bell.set_nonblocking(true)?;
        let button = UdpSocket::bind("127.0.0.1:0")?;
        button.connect(bell.local_addr()?)?;
        Ok(Self {
            door,
            finger,
            button,
            bell,
            is_answered: false,
        })
    }

    fn ring(&self) -> io::Result<()> {
        self.button.send(b"!").map(|_count| ())
    }

    /// Takes one ring, if there is one.
    fn has_rung(&self) -> io::Result<bool> {
        match self.bell.recv(&mut [0]) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn answer(&mut self) -> io::Result<()> {
        self.is_answered = true;
        match self.finger {
            Finger::Stays => self.ring(),
            Finger::Goes => Ok(()),
        }
    }
}
