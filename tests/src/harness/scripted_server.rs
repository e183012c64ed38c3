//! A server of ours, for a program that is a client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::rc::Rc;

use socket2::SockRef;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::diagnose::symptom::Symptom;
use crate::harness::client::Client;
use crate::harness::context::CheckContext;
use crate::harness::peer::Peer;
use crate::platform::{Power, Powers, fix_room};

#[derive(Debug)]
pub struct ScriptedServer {
    listener: TcpListener,
    address: SocketAddr,
    context: Rc<CheckContext>,
}

impl ScriptedServer {
    pub(crate) fn listen(context: &Rc<CheckContext>, loopback: IpAddr) -> Result<Self> {
        let listener = TcpListener::bind((loopback, 0))?;
        listener.set_nonblocking(true)?;
        // The connections that it accepts inherit this.
        fix_room(&SockRef::from(&listener));
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            context: Rc::clone(context),
        })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An address at which nobody listens, since its server has just left.
    #[must_use]
    pub fn close(self) -> SocketAddr {
        self.address
    }

    /// The IPv6 loopback address with the same port, at which nobody listens.
    #[must_use]
    pub fn address_with_ipv6(&self) -> SocketAddr {
        SocketAddr::from((Ipv6Addr::LOCALHOST, self.address.port()))
    }

    /// Nobody has called here.
    pub fn expect_no_call(&self) -> Outcome {
        match self.listener.accept() {
            Err(_nobody) => Ok(()),
            Ok(_) => Err(self.context.fail_because(
                Cause::WrongFamily,
                "a client that calls the address that it was given, and no other",
                format!("it has called {}", self.address),
            )),
        }
    }

    /// Waits for `client` to connect.
    pub fn accept(&self, client: &Client) -> Result<Peer> {
        let accepted = self.context.wait_until(|| self.listener.accept().ok());
        let Some((stream, theirs)) = accepted.reached() else {
            let symptom = match self.address {
                SocketAddr::V4(_) => Symptom::Silence,
                SocketAddr::V6(_) => Symptom::Known(Cause::WrongFamily),
            };
            let expected = format!("a client that connects to {}", self.address);
            let received = format!("nobody; it printed {}", client.output());
            return Err(self.context.fail(symptom, expected, received, None));
        };
        stream.set_nonblocking(false)?;
        self.context.note_and_wait("client", "connects");
        Peer::new(&self.context, stream, "server".into(), theirs)
    }
}

/// An address of this machine that no other program listens at: drawn by chance and not from the seed, so that
/// two graders at once do not meet there. Where there is only one, it is that one.
#[must_use]
pub(crate) fn loopback_of_our_own(powers: &Powers) -> Ipv4Addr {
    if powers.has(Power::PrivateLoopback) {
        Ipv4Addr::new(
            127,
            fastrand::u8(64..),
            fastrand::u8(1..),
            fastrand::u8(1..=254),
        )
    } else {
        Ipv4Addr::LOCALHOST
    }
}
