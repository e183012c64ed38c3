//! Uses a whole processor for nothing.

use std::io;
use std::net::SocketAddr;

use kit::Events;

pub fn run(_address: SocketAddr, _events: &Events) -> io::Result<()> {
    loop {
        std::hint::spin_loop();
    }
}
