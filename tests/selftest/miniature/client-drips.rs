//! A client that sends a byte now and then, so that it is never done.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

pub fn run(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let mut byte = [0];
    while io::stdin().read(&mut byte)? > 0 {
        stream.write_all(&byte)?;
        thread::sleep(Duration::from_secs(10));
    }
    Ok(())
}
