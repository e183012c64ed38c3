//! What the kernel's settings on this machine leave room for.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use socket2::{Domain, SockRef, Socket, Type};

use crate::platform::{fix_room, longest_backlog, widen_room_to_send};

/// The longest message that a check leaves to the kernel alone, in bytes.
const MESSAGE: usize = 65_537;

/// How much a program of the early stages receives at once, and sends back, in bytes. While its client is inside `recv` what is
/// sent stays in the send buffer for a moment.
const READ: usize = 16 * 1024;

/// What it takes to see whether a program serves one client without end: two of four send so much, clearly more than the
/// eight turns of 64 KiB that are allowed before it is another one's.
const FLOOD: usize = 384 << 10;

/// How much the two buffers of a socket have room for before they grow, in bytes: the middle numbers of `tcp_rmem` and
/// `tcp_wmem`, tcp(7).
#[must_use]
pub fn room_at_first() -> usize {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None);
    let rooms = socket.and_then(|socket| {
        let room = socket.recv_buffer_size()? + socket.send_buffer_size()?;
        Ok(room)
    });
    rooms.unwrap_or(0)
}

/// Whether the kernel lets so many clients wait. It keeps one more than it says: listen(2).
pub fn let_wait(clients: u64) -> Result<(), String> {
    match longest_backlog() {
        Some(longest) if longest + 1 < clients => Err(format!(
            "the kernel lets no more than {} wait (net.core.somaxconn)",
            longest + 1
        )),
        _ => Ok(()),
    }
}

/// Whether the kernel takes [`MESSAGE`] bytes from a program whatever the other side does, in one piece and in many.
pub fn takes_a_message() -> Result<(), String> {
    let (_peer, program) = connection().map_err(|error| error.to_string())?;
    match SockRef::from(&program).send_buffer_size() {
        Ok(room) if room < READ * 2 => {
            return Err(format!(
                "a send buffer has room for {room} bytes (tcp_wmem)"
            ));
        }
        _ => {}
    }
    for piece in [MESSAGE, 16 * 1024, 1000] {
        let taken = connection().map(|(_peer, mut program)| takes(&mut program, piece, MESSAGE));
        is_enough(taken, MESSAGE)?;
    }
    Ok(())
}

/// Whether kernels take [`FLOOD`] bytes from a peer of ours, and as many from a program.
pub fn takes_a_flood() -> Result<(), String> {
    let taken = connection().map(|(mut peer, mut program)| {
        let ends = [&mut peer, &mut program];
        ends.map(|end| takes(end, MESSAGE, FLOOD))
            .into_iter()
            .fold(FLOOD, usize::min)
    });
    is_enough(taken, FLOOD)
}

fn is_enough(taken: io::Result<usize>, wanted: usize) -> Result<(), String> {
    match taken {
        Ok(taken) if taken < wanted => Err(format!(
            "it takes {taken} bytes (tcp_wmem, tcp_notsent_lowat, or the mtu of lo)"
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// A peer of ours and a program's end, neither of which waits. They have been used before, since the first bytes on a new
/// connection are acknowledged sooner.
fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let peer = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    fix_room(&peer);
    peer.connect(&listener.local_addr()?.into())?;
    widen_room_to_send(&peer);
    let mut peer = TcpStream::from(peer);
    peer.set_nodelay(true)?;
    let (mut program, _) = listener.accept()?;
    let mut message = [0; 1000];
    for _ in 1..=10 {
        peer.write_all(&message)?;
        program.read_exact(&mut message)?;
        program.write_all(&message)?;
        peer.read_exact(&mut message)?;
    }
    peer.write_all(&message)?;
    program.read_exact(&mut message)?;
    peer.set_nonblocking(true)?;
    program.set_nonblocking(true)?;
    Ok((peer, program))
}

/// How many of `most` bytes the kernel takes from `end` by itself, in pieces of this length.
fn takes(end: &mut TcpStream, length: usize, most: usize) -> usize {
    let piece = vec![0; length];
    let mut taken = 0;
    while taken < most
        && let Ok(count) = end.write(&piece)
    {
        taken += count;
    }
    taken
}
