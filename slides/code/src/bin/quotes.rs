//! Stock quotes: an exchange sends them, a line each, and ends its stream. However the stream is cut into pieces, there are
//! as many quotes and as many bytes.
//!
//! Try it: `cargo run --package slides --bin quotes`
//!
//! Man pages: tcp(7), recv(2).

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// What the exchange sends to each who connects.
const QUOTES: &[u8] = b"ACME 17.20\nOAK 3.05\nRIVER 120.00\nACME 17.25\n";

/// How many bytes a piece may have, in three tries.
const SIZES: [usize; 3] = [1, 7, 4096];

#[derive(Default)]
struct Tally {
    quotes: usize,
    bytes: usize,
}

impl Tally {
    fn add(&mut self, piece: &[u8]) {
        self.quotes += piece.iter().filter(|byte| **byte == b'\n').count();
        self.bytes += piece.len();
    }
}

fn main() -> io::Result<()> {
    let exchange = TcpListener::bind("127.0.0.1:0")?;
    let address = exchange.local_addr()?;
    let trading = thread::spawn(move || trade(&exchange));

    for size in SIZES {
        let Tally { quotes, bytes } = follow(TcpStream::connect(address)?, size)?;
        println!("pieces of at most {size}: {quotes} quotes, {bytes} bytes");
    }
    trading.join().expect("the exchange does not panic")
}

/// Sends the quotes to one after the other, and ends each stream behind them.
fn trade(exchange: &TcpListener) -> io::Result<()> {
    for subscriber in exchange.incoming().take(SIZES.len()) {
        subscriber?.write_all(QUOTES)?;
    }
    Ok(())
}

/// Counts what comes, until the end of the stream.
fn follow(mut feed: TcpStream, size: usize) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut piece = vec![0; size];
    // region follow
    while let Some(news) = next(&mut feed, &mut piece)? {
        tally.add(news);
    }
    // endregion
    Ok(tally)
}

/// What comes next, into `piece`, or nothing at the end of the stream.
fn next<'a>(feed: &mut TcpStream, piece: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    let count = feed.read(piece)?;
    let news = &piece[..count];
    Ok((!news.is_empty()).then_some(news))
}
