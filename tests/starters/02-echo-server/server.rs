//! A blocking echo server: it sends back whatever it receives, to one client at a time.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 2
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! Man pages: recv(2), send(2), accept(2), close(2), tcp(7).

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
        let (mut client, _address) = listener.accept()?;
        number += 1;
        log.connected(number);

        let mut received = 0;
        let outcome = serve(&mut client, &mut received);
        close_client(client, number, received, outcome, log)?;
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

/// Serves one client from its first byte to its last, and counts in `received` what it sends.
fn serve(client: &mut Socket, received: &mut u64) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    let count = echo_once(client, &mut buffer, received)?;
    echo_the_rest(client, &mut buffer, received, count)
}

/// Step 1: waits for bytes from `client`, and sends the same bytes back, all of them.
///
/// Returns how many there were, and adds that to `received`. 0 means that the client has said all
/// it had to say.
fn echo_once(client: &mut Socket, buffer: &mut [u8], received: &mut u64) -> io::Result<usize> {
    // region echo_once
    // TODO(step 1): receive once, count what came, and send back exactly that, all of it.
    todo!(
        "step 1: echo once to {client:?}: {} bytes at most, {received} so far",
        buffer.len()
    )
    // endregion
}

/// Step 2: goes on echoing until `client` is done. `first` is what `echo_once` returned before.
fn echo_the_rest(
    client: &mut Socket,
    buffer: &mut [u8],
    received: &mut u64,
    first: usize,
) -> io::Result<()> {
    // region echo_the_rest
    // TODO(step 2): call `echo_once` again and again, until the client is done.
    todo!(
        "step 2: echo on to {client:?}: {first}, {received}, {}",
        buffer.len()
    )
    // endregion
}

/// Step 3: puts it on record how client `number` left, and hangs up.
///
/// An error that is returned from here ends the server.
fn close_client(
    client: Socket,
    number: u64,
    received: u64,
    outcome: io::Result<()>,
    log: &EventLog,
) -> io::Result<()> {
    // region close_client
    // TODO(step 3): hang up, tell `log` how the client left, and let the next one come,
    // whatever happened to this one.
    todo!("step 3: part from {client:?}: {number}, {received}, {outcome:?}, {log:?}")
    // endregion
}
