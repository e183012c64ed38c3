//! Which address stands on a slide for which one in truth.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};

/// The address that servers have if nobody says otherwise.
pub const USUAL: &str = "127.0.0.1:7878";

/// Its port, which other programs are given in ways of their own.
pub const USUAL_PORT: &str = "7878";

#[derive(Debug, Default)]
pub struct Addresses {
    known: Vec<Address>,
    /// Keep ports free for servers that are not ours: such a socket is bound and does not listen, and who sets
    /// SO_REUSEADDR as well may listen there.
    kept: Vec<Socket>,
}

#[derive(Debug)]
struct Address {
    shown: String,
    real: String,
    /// Whether the server there has not been ended.
    is_taken: bool,
}

impl Addresses {
    /// The true address behind the one on the slide, while a server is there.
    pub fn taken(&self, shown: &str) -> Option<&str> {
        let mut known = self.known.iter();
        let found = known.find(|known| known.is_taken && known.shown == shown)?;
        Some(&found.real)
    }

    /// The true port behind an address on the slide: that of the server which is there, or one for a server to come.
    pub fn port(&mut self, shown: &str) -> Result<String, String> {
        if self.taken(shown).is_none() {
            let keep = || -> io::Result<(Socket, SocketAddr)> {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
                socket.set_reuse_address(true)?;
                socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
                let name = socket.local_addr()?.as_socket();
                Ok((socket, name.ok_or(io::ErrorKind::Unsupported)?))
            };
            let (socket, name) = keep().map_err(|error| format!("no port is free: {error}"))?;
            self.kept.push(socket);
            self.learn(shown, &name.to_string());
        }
        let real = self.taken(shown).unwrap_or_default();
        Ok(real.rsplit(':').next().unwrap_or_default().to_string())
    }

    /// Where servers are or were, in truth.
    pub fn of_servers(&self) -> Vec<SocketAddr> {
        let known = self.known.iter();
        known.filter_map(|known| known.real.parse().ok()).collect()
    }

    /// A server that is shown to be at one address has announced the other.
    pub fn learn(&mut self, shown: &str, real: &str) {
        self.known.push(Address {
            shown: shown.to_string(),
            real: real.to_string(),
            is_taken: true,
        });
    }

    /// The server that is shown to be there is gone.
    pub fn free(&mut self, shown: &str) {
        let known = self.known.iter_mut();
        let there = known.filter(|known| known.shown == shown);
        there.for_each(|known| known.is_taken = false);
    }

    /// A command from a slide as it is carried out.
    pub fn in_truth(&self, command: &str) -> String {
        let known = self.known.iter().rev();
        known.fold(command.to_string(), |text, Address { shown, real, .. }| {
            text.replace(shown, real)
        })
    }

    /// What was printed as it stands on a slide.
    pub fn on_the_slide(&self, line: &str) -> String {
        let known = self.known.iter();
        known.fold(line.to_string(), |text, Address { shown, real, .. }| {
            text.replace(real, shown)
        })
    }
}
