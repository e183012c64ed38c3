//! TCP sockets as the kernel sees them: /proc/net/tcp in proc(5), and sock_diag(7).

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use socket2::{SockRef, Socket};

use crate::platform::linux::sock_diag::{LISTENING, LIVE, SockDiag};
use crate::platform::{TcpRow, TcpState, unix};

/// All TCP sockets of this machine, but for the many that only linger in `TIME_WAIT`.
#[must_use]
pub fn tcp_table() -> Option<Vec<TcpRow>> {
    all(LIVE).or_else(table_in_proc)
}

/// Those in one of `states`.
fn all(states: u32) -> Option<Vec<TcpRow>> {
    let families = [
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    ];
    LINE.with(|line| {
        let line = line.as_ref().ok()?;
        let rows = families.map(|family| line.all(family, states).ok());
        Some(rows.into_iter().collect::<Option<Vec<_>>>()?.concat())
    })
}

fn table_in_proc() -> Option<Vec<TcpRow>> {
    let mut table = fs::read_to_string("/proc/net/tcp").ok()?;
    // A kernel without IPv6 has no such file.
    let of_ipv6 = fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    table.extend(of_ipv6.split_inclusive('\n').skip(1));
    // After a soak there are thousands of them, so they are told by their state alone.
    let lingers = |line: &&str| line.split_ascii_whitespace().nth(3) == Some("06");
    Some(
        table
            .lines()
            .skip(1)
            .filter(|line| !lingers(line))
            .filter_map(tcp_row)
            .collect(),
    )
}

thread_local! {
    static LINE: io::Result<SockDiag> = SockDiag::open();
}

/// Whether the kernel of the socket at `local` may still send something of what waits there to `remote`. `None` where nobody
/// can tell.
#[must_use]
pub fn has_room_at(local: SocketAddr, remote: SocketAddr) -> Option<bool> {
    LINE.with(|line| line.as_ref().ok()?.has_room_at(local, remote).ok()?)
}

/// Those sockets that are known by their two addresses, as [`tcp_table`] would show them;
/// [`nobody`](crate::platform::nobody) stands for the other side of one that listens.
#[must_use]
pub fn tcp_rows(wanted: &[(SocketAddr, SocketAddr)]) -> Option<Vec<TcpRow>> {
    let asked = LINE.with(|line| line.as_ref().ok()?.rows(wanted).ok());
    asked.or_else(|| {
        let mut table = table_in_proc()?;
        table.retain(|row| wanted.contains(&(row.local, row.remote)));
        Some(table)
    })
}

/// All TCP sockets of this machine that listen, as [`tcp_table`] would show them.
#[must_use]
pub fn tcp_listeners() -> Option<Vec<TcpRow>> {
    all(LISTENING).or_else(|| {
        let mut table = table_in_proc()?;
        table.retain(|row| row.state == TcpState::Listen);
        Some(table)
    })
}

/// Sends the acknowledgement that is due on `stream` now, and not up to 40 ms later: a program may be waiting for
/// it with a small rest in hand (tcp(7), `TCP_QUICKACK` and `TCP_NODELAY`).
pub fn acknowledge(stream: &TcpStream) {
    // Where it is refused, all is as right, and slower.
    let _ = SockRef::from(stream).set_tcp_quickack(true);
}

/// How much our own sockets have room for, in bytes: no more than every Linux lets any process ask for (socket(7),
/// `wmem_max` and `rmem_max`).
const ROOM: usize = 208 * 1024;

/// The longest segment of our own connections, in bytes. On loopback it would be of 64 KiB otherwise: a kernel whose program
/// wants a small receive buffer drops such segments, and gets each of them a fifth of a second later.
const SEGMENT: u32 = 8192;

/// Gives one of our own sockets, before it is connected or listens, room to receive that does not depend on the settings of
/// this machine, and no limit for what its kernel keeps. A program's sockets are as this machine wants them.
pub fn fix_room(socket: &Socket) {
    let _ = socket.set_tcp_mss(SEGMENT);
    // Where it is refused, there is as much room as this machine wants.
    let _ = socket.set_recv_buffer_size(ROOM);
    // A limit for bytes that were not sent yet would fill our kernel before its buffer is full.
    let _ = socket.set_tcp_notsent_lowat(u32::MAX);
}

/// Makes the window of one of our own sockets, before it is connected, end where a segment ends: a window that is not scaled
/// is a whole number of segments. With a rest of less at the end, the other kernel would lie still for a fifth of a second and
/// then fill it: tcp(7), `TCP_WINDOW_CLAMP`.
pub fn clamp_window(socket: &Socket) {
    // Where it is refused, all is as right, and slower.
    let _ = unix::set_option(
        socket.as_fd(),
        libc::IPPROTO_TCP,
        libc::TCP_WINDOW_CLAMP,
        LONGEST_UNSCALED,
    );
}

/// The largest window that needs no scale, in bytes: RFC 7323, 2.2.
const LONGEST_UNSCALED: libc::c_int = 65_535;

/// Gives one of our own sockets, which is connected, room to send where this machine leaves it less than others do. A
/// larger buffer goes on growing.
pub fn widen_room_to_send(socket: &Socket) {
    // The kernel doubles what it is asked for: socket(7).
    if socket.send_buffer_size().is_ok_and(|size| size < 2 * ROOM) {
        let _ = socket.set_send_buffer_size(ROOM);
    }
}

/// How many connections a backlog may have room for on this machine, whatever a program asks for: listen(2). `None` where
/// the kernel does not say.
#[must_use]
pub fn longest_backlog() -> Option<u64> {
    let longest = fs::read_to_string("/proc/sys/net/core/somaxconn").ok()?;
    longest.trim().parse().ok()
}

/// How many bytes of `stream` our kernel has not sent yet, acknowledged or not: tcp(7), `SIOCOUTQNSD`.
#[must_use]
pub fn not_sent(stream: &TcpStream) -> Option<u64> {
    unix::queue(stream.as_raw_fd(), SIOCOUTQNSD).ok()
}

/// From linux/sockios.h; libc does not have it.
const SIOCOUTQNSD: libc::c_ulong = 0x894B;

/// Reads a line of /proc/net/tcp, for example
/// `0: 0100007F:1B58 00000000:0000 0A 00000000:00000002 00:00000000 00000000 0 0 31337 …`.
fn tcp_row(line: &str) -> Option<TcpRow> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (unsent, unread) = fields.get(4)?.split_once(':')?;
    Some(TcpRow {
        local: address(fields.get(1)?)?,
        remote: address(fields.get(2)?)?,
        state: tcp_state(u8::from_str_radix(fields.get(3)?, 16).ok()?),
        unsent: u64::from_str_radix(unsent, 16).ok()?,
        unread: u64::from_str_radix(unread, 16).ok()?,
        received: None,
        retransmits: u64::from_str_radix(fields.get(6)?, 16).ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// The states by their numbers in the kernel.
pub(super) fn tcp_state(number: u8) -> TcpState {
    match number {
        0x01 => TcpState::Established,
        0x02 | 0x03 | 0x0C => TcpState::Handshake,
        0x04 | 0x09 | 0x0B => TcpState::FinSent,
        0x05 => TcpState::HalfClosed,
        0x08 => TcpState::CloseWait,
        0x0A => TcpState::Listen,
        _ => TcpState::Other,
    }
}

/// Reads `0100007F:1B58`: the address as the machine stores it, the port as people read it.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| {
        let digits = ip.get(at..at + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let ip = match ip.len() {
        8 => IpAddr::from(word(0)?),
        _ => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let octets: [u8; 16] = words.concat().try_into().ok()?;
            IpAddr::from(octets)
        }
    };
    Some(SocketAddr::from((ip, u16::from_str_radix(port, 16).ok()?)))
}
