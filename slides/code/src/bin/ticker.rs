//! A stock ticker that never waits for its reader: where the kernel has no room, only the newest price is kept.
//!
//! Try it: `cargo run --package slides --bin ticker`
//!
//! Man pages: send(2), tcp(7).

use std::io::{self, BufReader, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::thread;

use socket2::{SockRef, Socket};

/// How many prices are left out before the market closes.
const LEFT_OUT: u32 = 100;
/// Small buffers are soon full.
const BUFFER: usize = 4096;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let screen = TcpStream::connect(listener.local_addr()?)?;
    SockRef::from(&screen).set_recv_buffer_size(BUFFER)?;
    let (reader, _address) = listener.accept()?;
    let reader = Socket::from(reader);
    reader.set_send_buffer_size(BUFFER)?;
    reader.set_nonblocking(true)?;

    // A price is one byte, so that the kernel takes it whole or not at all.
    let (mut price, mut newest, mut left_out) = (0_u8, None, 0);
    while left_out < LEFT_OUT {
        price = price.wrapping_add(1);
        // region push
        left_out += u32::from(newest.is_some());
        newest = match reader.send(&[price]) {
            Ok(_) => None,
            Err(e) if is_full(&e) => Some(price),
            Err(e) => return Err(e),
        };
        // endregion
    }
    println!("{left_out} prices are left out");

    // The market has closed, and nothing else is left to do: now the ticker may wait.
    let reading = thread::spawn(|| BufReader::new(screen).bytes().last());
    reader.set_nonblocking(false)?;
    if let Some(price) = newest {
        reader.send(&[price])?;
    }
    drop(reader);
    let last = reading.join().expect("it does not panic");
    if last.transpose()? == Some(price) {
        println!("the reader has the newest price");
    }
    Ok(())
}

/// Whether the kernel has no room for what was sent.
fn is_full(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}
