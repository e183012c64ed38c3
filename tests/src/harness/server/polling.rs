//! What is expected of a server that never waits: its other work goes on, on one thread, and it naps a little
//! where it has nothing to do.

use std::time::Duration;

use crate::course::cause::Cause;
use crate::diagnose::Symptom;
use crate::diagnose::failure::{Outcome, Problem};
use crate::diagnose::polling::says_would_block;
use crate::evidence::connection::Wire;
use crate::evidence::heartbeat::Pulse;
use crate::evidence::settle::{Calm, Look};
use crate::harness::exit::Ended;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::harness::server::{Effort, Server};
use crate::platform::{self, Power, Sample, TcpRow, TcpState, descriptors, is_non_blocking};

/// The longest nap that the contract allows.
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// How many naps may lie between a question and its answer: the one that was under way, the one after the round in
/// which it came, and some for programs that are odd but right.
const NAPS_FOR_AN_ANSWER: u64 = 10;

impl Server {
    /// Its other work goes on: three more ticks come, and it never naps for more than 5 ms meanwhile.
    pub fn goes_on_ticking(&self) -> Result<&Self, Box<Problem>> {
        let (mut pulse, mut calm) = (Pulse::default(), Calm::default());
        // One may have been under way to us, and one may have come before the program saw what we did last.
        let wanted = self.running.stdout.ticks() + 3;
        let stopped = |reason: &str| Some(Err((Symptom::NoTicks, reason.to_string())));
        let seen = self.scene.deadline().until(|| {
            let ticks = self.running.stdout.ticks();
            let sample = self.running.sample();
            if let Some(nap) = sample.as_ref().and_then(Sample::longest_nap)
                && nap > LONGEST_NAP
            {
                let received = format!("a nap of {} ms", nap.as_millis());
                return Some(Err((Symptom::Known(Cause::LongNap), received)));
            }
            if ticks >= wanted {
                return Some(Ok(()));
            }
            match self.scene.look(&mut calm) {
                Look::Exited => stopped("it is gone"),
                Look::Parked => stopped("no tick: it sleeps"),
                _ if pulse.has_stopped(ticks, sample.as_ref())
                    && self.running.stdout.is_drained() =>
                {
                    stopped("no tick: it is busy with something else")
                }
                Look::Busy | Look::Moving => None,
            }
        });
        let expected = "three more ticks, and no nap of more than 5 ms";
        match seen.unwrap_or_else(|| Err((Symptom::NoTicks, "too few ticks".into()))) {
            Ok(()) => {
                self.scene.transcript.borrow_mut().note("server", "tick N");
                self.scene.transcript.borrow_mut().wait();
                Ok(self)
            }
            Err((symptom, received)) => Err(self.scene.fails(symptom, expected, received, None)),
        }
    }

    /// With nothing to do it does not sleep until something comes: it goes on by itself. One that died in a later step,
    /// which was not started, is not asked.
    pub fn does_not_wait(&self) -> Outcome {
        match self.scene.settles() {
            Look::Exited if self.died_unwritten() || self.died_of_the_first_accept() => Ok(()),
            look => self.goes_on(look),
        }
    }

    /// `look`, after it has settled, is that of a loop that goes round.
    fn goes_on(&self, look: Look) -> Outcome {
        let (symptom, received) = match look {
            Look::Busy => return Ok(()),
            Look::Parked => (Symptom::NoTicks, "it sleeps until something comes"),
            Look::Exited => (Symptom::End, "it is gone"),
            Look::Moving => (Symptom::Known(Cause::TooLong), "it never came to rest"),
        };
        let expected = "a server that goes on by itself although nothing comes";
        Err(self.scene.fails(symptom, expected, received, None))
    }

    /// It has one thread, has accepted everybody, and no call on any of its sockets waits. One that died in a later
    /// step, which was not started, is not asked.
    pub fn never_waits(&self) -> Outcome {
        let look = self.scene.settles();
        if look == Look::Exited && self.died_unwritten() {
            return Ok(());
        }
        let threads = self
            .running
            .sample()
            .map_or(0, |sample| sample.threads.len());
        if threads > 1 {
            let (expected, received) = ("a server with one thread", format!("{threads} threads"));
            return Err(self
                .scene
                .fails_because(Cause::TooManyThreads, expected, received));
        }
        if look == Look::Exited {
            return self.goes_on(look);
        }
        for Socket { whose, wire, row } in self.sockets()? {
            let Some(descriptor) = self.descriptor_of(row) else {
                let expected = format!("a server that holds {whose}");
                let (symptom, received) = match row.state {
                    TcpState::Established => (Symptom::Silence, "it has not accepted it"),
                    // There was nothing on it but silence.
                    _ => (Symptom::Known(Cause::WouldBlockIsFatal), "it has closed it"),
                };
                return Err(self.scene.fails(symptom, expected, received, wire.as_ref()));
            };
            if is_non_blocking(self.running.pid(), descriptor) != Some(true) {
                return Err(self.scene.fails_because(
                    Cause::StillBlocking,
                    "sockets on which no call waits (O_NONBLOCK)",
                    format!("calls on {whose} wait"),
                ));
            }
        }
        self.goes_on(look)
    }

    /// The listening socket, and that of each peer.
    fn sockets(&self) -> Result<Vec<Socket>, Box<Problem>> {
        let listener = self.scene.listener_row();
        let mut sockets: Vec<_> = listener
            .into_iter()
            .map(|row| Socket {
                whose: "the listener".into(),
                wire: None,
                row,
            })
            .collect();
        for wire in self.scene.wires() {
            let table = wire.rows().unwrap_or_default();
            let row = wire.their_row(&table).copied();
            let whose = format!("{}'s socket", wire.label);
            let wire = Some(wire);
            sockets.extend(row.map(|row| Socket { whose, wire, row }));
        }
        match sockets.len() == self.scene.wires().len() + 1 {
            true => Ok(sockets),
            false => Err(self.scene.fails_because(
                Cause::WouldBlockIsFatal,
                "a server that listens, and keeps clients that say nothing",
                "a socket is gone",
            )),
        }
    }

    /// The number by which the program knows this socket.
    pub(crate) fn descriptor_of(&self, row: TcpRow) -> Option<i32> {
        let open = descriptors(self.running.pid())?;
        let mut same = open.iter().filter(|one| one.socket == Some(row.inode));
        same.next().map(|one| one.number)
    }

    /// With nothing to do it naps, and does not spin.
    pub fn naps(&self) -> Result<&Self, Box<Problem>> {
        let before = self.effort();
        let look = self.scene.settles();
        let Effort { cpu, naps } = self.effort().since(before);
        self.goes_on(look)?;
        if !(Effort { cpu, naps }).is_napping() {
            let expected = "a server that naps while there is nothing to do";
            let received = format!("{} ms of processor time and {naps} naps", cpu.as_millis());
            return Err(self.scene.fails_because(Cause::NoNap, expected, received));
        }
        Ok(self)
    }

    /// `peer`, one of many, asks; it gets its turn before the server has napped more than ten times.
    pub fn answers_before_many_naps(&self, peer: &mut Peer, question: &Payload) -> Outcome {
        let sleeps = || self.running.sample().map(|sample| sample.sleeps());
        self.stops()?;
        let before = sleeps().unwrap_or(0);
        peer.sends(question)?.until_delivered()?;
        self.resumes();
        let mut calm = Calm::default();
        let too_many = self.scene.deadline().until(|| {
            // Counted before the look at the question: if that is still unread, so many naps were taken before its turn.
            let naps = sleeps().unwrap_or(u64::MAX).saturating_sub(before);
            match peer.waits_to_be_read() {
                false => Some(None),
                true if naps > NAPS_FOR_AN_ANSWER => Some(Some(naps)),
                // One that sleeps for good will not answer.
                true => (self.scene.look(&mut calm) == Look::Parked).then_some(None),
            }
        });
        match too_many
            .flatten()
            .filter(|_| self.running.exited().is_none())
        {
            Some(naps) => Err(self.scene.fails_because(
                Cause::NapPerClient,
                "an answer after a nap or two",
                format!("{naps} naps, and the question is still unread"),
            )),
            None => peer.expects(question).map(drop),
        }
    }

    /// Breaks its listening socket: `accept` fails from now on, with an error that does not pass.
    pub fn loses_its_listener(&self) -> Outcome {
        let row = self.scene.listener_row();
        let Some(listener) = row.and_then(|row| self.descriptor_of(row)) else {
            let received = "it has no listening socket";
            return Err(self
                .scene
                .fails(Symptom::End, "a server that listens", received, None));
        };
        self.scene.remember(|facts| facts.listener_broke = true);
        self.scene
            .transcript
            .borrow_mut()
            .peer_sent("the lab", "breaks the listening socket");
        platform::shut_down(self.running.pid(), listener)?;
        Ok(())
    }

    /// It ends with an error when its listening socket breaks. Where the kernel does not let us at that socket, this is
    /// left out.
    pub fn ends_with_its_listener(&self) -> Outcome {
        if self.scene.has(Power::ForeignSockets) {
            self.loses_its_listener()?;
            self.ends()?.exits_with(1)?;
        }
        Ok(())
    }

    /// Waits for its exit.
    pub fn ends(&self) -> Result<Ended, Box<Problem>> {
        Ended::wait_for(&self.running, &self.scene)
    }

    /// Whether it died because `accept` said that nobody is there yet: so that call has returned, and what it said was
    /// taken badly, which is another step's affair.
    fn died_of_the_first_accept(&self) -> bool {
        self.running.wait_for_output();
        self.scene.wires().is_empty() && says_would_block(&self.running.stderr.text())
    }

    /// Whether it died in a later step, which was not started.
    pub(crate) fn died_unwritten(&self) -> bool {
        self.running.wait_for_output();
        let stderr = self.running.stderr.text();
        self.scene.died_in_a_later_step(&stderr)
    }
}

/// One of the sockets that a server has to hold.
struct Socket {
    /// How people call it.
    whose: String,
    /// The connection, if it is one.
    wire: Option<Wire>,
    row: TcpRow,
}
