//! An echo client: it sends all of its input and prints all of the answer, both at once.
//!
//! Try it, in two terminals:
//!
//! ```text
//! cargo lab run 2
//! cargo lab run 3 -- 127.0.0.1:7878
//! ```
//!
//! Man pages: connect(2), send(2), recv(2), shutdown(2), getpeername(2).

use std::io::{self, Stdin, Stdout};
use std::net::SocketAddr;
use std::panic;
use std::thread;

use socket2::Socket;

/// Maximum bytes moved at once.
const BUFFER: usize = 16 * 1024;

/// Copies its input to the server at `address`, and the answer to its output, until the server is
/// done.
///
/// A thread can wait at one place only, and here are two to wait at: the input and the answer. So
/// there are two threads, each of them blocking in a call of its own.
///
/// # Errors
///
/// When nobody listens at `address`, when the connection breaks, or when input or output does.
pub fn run(address: SocketAddr) -> io::Result<()> {
    let mut socket = connect(address)?;
    let mut outgoing = socket.try_clone()?;

    let sending = thread::spawn(move || send_everything(&mut outgoing, &mut io::stdin()));
    print_the_answer(&mut socket, &mut io::stdout())?;

    // `read` has returned 0, which may hide a reset: the kernel reports a reset once, and perhaps
    // to the sending thread. A socket that still has a peer was not reset: the server has ended its
    // stream first, and needs no more input. Nor does it where an error still waits to be reported:
    // then the reset came behind the end. Any other socket without a peer is closed in both
    // directions or reset, and the sending thread, which is at its end, knows which of the two.
    let has_ended_first = socket.peer_addr().is_ok() || socket.take_error()?.is_some();
    if has_ended_first {
        return Ok(());
    }
    sending
        .join()
        .unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

/// Step 1: makes a TCP socket and connects it to the server at `address`.
fn connect(address: SocketAddr) -> io::Result<Socket> {
    // region connect
    // Imported here because only this step needs them: the top of the file is given code.
    use socket2::{Domain, Type};

    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // The thread sleeps in here until the server's kernel has answered: yes, or "connection
    // refused" when nobody listens there. We gave the socket no name of its own, so our kernel
    // picks a free port for it.
    socket.connect(&address.into())?;
    Ok(socket)
    // endregion
}

/// Step 2: writes all that the server sends to `output`, as it arrives, until the server has no
/// more to say.
fn print_the_answer(socket: &mut Socket, output: &mut Stdout) -> io::Result<()> {
    // region print_the_answer
    use std::io::{Read, Write};

    let mut buffer = [0; BUFFER];
    loop {
        match socket.read(&mut buffer)? {
            // The server has ended its stream. There will never be more.
            0 => return Ok(()),
            // Some bytes, not a message: they are passed on as they are, and at once.
            count => {
                output.write_all(&buffer[..count])?;
                output.flush()?;
            }
        }
    }
    // endregion
}

/// Step 3: sends all of `input` to the server, and then tells it that this was all.
///
/// It runs in a thread of its own, while `print_the_answer` prints.
fn send_everything(socket: &mut Socket, input: &mut Stdin) -> io::Result<()> {
    // region send_everything
    use std::io::{Read, Write};
    use std::net::Shutdown;

    let mut buffer = [0; BUFFER];
    loop {
        match input.read(&mut buffer)? {
            // Our input has ended. A half-close says so, and leaves the other direction open for
            // the answer.
            0 => return socket.shutdown(Shutdown::Write),
            // `send` may take fewer bytes than it is given; `write_all` calls it until all are
            // gone.
            count => socket.write_all(&buffer[..count])?,
        }
    }
    // endregion
}
