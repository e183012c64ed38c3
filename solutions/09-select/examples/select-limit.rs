//! The echo server of stage 09 on `select` itself, which knows no descriptor above 1023. Given code,
//! to be read and run; nothing in it is graded.
//!
//! Try it, in two terminals. Both need room for more than a thousand descriptors: `ulimit -n 4096`.
//!
//! ```text
//! cargo run --package select --example select-limit
//! cargo lab talk 127.0.0.1:7878
//! ```
//!
//! In `talk`, `/crowd 1100` brings eleven hundred clients. Those whose sockets got a descriptor below
//! 1024 are served, and the others are refused.
//!
//! Man pages: select(2), accept(2), recv(2), send(2).

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    kit::run_server(on_select::run)
}

/// On Windows a set of `select` is a list of sockets, and its limit is another one.
#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("select-limit: this program shows a limit of Unix, and needs one");
    ExitCode::from(2)
}

#[cfg(unix)]
mod on_select {
    use std::io::{self, Read};
    use std::net::SocketAddr;
    use std::os::fd::{AsFd, AsRawFd};

    use kit::EventLog;
    use nix::errno::Errno;
    use nix::sys::select::{FD_SETSIZE, FdSet, select};
    use socket2::{Domain, Socket, Type};

    const BACKLOG: i32 = 128;
    const BUFFER: usize = 16 * 1024;
    const HIGH_WATER_MARK: usize = 64 * 1024;

    /// Serves at `address`.
    ///
    /// # Errors
    ///
    /// When the listening socket cannot be opened, or its own descriptor is out of bounds.
    pub fn run(address: SocketAddr, log: &EventLog) -> io::Result<()> {
        let listener = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        fits_into_a_set(&listener)?;
        listener.set_reuse_address(kit::REUSE_ADDRESS)?;
        listener.bind(&address.into())?;
        listener.listen(BACKLOG)?;
        listener.set_nonblocking(true)?;
        let name = listener.local_addr()?;
        log.listening(name.as_socket().ok_or(io::ErrorKind::Unsupported)?);

        let mut buffer = [0; BUFFER];
        let mut clients: Vec<Client> = Vec::new();
        let mut number = 0;
        loop {
            let ready = wait(&listener, &clients)?;
            for (client, ready) in clients.iter_mut().zip(&ready.clients) {
                if let Err(error) = client.take_turn(*ready, &mut buffer) {
                    client.lost = Some(error);
                }
            }
            reap_finished(&mut clients, log);
            if ready.listener {
                while let Some((socket, _)) = unless_it_would_block(listener.accept())? {
                    number += 1;
                    log.connected(number);
                    add_client(&mut clients, socket, number, log)?;
                }
            }
        }
    }

    /// Adds a client, or turns it away because no set has a place for its descriptor.
    fn add_client(
        clients: &mut Vec<Client>,
        socket: Socket,
        number: u64,
        log: &EventLog,
    ) -> io::Result<()> {
        if let Err(error) = fits_into_a_set(&socket) {
            log.lost(number, 0, &error);
            return Ok(());
        }
        socket.set_nonblocking(true)?;
        clients.push(Client {
            socket,
            number,
            received: 0,
            unsent: Vec::new(),
            saw_eof: false,
            lost: None,
        });
        Ok(())
    }

    /// A set is an array of 1024 bits, one for each descriptor from 0 to 1023. In C, a larger
    /// descriptor would be written to a place behind the array.
    fn fits_into_a_set(socket: &Socket) -> io::Result<()> {
        let descriptor = socket.as_raw_fd();
        if usize::try_from(descriptor).is_ok_and(|place| place < FD_SETSIZE) {
            return Ok(());
        }
        let last = FD_SETSIZE - 1;
        Err(io::Error::other(format!(
            "its descriptor is {descriptor}, and select knows those up to {last}"
        )))
    }

    /// What the kernel answered.
    struct Ready {
        listener: bool,
        /// In the order of the clients: whether one may receive, and whether one may send.
        clients: Vec<(bool, bool)>,
    }

    /// Sleeps until one of the sockets is ready.
    fn wait(listener: &Socket, clients: &[Client]) -> io::Result<Ready> {
        loop {
            // The sets are the questions, and the kernel writes its answers into them. So they are
            // made anew each time, copied into the kernel, looked through bit by bit up to the
            // highest descriptor, and copied back.
            let (mut readable, mut writable) = (FdSet::new(), FdSet::new());
            readable.insert(listener.as_fd());
            for client in clients {
                if !client.saw_eof && client.has_room() {
                    readable.insert(client.socket.as_fd());
                }
                if !client.unsent.is_empty() {
                    writable.insert(client.socket.as_fd());
                }
            }
            match select(None, &mut readable, &mut writable, None, None) {
                Ok(_count) => {}
                // After a signal the sets hold nothing that could be used.
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let answer = |client: &Client| {
                let socket = client.socket.as_fd();
                (readable.contains(socket), writable.contains(socket))
            };
            return Ok(Ready {
                listener: readable.contains(listener.as_fd()),
                clients: clients.iter().map(answer).collect(),
            });
        }
    }

    /// One client, as in stage 09.
    struct Client {
        socket: Socket,
        number: u64,
        received: u64,
        unsent: Vec<u8>,
        saw_eof: bool,
        lost: Option<io::Error>,
    }

    impl Client {
        /// Receives once and sends once, where the kernel has said that it is worth it.
        fn take_turn(&mut self, ready: (bool, bool), buffer: &mut [u8]) -> io::Result<()> {
            let (may_receive, may_send) = ready;
            if may_receive && let Some(count) = unless_it_would_block(self.socket.read(buffer))? {
                self.saw_eof = count == 0;
                self.received += count as u64;
                self.unsent.extend_from_slice(&buffer[..count]);
            }
            if (may_receive || may_send)
                && !self.unsent.is_empty()
                && let Some(taken) = unless_it_would_block(self.socket.send(&self.unsent))?
            {
                self.unsent.drain(..taken);
            }
            Ok(())
        }

        fn has_room(&self) -> bool {
            self.unsent.len() <= HIGH_WATER_MARK
        }

        fn is_finished(&self) -> bool {
            self.lost.is_some() || (self.saw_eof && self.unsent.is_empty())
        }
    }

    fn reap_finished(clients: &mut Vec<Client>, log: &EventLog) {
        clients.retain(|client| {
            if !client.is_finished() {
                return true;
            }
            match &client.lost {
                None => log.left(client.number, client.received),
                Some(error) => log.lost(client.number, client.received, error),
            }
            false
        });
    }

    /// `None` where there is nothing yet, or no room now.
    fn unless_it_would_block<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}
