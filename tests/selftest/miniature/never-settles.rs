//! Has something new to say all the time, so that whoever waits until it is done waits for long.

use std::net::SocketAddr;
use std::time::Duration;
use std::{io, thread};

use kit::Events;

pub fn run(_address: SocketAddr, _events: &Events) -> io::Result<()> {
    for number in 1.. {
        println!("not done yet: {number}");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
