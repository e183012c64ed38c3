//! The program as a running server.

pub mod event_driven;
pub mod event_log;
pub mod polling;
pub mod threaded;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::course::cause::Cause;
use crate::diagnose::Symptom;
use crate::diagnose::failure::{Outcome, Problem};
use crate::evidence::length;
use crate::evidence::settle::{Calm, Look};
use crate::harness::client::interrupt_in_send;
use crate::harness::context::Scene;
use crate::harness::peer::Peer;
use crate::platform::{Call, Power, VERY_LONG, descriptors, time_limit};
use crate::process::child::Running;
use crate::text::quote;

#[derive(Debug)]
pub struct Server {
    pub(crate) running: Rc<Running>,
    pub(crate) scene: Rc<Scene>,
    address: SocketAddr,
}

/// What a server has done so far, or between two moments.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Effort {
    /// Processor time.
    pub cpu: Duration,
    /// How often it went to sleep.
    pub naps: u64,
}

/// How much processor time a nap may cost on average, with the round before it. A nap of a millisecond costs about
/// 20 µs; a program that spins uses it all and does not sleep once.
const COST_OF_A_NAP: Duration = Duration::from_micros(500);

impl Effort {
    pub fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            naps: self.naps.saturating_sub(before.naps),
        }
    }

    /// Whether it is that of a program that naps again and again, and not of one that spins.
    pub fn is_napping(self) -> bool {
        self.cpu <= COST_OF_A_NAP * u32::try_from(self.naps.max(1)).unwrap_or(u32::MAX)
    }
}

impl Server {
    /// Waits for the line `listening on ADDRESS` of a server that was asked to listen at `asked`. Where it says
    /// nothing, `silence` is the cause.
    pub(crate) fn announced(
        running: Rc<Running>,
        scene: &Rc<Scene>,
        asked: SocketAddr,
        silence: Cause,
    ) -> Result<Self, Box<Problem>> {
        let wanted = format!(
            "the line \"listening on {}:PORT\" first, with the real port",
            asked.ip()
        );
        let Some(line) = first_line(&running, scene) else {
            let printed = quote(&running.stdout.bytes());
            return Err(scene.fails_because(
                silence,
                wanted,
                format!("{printed}, and no whole line"),
            ));
        };
        let address = line
            .strip_prefix("listening on ")
            .and_then(|text| text.parse::<SocketAddr>().ok());
        let is_right = |address: SocketAddr| {
            address.ip() == asked.ip()
                && address.port() != 0
                && (asked.port() == 0 || address == asked)
        };
        match address {
            Some(address) if is_right(address) => {
                scene.transcript.borrow_mut().note("server", line);
                scene.transcript.borrow_mut().wait();
                scene.listens(address);
                Ok(Self {
                    running,
                    scene: Rc::clone(scene),
                    address,
                })
            }
            Some(_) => {
                Err(scene.fails_because(Cause::WrongAddress, wanted, quote(line.as_bytes())))
            }
            None => Err(scene.fails_because(Cause::NotAnnounced, wanted, quote(line.as_bytes()))),
        }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody listens at the address that it announced. A server that died in a later step, which was not
    /// started, is not asked.
    pub fn can_be_called(&self) -> Outcome {
        self.scene.settles();
        if self.died_unwritten() {
            return Ok(());
        }
        self.meets_a_peer().map(drop)
    }

    /// Connects a new peer to it.
    pub fn meets_a_peer(&self) -> Result<Peer, Box<Problem>> {
        Peer::connect(&self.scene, self.address, None)
    }

    /// Connects so many new peers.
    pub fn meets_peers(&self, count: usize) -> Result<Vec<Peer>, Box<Problem>> {
        (0..count).map(|_| self.meets_a_peer()).collect()
    }

    /// It settles without a word to `peer`, who stays connected. One that died in a later step, which was not
    /// started, is not asked.
    pub fn keeps(&self, peer: &mut Peer) -> Outcome {
        let kept = peer.expects_silence();
        match kept {
            Err(_) if self.running.exited().is_some() && self.died_unwritten() => Ok(()),
            kept => kept,
        }
    }

    /// Connects a new peer whose kernel has room for little: `SO_RCVBUF`, socket(7).
    pub fn meets_a_slow_peer(&self) -> Result<Peer, Box<Problem>> {
        Peer::connect(&self.scene, self.address, Some(64 * 1024))
    }

    /// Whether this machine can stop it; where it cannot, the check goes on without.
    #[must_use]
    pub fn can_be_stopped(&self) -> bool {
        self.scene.has(Power::StopAndContinue)
    }

    /// Stops all its threads until [`resumes`](Self::resumes): what arrives meanwhile arrives at once for it.
    pub fn stops(&self) -> Outcome {
        if self.running.stop() {
            return Ok(());
        }
        Err(self.scene.fails(
            Symptom::Silence,
            "a server that runs",
            "it could not be stopped",
            None,
        ))
    }

    pub fn resumes(&self) {
        self.running.resume();
    }

    /// Stops it and lets it go on while it sleeps in `send`, because `peer` does not read; see
    /// [`Client::is_interrupted_in_send`](crate::harness::client::Client::is_interrupted_in_send).
    pub fn is_interrupted_in_send(&self, peer: &Peer) -> Outcome {
        interrupt_in_send(&self.running, &self.scene, peer)
    }

    pub fn is_killed(&self) {
        self.running.kill();
    }

    /// Whatever has happened so far, it has had the time to see it.
    pub fn takes_note(&self) {
        self.scene.settles();
    }

    /// It sleeps in the kernel: every thread is parked, without a timeout, and nothing is on its way.
    pub fn sleeps(&self) -> Result<&Self, Box<Problem>> {
        let expected = "a server that sleeps until something arrives";
        match self.scene.settles() {
            Look::Parked => Ok(self),
            Look::Exited => Err(self.scene.fails(Symptom::End, expected, "it is gone", None)),
            Look::Busy | Look::Moving => {
                Err(self
                    .scene
                    .fails(Symptom::NoRest, expected, "it never came to rest", None))
            }
        }
    }

    /// None of the calls that it sleeps in gives up after some time. That a socket has such a limit does not show in the
    /// call. Where the kernel does not let us at the socket, this is left out.
    pub fn needs_no_clock(&self) -> Outcome {
        if !self.scene.has(Power::ForeignSockets) {
            return Ok(());
        }
        let sample = self.running.sample();
        let threads = sample.iter().flat_map(|sample| &sample.threads);
        let limit = |call: Call| time_limit(self.running.pid(), call.descriptor?, call.kind);
        let limits = threads.filter_map(|thread| limit(thread.call?));
        match limits.min().filter(|limit| *limit < VERY_LONG) {
            None => Ok(()),
            Some(limit) => Err(self.scene.fails_because(
                Cause::WakesOnATimer,
                "a server that sleeps until something arrives",
                format!("it sleeps in a call that gives up after {}", length(limit)),
            )),
        }
    }

    /// What it has done so far. Nothing, where nobody can tell.
    pub(crate) fn effort(&self) -> Effort {
        let sample = self.running.sample();
        sample.map_or_else(Effort::default, |sample| Effort {
            cpu: sample.cpu(),
            naps: sample.sleeps(),
        })
    }

    /// How many descriptors it has open, once it has settled.
    pub fn counts_descriptors(&self) -> Result<usize, Box<Problem>> {
        let settled = self.scene.settles();
        match descriptors(self.running.pid()) {
            Some(open) if settled != Look::Exited => Ok(open.len()),
            _ => Err(self
                .scene
                .fails(Symptom::End, "a server that runs", "it is gone", None)),
        }
    }

    /// It has about as many descriptors open as `before`.
    pub fn still_has_descriptors(&self, before: usize) -> Outcome {
        let now = self.counts_descriptors()?;
        // A program may open something for itself once; what clients leave behind adds up.
        if now <= before + 5 {
            return Ok(());
        }
        Err(self.scene.fails_because(
            Cause::DescriptorsKept,
            format!("about {before} open descriptors, as before so many clients came and left"),
            format!("{now} open descriptors"),
        ))
    }
}

/// The first whole line that the program prints. `None` when it settled without.
fn first_line(running: &Running, scene: &Scene) -> Option<String> {
    let mut calm = Calm::default();
    let whole = || {
        let text = running.stdout.text();
        text.split_once('\n').map(|(line, _)| line.to_string())
    };
    let line = scene.deadline().until(|| match whole() {
        Some(line) => Some(Some(line)),
        None if scene.look(&mut calm) == Look::Moving => None,
        None => {
            running.wait_for_output();
            Some(whole())
        }
    });
    line.flatten()
}
