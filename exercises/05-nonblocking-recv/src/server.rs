//! An echo server that never waits in `recv`: it asks, and does something else meanwhile. One
//! client at a time.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 5
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: recv(2), accept(2), fcntl(2), tcp(7).

use std::io::{self, Read};
use std::net::SocketAddr;

use kit::{EventLog, Heartbeat};
use socket2::{Domain, SockAddr, Socket, Type};

/// How many clients may be connected and not yet accepted. The kernel keeps them in the backlog
/// meanwhile.
const BACKLOG: i32 = 128;

/// How many bytes one `recv` may bring, at most. It has nothing to do with the length of a message.
const BUFFER: usize = 16 * 1024;

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
    stop_waiting(client)?;

    let mut buffer = [0; BUFFER];
    let mut saw_eof = false;
    while !saw_eof {
        let came = try_recv(client.read(&mut buffer))?;
        saw_eof = on_recv(came, client, &buffer, received)?;
        // The other work again, since this loop may run for hours.
        heartbeat.beat();
    }
    Ok(())
}

/// Step 1: from now on no call on `client` waits.
fn stop_waiting(client: &Socket) -> io::Result<()> {
    // region stop_waiting
    // TODO(step 1): make `client` a socket that answers at once.
    todo!("step 1: {client:?} must not wait")
    // endregion
}

/// Step 2: what `recv` has answered: so many bytes, nothing yet, or that something is wrong.
fn try_recv(answer: io::Result<usize>) -> io::Result<Option<usize>> {
    // region try_recv
    // TODO(step 2): tell a count, and nothing yet, from a real error.
    todo!("step 2: what does {answer:?} say?")
    // endregion
}

/// Step 3: does what `recv`'s answer asks for, and tells whether the client is done.
///
/// `came` is the count, or `None` for "nothing yet". The bytes stand at the beginning of `buffer`.
fn on_recv(
    came: Option<usize>,
    client: &mut Socket,
    buffer: &[u8],
    received: &mut u64,
) -> io::Result<bool> {
    // region on_recv
    // TODO(step 3): send back what came, or go on, or say that the client is done.
    todo!(
        "step 3: {came:?} from {client:?}: {} bytes at most, {received} so far",
        buffer.len()
    )
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
