//! Greets as it should, once each of its threads has gone to sleep, and the first of them has slept for a while.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use kit::EventLog;

pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    for _ in 0..3 {
        thread::spawn(|| {
            // Long enough to be seen awake.
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(10) {}
            loop {
                thread::park();
            }
        });
    }
    thread::sleep(Duration::from_millis(300));
    let listener = TcpListener::bind(address)?;
    log.listening(listener.local_addr()?);
    for number in 1.. {
        let (mut client, _) = listener.accept()?;
        log.connected(number);
        match client.write_all(format!("hello, client {number}\n").as_bytes()) {
            Ok(()) => log.left(number, 0),
            Err(error) => log.lost(number, 0, &error),
        }
    }
    Ok(())
}
