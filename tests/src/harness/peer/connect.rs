//! Connecting to a program, and telling why that does not come about.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use crate::harness::context::CheckContext;
use crate::harness::scripted_server::loopback_of_our_own;
use crate::platform::{
    Power, TcpRow, clamp_window, fix_room, longest_backlog, nobody, tcp_rows, tcp_table,
    widen_room_to_send,
};

/// Why a connection did not come about.
pub(crate) enum Refusal {
    /// The kernel drops our calls, because too many connections wait already.
    BacklogIsFull,
    /// Nobody listens there.
    Refused(io::Error),
    /// We could not do our part: nothing that a program does makes a `connect` on this machine fail so.
    Ours(io::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::BacklogIsFull => {
                out.write_str("no answer: the backlog is full, and the kernel had to ask again")
            }
            Refusal::Refused(error) | Refusal::Ours(error) => error.fmt(out),
        }
    }
}

/// A connection that came about.
pub(crate) struct Connected {
    pub stream: TcpStream,
    /// Whether it was reset again before anybody could look.
    pub is_broken: bool,
}

/// Connects to `server` from the home address of the check, with `room` bytes of receive buffer or as many as our sockets
/// have. Nothing here waits for `accept`: the kernel completes the connection.
pub(crate) fn connect(
    server: SocketAddr,
    context: &CheckContext,
    room: Option<usize>,
) -> Result<Connected, Refusal> {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    fix_room(&socket);
    if let Some(room) = room {
        socket.set_recv_buffer_size(room)?;
        clamp_window(&socket);
    }
    if server.is_ipv4() {
        come_from(context, &socket).map_err(Refusal::Ours)?;
    }
    // In non-blocking mode this only begins, unless nobody listens on this very machine.
    match socket.connect(&server.into()) {
        Err(error) if !has_begun(&error) => return Err(error.into()),
        _ => {}
    }
    let ended = context.deadline().until(|| how_it_ended(&socket, server));
    let is_broken = ended.unwrap_or_else(|| Err(unanswered()))?;
    widen_room_to_send(&socket);
    socket.set_nonblocking(false)?;
    Ok(Connected {
        stream: socket.into(),
        is_broken,
    })
}

/// Whether the error of a `connect` in non-blocking mode says that it goes on: connect(2), `EINPROGRESS`; on Windows
/// `WSAEWOULDBLOCK`.
fn has_begun(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(IN_PROGRESS)
}

#[cfg(unix)]
const IN_PROGRESS: i32 = libc::EINPROGRESS;
#[cfg(not(unix))]
const IN_PROGRESS: i32 = 10036;

/// Why nobody has answered. A system that does not show that we had to knock again drops calls for want of room all the
/// same.
fn unanswered() -> Refusal {
    match tcp_table() {
        None => Refusal::BacklogIsFull,
        Some(_) => Refusal::Ours(ErrorKind::TimedOut.into()),
    }
}

/// Gives `socket` a port at `home`, or at another address of our own when none is free there: connections linger in
/// `TIME_WAIT` for a minute, and some machines have few ports (ip(7), `ip_local_port_range`). Those of 127.0.0.1 are left
/// to the program.
fn come_from(context: &CheckContext, socket: &Socket) -> io::Result<()> {
    if !context.powers().has(Power::PrivateLoopback) {
        return Ok(());
    }
    let home = &context.home;
    let bind = || socket.bind(&SocketAddr::from((home.get(), 0)).into());
    match bind() {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            home.set(loopback_of_our_own(context.powers()));
            bind()
        }
        bound => bound,
    }
}

/// Whether the backlog of the server at this address is full, and this machine allows none to be longer: then it is not
/// the program that leaves no room for one more.
pub(crate) fn has_all_that_may_wait(server: SocketAddr) -> bool {
    let rows = tcp_rows(&[(server, nobody(server))]).unwrap_or_default();
    let is_full = |row: &&TcpRow| row.unread > row.unsent;
    rows.iter()
        .find(is_full)
        .is_some_and(|row| longest_backlog().is_some_and(|longest| row.unsent >= longest))
}

/// Whether the connection stands, or was broken since. `None` while the other side has not answered.
fn how_it_ended(socket: &Socket, server: SocketAddr) -> Option<Result<bool, Refusal>> {
    if socket.peer_addr().is_ok() {
        return Some(Ok(false));
    }
    if let Ok(Some(error)) = socket.take_error() {
        return Some(match error.kind() {
            ErrorKind::ConnectionReset => Ok(true),
            _ => Err(error.into()),
        });
    }
    let ours = socket.local_addr().ok()?.as_socket()?;
    tcp_rows(&[(ours, server)])?
        .iter()
        .any(|row| row.retransmits > 0)
        .then_some(Err(Refusal::BacklogIsFull))
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Refusal::Refused(error),
            _ => Refusal::Ours(error),
        }
    }
}
