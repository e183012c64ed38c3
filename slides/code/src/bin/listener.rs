//! A listener that is asked whether somebody is there: once when nobody is, and once when somebody has called.
//!
//! Try it: `cargo run --package slides --bin listener`
//!
//! Man pages: accept(2), fcntl(2).

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};

const NOBODY: &str = "nobody is there yet";
const SOMEBODY: &str = "somebody is there";

fn main() -> io::Result<()> {
    let door = TcpListener::bind("127.0.0.1:0")?;
    door.set_nonblocking(true)?;
    println!("{}", ask(&door)?);

    let _caller = TcpStream::connect(door.local_addr()?)?;
    let mut answer = ask(&door)?;
    // On some systems a caller takes a moment to arrive.
    while answer == NOBODY {
        answer = ask(&door)?;
    }
    println!("{answer}");
    Ok(())
}

/// Asks once, and never waits.
fn ask(door: &TcpListener) -> io::Result<&'static str> {
    // region ask
    match door.accept() {
        Ok((_caller, _)) => Ok(SOMEBODY),
        Err(e) if nobody_yet(&e) => Ok(NOBODY),
        Err(e) => Err(e),
    }
    // endregion
}

/// Whether the backlog is empty, and the call would have had to wait.
fn nobody_yet(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}
