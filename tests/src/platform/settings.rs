//! What the kernel's settings on this machine leave room for.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use socket2::{Domain, Socket, Type};

use super::{fix_room, longest_backlog};

/// The longest message that a check leaves to the kernel alone, in bytes.
const MESSAGE: usize = 65_537;

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

/// Whether the kernel takes [`MESSAGE`] bytes whatever the other side does, in one piece and in many.
pub fn takes_a_message() -> Result<(), String> {
    for piece in [MESSAGE, 16 * 1024, 1000] {
        let taken = taken_in_pieces_of(piece).map_err(|error| error.to_string())?;
        if taken < MESSAGE {
            return Err(format!("it takes {taken} bytes (net.ipv4.tcp_wmem)"));
        }
    }
    Ok(())
}

/// How many of [`MESSAGE`] bytes the kernel takes by itself as an answer, on a connection that has been used before: on a
/// new one the first bytes are acknowledged sooner.
fn taken_in_pieces_of(length: usize) -> io::Result<usize> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let peer = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    fix_room(&peer);
    peer.connect(&listener.local_addr()?.into())?;
    let mut peer = TcpStream::from(peer);
    peer.set_nodelay(true)?;
    let (mut program, _) = listener.accept()?;
    let mut message = vec![0; 1000];
    for _ in 1..=10 {
        peer.write_all(&message)?;
        program.read_exact(&mut message)?;
        program.write_all(&message)?;
        peer.read_exact(&mut message)?;
    }
    peer.write_all(&message)?;
    program.read_exact(&mut message)?;
    program.set_nonblocking(true)?;
    let piece = vec![0; length];
    let mut taken = 0;
    while taken < MESSAGE
        && let Ok(count) = program.write(&piece)
    {
        taken += count;
    }
    Ok(taken)
}
