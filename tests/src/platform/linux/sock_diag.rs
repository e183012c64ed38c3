//! Sockets' rows, asked of the kernel directly: sock_diag(7).
//!
//! To show /proc/net/tcp the kernel walks through a table of hundreds of thousands of places, and writes a line for each
//! socket that lingers in it, which takes milliseconds. A question about one socket takes microseconds.

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use crate::platform::TcpRow;
use crate::platform::linux::tcp::tcp_state;

/// A line to the part of the kernel that knows.
#[derive(Debug)]
pub struct SockDiag(Socket);

/// The length of a message's header, in bytes: netlink(7).
const HEADER: usize = 16;

/// The length of a question and of an answer behind it: `inet_diag_req_v2` and `inet_diag_msg` of linux/inet_diag.h.
const QUESTION: usize = 56;
const ANSWER: usize = 72;

/// The type of both.
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// The states to ask for: a bit for each, at its number in the kernel.
const EVERY_STATE: u32 = u32::MAX;
pub(super) const LISTENING: u32 = 1 << 0x0A;
/// All but `TIME_WAIT`: after a soak there are thousands of those.
pub(super) const LIVE: u32 = !(1 << 0x06);

/// Room for the answer to one question, in bytes.
const MESSAGE: usize = 1024;

/// How many questions are asked at once. Their answers take up about 2 KiB each in our socket, which has room for 208 KiB:
/// socket(7), `rmem_default`.
const QUESTIONS_AT_ONCE: usize = 32;

/// Room for a part of a long answer, in bytes: netlink(7) wants at least 8 KiB.
const PART: usize = 32 * 1024;

/// The attribute behind an answer that holds a `tcp_info`, the length of an attribute's own header, and where in it stand
/// the number of probes, the number of segments on their way, how many bytes have come, and the window of the other side,
/// which Linux tells since 5.4.
const INFO: u16 = 2;
const ATTRIBUTE: usize = 4;
const BACKOFF: usize = 4;
const UNACKNOWLEDGED: usize = 24;
const RECEIVED: usize = 128;
const WINDOW: usize = 228;

impl SockDiag {
    /// # Errors
    ///
    /// When this kernel has no such line.
    pub fn open() -> io::Result<Self> {
        let protocol = Protocol::from(libc::NETLINK_SOCK_DIAG);
        let socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(protocol))?;
        // The kernel answers while it is asked: what is not there then does not come.
        socket.set_nonblocking(true)?;
        Ok(Self(socket))
    }

    /// The sockets of `wanted` that are there: at the first address, and connected to the second; where that is
    /// [`nobody`](crate::platform::nobody), the one that listens.
    ///
    /// # Errors
    ///
    /// When the kernel does not answer such questions.
    pub fn rows(&self, wanted: &[(SocketAddr, SocketAddr)]) -> io::Result<Vec<TcpRow>> {
        self.ask_for(wanted).inspect_err(|_| self.forget_answers())
    }

    /// The next who asks is not to find what is left.
    fn forget_answers(&self) {
        while (&self.0).read(&mut [0; MESSAGE]).is_ok() {}
    }

    fn ask_for(&self, wanted: &[(SocketAddr, SocketAddr)]) -> io::Result<Vec<TcpRow>> {
        let mut rows = Vec::with_capacity(wanted.len());
        let mut message = [0; MESSAGE];
        for some in wanted.chunks(QUESTIONS_AT_ONCE) {
            let questions: Vec<u8> = some
                .iter()
                .flat_map(|(local, remote)| question(*local, *remote, 0, EVERY_STATE))
                .collect();
            self.0.send(&questions)?;
            for (local, remote) in some {
                let length = (&self.0).read(&mut message)?;
                rows.extend(answer(&message[..length], *local, *remote)?.and_then(row));
            }
        }
        Ok(rows)
    }

    /// Whether the kernel may still send something to `remote`: its window is open, or something is on its way there, and the
    /// kernel has not asked in vain for room. Those are `tcpi_snd_wnd`, `tcpi_unacked` and `tcpi_backoff` of tcp(7).
    ///
    /// # Errors
    ///
    /// When the kernel does not answer such questions.
    pub fn has_room_at(&self, local: SocketAddr, remote: SocketAddr) -> io::Result<Option<bool>> {
        self.0.send(&question(local, remote, 0, EVERY_STATE))?;
        let mut message = [0; MESSAGE];
        let length = (&self.0).read(&mut message)?;
        let info = answer(&message[..length], local, remote)?.and_then(info);
        Ok(info.and_then(|info| {
            let is_closed = long(info, WINDOW) == Some(0) && long(info, UNACKNOWLEDGED) == Some(0);
            Some(!is_closed && *info.get(BACKOFF)? == 0)
        }))
    }

    /// All sockets in one of `states` at addresses like `nobody`, which is the empty one of its family.
    ///
    /// # Errors
    ///
    /// When the kernel does not answer such questions.
    pub fn all(&self, nobody: SocketAddr, states: u32) -> io::Result<Vec<TcpRow>> {
        self.ask_for_all(nobody, states)
            .inspect_err(|_| self.forget_answers())
    }

    fn ask_for_all(&self, nobody: SocketAddr, states: u32) -> io::Result<Vec<TcpRow>> {
        self.0
            .send(&question(nobody, nobody, libc::NLM_F_DUMP, states))?;
        let mut rows = Vec::new();
        let mut part = vec![0; PART];
        loop {
            let length = (&self.0).read(&mut part)?;
            let mut rest = &part[..length];
            while let Some(length) = long(rest, 0).map(|length| length as usize) {
                let message = rest.get(..length).ok_or(io::ErrorKind::InvalidData)?;
                match kind(message).map(i32::from) {
                    Some(libc::NLMSG_DONE) => return Ok(rows),
                    Some(libc::NLMSG_ERROR) => {
                        return Err(error(message).map_or_else(
                            || io::ErrorKind::InvalidData.into(),
                            io::Error::from_raw_os_error,
                        ));
                    }
                    _ => rows.extend(message.get(HEADER..).and_then(row)),
                }
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            }
        }
    }
}

/// What the kernel says of a socket in `message`, without the message's header.
fn answer(message: &[u8], local: SocketAddr, remote: SocketAddr) -> io::Result<Option<&[u8]>> {
    match kind(message) {
        Some(SOCK_DIAG_BY_FAMILY) if message.len() >= HEADER + ANSWER => {
            let answer = &message[HEADER..];
            // For a connection that is not there the kernel may name the listening socket.
            let is_it = row(answer).is_some_and(|row| row.local == local && row.remote == remote);
            Ok(is_it.then_some(answer))
        }
        _ => match error(message) {
            Some(libc::ENOENT) => Ok(None),
            Some(number) => Err(io::Error::from_raw_os_error(number)),
            None => Err(io::ErrorKind::InvalidData.into()),
        },
    }
}

/// The type of a message.
fn kind(message: &[u8]) -> Option<u16> {
    let bytes = message.get(4..6)?.try_into().ok()?;
    Some(u16::from_ne_bytes(bytes))
}

fn question(local: SocketAddr, remote: SocketAddr, flags: i32, states: u32) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + QUESTION);
    message.extend(((HEADER + QUESTION) as u32).to_ne_bytes());
    message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    message.extend(((libc::NLM_F_REQUEST | flags) as u16).to_ne_bytes());
    message.extend([0; 8]);

    let no_cookie = [0xFF; 8];
    let with_info = 1 << (INFO - 1);
    let family = match local {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    };
    message.extend([family as u8, libc::IPPROTO_TCP as u8, with_info, 0]);
    message.extend(states.to_ne_bytes());
    message.extend(local.port().to_be_bytes());
    message.extend(remote.port().to_be_bytes());
    for address in [local, remote] {
        match address {
            SocketAddr::V4(address) => {
                message.extend(address.ip().octets());
                message.extend([0; 12]);
            }
            SocketAddr::V6(address) => message.extend(address.ip().octets()),
        }
    }
    message.extend([0; 4]);
    message.extend(no_cookie);
    message
}

/// Reads an answer.
fn row(answer: &[u8]) -> Option<TcpRow> {
    let address = |port: usize, ip: usize| {
        let port = u16::from_be_bytes(answer.get(port..port + 2)?.try_into().ok()?);
        let octets: [u8; 16] = answer.get(ip..ip + 16)?.try_into().ok()?;
        let ip = match i32::from(*answer.first()?) {
            libc::AF_INET6 => IpAddr::from(octets),
            _ => IpAddr::from([octets[0], octets[1], octets[2], octets[3]]),
        };
        Some(SocketAddr::from((ip, port)))
    };
    Some(TcpRow {
        state: tcp_state(*answer.get(1)?),
        retransmits: u64::from(*answer.get(3)?),
        local: address(4, 8)?,
        remote: address(6, 24)?,
        unread: long(answer, 56)?.into(),
        received: info(answer).and_then(received),
        unsent: long(answer, 60)?.into(),
        inode: long(answer, 68)?.into(),
    })
}

/// The number of four bytes that stands at `at`.
fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// How many bytes have come, as a `tcp_info` tells.
fn received(info: &[u8]) -> Option<u64> {
    let bytes = info.get(RECEIVED..RECEIVED + 8)?.try_into().ok()?;
    Some(u64::from_ne_bytes(bytes))
}

/// Finds the `tcp_info` among the attributes behind an answer.
fn info(answer: &[u8]) -> Option<&[u8]> {
    let mut rest = answer.get(ANSWER..)?;
    loop {
        let word = |at: usize| Some(u16::from_ne_bytes(rest.get(at..at + 2)?.try_into().ok()?));
        let (length, kind) = (usize::from(word(0)?), word(2)?);
        let attribute = rest.get(ATTRIBUTE..length)?;
        if kind == INFO {
            return Some(attribute);
        }
        rest = rest.get(length.next_multiple_of(ATTRIBUTE)..)?;
    }
}

/// The number of the error in a message that tells one.
fn error(message: &[u8]) -> Option<i32> {
    let number = message.get(HEADER..HEADER + 4)?.try_into().ok()?;
    Some(-i32::from_ne_bytes(number))
}
