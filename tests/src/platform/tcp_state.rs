//! What the kernel knows of a TCP socket, as values.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// One end of a TCP connection, or a listening socket, as the kernel sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpRow {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub state: TcpState,
    /// Bytes sent and not yet acknowledged; at a listening socket the connections that its backlog has room for, where the
    /// kernel says so.
    pub unsent: u64,
    /// Bytes received and not yet read; at a listening socket the connections that wait in the backlog.
    pub unread: u64,
    /// Bytes received in all, read or not, where the kernel says so: `tcpi_bytes_received`, Linux since 4.1. The end of the
    /// stream counts as one.
    pub received: Option<u64>,
    /// How often something was sent again because no answer came.
    pub retransmits: u64,
    /// 0 when no process holds a descriptor of it.
    pub inode: u64,
}

/// The states of tcp(7) that make a difference here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpState {
    Established,
    /// The handshake is not over.
    Handshake,
    /// We have ended our stream, and the other side does not know yet.
    FinSent,
    /// We have ended our stream, the other side knows, and may go on with its own.
    HalfClosed,
    /// The other side has ended its stream.
    CloseWait,
    Listen,
    /// Both are through.
    Other,
}

/// What stands in place of the other side's address at a socket that listens at `local`.
#[must_use]
pub fn nobody(local: SocketAddr) -> SocketAddr {
    match local {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    }
}
