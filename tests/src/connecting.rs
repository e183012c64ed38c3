//! Connecting to a program, and telling why that does not come about.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use crate::deadline::Deadline;
use crate::platform::tcp_table;

/// Why a connection did not come about.
pub(crate) enum Refusal {
    /// The kernel drops our calls, because too many connections wait already.
    BacklogIsFull,
    Broken(io::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::BacklogIsFull => {
                out.write_str("no answer: the backlog is full, and the kernel had to knock again")
            }
            Refusal::Broken(error) => error.fmt(out),
        }
    }
}

pub(crate) fn connect(server: SocketAddr) -> Result<TcpStream, Refusal> {
    let socket =
        Socket::new(Domain::for_address(server), Type::STREAM, None).map_err(Refusal::Broken)?;
    socket.set_nonblocking(true).map_err(Refusal::Broken)?;
    // In non-blocking mode this only begins; how it ends shows below.
    let _ = socket.connect(&server.into());
    let ended = Deadline::start().until(|| {
        if let Some(error) = socket.take_error().ok().flatten() {
            return Some(Err(Refusal::Broken(error)));
        }
        if socket.peer_addr().is_ok() {
            return Some(Ok(()));
        }
        let ours = socket.local_addr().ok()?.as_socket()?;
        let knocked_again = tcp_table()?
            .iter()
            .any(|row| row.local == ours && row.remote == server && row.retransmits > 0);
        knocked_again.then_some(Err(Refusal::BacklogIsFull))
    });
    ended.unwrap_or_else(|| Err(Refusal::Broken(ErrorKind::TimedOut.into())))?;
    socket.set_nonblocking(false).map_err(Refusal::Broken)?;
    Ok(socket.into())
}
