//! A blocking echo server with a thread for each client: the scheduler does the waiting.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 8
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: accept(2), recv(2), send(2), pthread_create(3), pthread_detach(3), setrlimit(2).

use std::io;
use std::net::SocketAddr;

use kit::EventLog;
use socket2::{Domain, Socket, Type};

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

    let mut number = 0;
    loop {
        // The only place where this thread waits. Whatever a client does, or does not do, is the
        // affair of another thread.
        let (client, _address) = listener.accept()?;
        number += 1;
        log.connected(number);

        // `move`: the conversation gets all that it needs, above all the client's socket. Whoever
        // has the conversation has the client.
        let log = *log;
        let conversation = move || converse(client, number, &log);
        if let Err(error) = start(conversation) {
            turn_away(number, &error, &log)?;
        }
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

/// Step 1: lets a thread of its own run the `conversation`, and returns at once.
fn start(conversation: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // region start
    use std::thread;

    // `thread::spawn` would do the same, and panic where `Builder::spawn` returns an error.
    let handle = thread::Builder::new().spawn(conversation)?;

    // Nobody waits for this thread: to join it here would be to serve one client at a time. Nor is
    // its handle kept. Without it the thread is detached, and its stack is given back as soon as it
    // ends.
    drop(handle);
    Ok(())
    // endregion
}

/// What a client's thread does, from its first line to its last. It may sleep as long as it likes.
fn converse(mut client: Socket, number: u64, log: &EventLog) {
    let mut received = 0;
    let outcome = echo(&mut client, &mut received);
    close_client(client, number, received, outcome, log);
}

/// Echoes until `client` is done, as in stage 02, and counts in `received` what it sends.
fn echo(client: &mut Socket, received: &mut u64) -> io::Result<()> {
    use std::io::{Read, Write};

    let mut buffer = [0; BUFFER];
    loop {
        // This thread sleeps in here, and no other.
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        *received += count as u64;
        // Or in here, if the client does not read.
        client.write_all(&buffer[..count])?;
    }
}

/// Step 2: hangs up, and puts it on record how client `number` left. Then its thread ends.
fn close_client(
    client: Socket,
    number: u64,
    received: u64,
    outcome: io::Result<()>,
    log: &EventLog,
) {
    // region close_client
    // Closing the socket tells the client that this is the end.
    drop(client);

    match outcome {
        // The client was done, and got everything back.
        Ok(()) => log.left(number, received),
        // The connection broke: a reset, or a cable. Nobody else has to suffer for it.
        Err(error) => log.lost(number, received, &error),
    }
    // Nothing is left to do, and nobody waits: a thread that went on from here would stay for ever.
    // endregion
}

/// Step 3: no thread could be started for client `number`. The conversation was dropped, and the
/// client's socket with it.
///
/// An error that is returned from here ends the server.
fn turn_away(number: u64, error: &io::Error, log: &EventLog) -> io::Result<()> {
    // region turn_away
    // Threads run out: each has a stack, and the system counts them. Those who are served need no
    // new thread, and when one of them leaves there is one for somebody else. So this client goes,
    // and the server stays.
    log.lost(number, 0, error);
    Ok(())
    // endregion
}
