//! An echo server that never waits in `send`: it keeps what the kernel has no room for, and sends it
//! later. One client at a time.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 6
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: send(2), recv(2), shutdown(2), tcp(7).

use std::io::{self, Read};
use std::net::SocketAddr;

use kit::{EventLog, Heartbeat};
use socket2::{Domain, SockAddr, Socket, Type};

/// How many clients may be connected and not yet accepted. The kernel keeps them in the backlog
/// meanwhile.
const BACKLOG: i32 = 128;

/// How many bytes one `recv` may bring, at most. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

/// How many bytes may wait to be sent to a client before we stop reading from it.
const HIGH_WATER_MARK: usize = 64 * 1024;

/// Opens the server at `address` and serves until something goes wrong with the listening socket
/// itself.
///
/// # Errors
///
/// When the address is taken or not ours, or when the kernel has no socket left to give.
pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
    let listener = open(address)?;
    announce(&listener, log)?;
    listener.set_nonblocking(true)?;

    let mut heartbeat = Heartbeat::new(log);
    let mut number = 0;
    loop {
        if let Some(mut client) = try_accept(listener.accept())? {
            number += 1;
            log.connected(number);

            let mut received = 0;
            let outcome = serve(&mut client, &mut received, &mut heartbeat);
            close_client(client, number, received, outcome, log);
        }
        // The other work. It gets its turn in each round, whoever came and whoever did not.
        heartbeat.beat();
    }
}

/// The listening socket of stage 01.
fn open(address: SocketAddr) -> io::Result<Socket> {
    let listener = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    listener.set_reuse_address(kit::REUSE_ADDRESS)?;
    listener.bind(&address.into())?;
    listener.listen(BACKLOG)?;
    Ok(listener)
}

/// The announcement of stage 01.
fn announce(listener: &Socket, log: &EventLog) -> io::Result<()> {
    let name = listener.local_addr()?;
    let address = name.as_socket().ok_or(io::ErrorKind::Unsupported)?;
    log.listening(address);
    Ok(())
}

/// The two answers of `accept`, and its error, from stage 04.
fn try_accept(answer: io::Result<(Socket, SockAddr)>) -> io::Result<Option<Socket>> {
    match answer {
        // Somebody was in the backlog.
        Ok((client, _address)) => Ok(Some(client)),
        // The backlog is empty, and a blocking `accept` would sleep now. Nothing is wrong: we may
        // ask again.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        // Any other error is one, and the server cannot go on.
        Err(error) => Err(error),
    }
}

/// Serves one client from its first byte to its last, and counts in `received` what it sends.
fn serve(client: &mut Socket, received: &mut u64, heartbeat: &mut Heartbeat) -> io::Result<()> {
    client.set_nonblocking(true)?;

    let mut buffer = [0; BUFFER];
    let mut unsent = Vec::new();
    let mut saw_eof = false;
    while !saw_eof {
        // As long as nothing waits, nobody has to ask.
        if unsent.is_empty() || has_room(&unsent) {
            let came = try_recv(client.read(&mut buffer))?;
            saw_eof = on_recv(came, &buffer, received, &mut unsent);
        }
        if !unsent.is_empty() {
            send_what_fits(client, &mut unsent)?;
        }
        // The other work again, since this loop may run for hours.
        heartbeat.beat();
    }
    deliver(client, &mut unsent, heartbeat)
}

/// The answers of `recv`, from stage 05: a count, or `None` for "nothing yet".
fn try_recv(answer: io::Result<usize>) -> io::Result<Option<usize>> {
    match answer {
        // So many bytes have arrived; or 0, and the client is done.
        Ok(count) => Ok(Some(count)),
        // The stream is open and empty, and a blocking `recv` would sleep now. Nothing is wrong: we
        // may ask again.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        // The connection is broken. Asking again would not make it better.
        Err(error) => Err(error),
    }
}

/// Step 1: does what `recv`'s answer asks for, and tells whether the client is done.
///
/// The bytes that came stand at the beginning of `buffer`. They are not sent here: they go behind
/// what waits in `unsent` already.
fn on_recv(came: Option<usize>, buffer: &[u8], received: &mut u64, unsent: &mut Vec<u8>) -> bool {
    // region on_recv
    match came {
        // Nothing yet. Not a word to the client, which is thinking: the next round asks again.
        None => false,
        // The end. It will send no more; what we owe it is another matter.
        Some(0) => true,
        Some(count) => {
            *received += count as u64;
            // Old bytes before new ones: a stream has an order.
            unsent.extend_from_slice(&buffer[..count]);
            false
        }
    }
    // endregion
}

/// Step 2: sends from the beginning of `unsent` what the kernel has room for, and keeps the rest.
fn send_what_fits(client: &mut Socket, unsent: &mut Vec<u8>) -> io::Result<()> {
    // region send_what_fits
    match client.send(unsent) {
        // These bytes are the kernel's now, and must not be sent again.
        Ok(taken) => {
            unsent.drain(..taken);
            Ok(())
        }
        // The kernel's buffer is full, because the client does not read. All of it stays ours, for
        // a later round.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        // The connection is broken. Nothing will ever be taken.
        Err(error) => Err(error),
    }
    // endregion
}

/// Step 3: whether we go on reading while so much waits to be sent.
fn has_room(unsent: &[u8]) -> bool {
    // region has_room
    // If we stop reading, the client's bytes fill the kernel's buffers, and then the client's
    // `send` finds no room: it is slowed down to the speed at which it reads. That is
    // back-pressure.
    unsent.len() <= HIGH_WATER_MARK
    // endregion
}

/// Step 4: the client is done, and what waits in `unsent` is still owed to it.
fn deliver(client: &mut Socket, unsent: &mut Vec<u8>, heartbeat: &mut Heartbeat) -> io::Result<()> {
    // region deliver
    // It has ended its own direction only. Ours stands until we close.
    while !unsent.is_empty() {
        send_what_fits(client, unsent)?;
        heartbeat.beat();
    }
    Ok(())
    // endregion
}

/// Puts it on record how client `number` left, and hangs up, as in stage 02.
fn close_client(
    client: Socket,
    number: u64,
    received: u64,
    outcome: io::Result<()>,
    log: &EventLog,
) {
    // Whatever happened, this conversation is over. Closing the socket tells the client so: it
    // reads the end of the stream.
    drop(client);

    match outcome {
        // The client was done, and got everything back.
        Ok(()) => log.left(number, received),
        // The connection broke: a reset, or a cable. Nobody else has to suffer for it.
        Err(error) => log.lost(number, received, &error),
    }
}
