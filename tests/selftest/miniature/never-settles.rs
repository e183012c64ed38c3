//! Has something new to say all the time, also when nobody listens any more: whoever waits until it is done waits for
//! long.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use kit::EventLog;

pub fn run(_address: SocketAddr, _events: &EventLog) -> io::Result<()> {
    for number in 1.. {
        let _ = writeln!(io::stdout(), "not done yet: {number}");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
