//! Where a student's server listens, and whether that address is taken.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// Where a server listens without `--listen`: the kit's default.
pub const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7878);

/// Where a server with these arguments listens. `None` if its last `--listen` names no address.
#[must_use]
pub fn of_server(arguments: &[OsString]) -> Option<SocketAddr> {
    let mut address = Some(DEFAULT);
    let mut words = arguments.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        if word == "--listen" {
            address = words.next().and_then(|value| value.parse().ok());
        } else if let Some(value) = word.strip_prefix("--listen=") {
            address = value.parse().ok();
        }
    }
    address
}

/// Whether a server cannot have `address` now: another program listens there, or connections linger whose server did
/// not set `SO_REUSEADDR`.
#[must_use]
pub fn is_taken(address: SocketAddr) -> bool {
    bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

fn bind(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // As the kit has it: on Windows the option would let two servers share an address.
    socket.set_reuse_address(cfg!(unix))?;
    socket.bind(&address.into())
}
