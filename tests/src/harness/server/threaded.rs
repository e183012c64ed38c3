//! What is expected of a server that has a thread for each client.

use crate::course::cause::Cause;
use crate::diagnose::Symptom;
use crate::diagnose::failure::{Outcome, Problem};
use crate::evidence::history::Lack;
use crate::harness::peer::Peer;
use crate::harness::peer::expect::Arrival;
use crate::harness::server::Server;
use crate::platform::{self, Sample};
use crate::text::quote;

/// Too little for the stack of a thread, which takes 2 MiB, and enough for everything else.
const NO_STACK: u64 = 1 << 20;

/// Enough for the stacks of thirty threads, of which a program has to keep a hundred to run out.
const SOME_STACKS: u64 = 64 << 20;

impl Server {
    /// It sleeps, and has at least one thread for each of `peers`.
    pub fn sleeps_in_a_thread_for_each(&self, peers: &[Peer]) -> Outcome {
        self.sleeps()?;
        let threads = self.counts_threads()?;
        if threads >= peers.len() {
            return Ok(());
        }
        Err(self.scene.fails_because(
            Cause::TooFewThreads,
            format!("at least {} threads, one for each client", peers.len()),
            match threads {
                1 => "1 thread".to_string(),
                _ => format!("{threads} threads"),
            },
        ))
    }

    /// How many threads it has, once it has settled.
    pub fn counts_threads(&self) -> Result<usize, Box<Problem>> {
        self.scene.settles();
        match self.running.sample() {
            Some(Sample { threads }) => Ok(threads.len()),
            None => Err(self
                .scene
                .fails(Symptom::End, "a server that runs", "it is gone", None)),
        }
    }

    /// It has about as many threads as `before`.
    pub fn still_has_threads(&self, before: usize) -> Outcome {
        let now = self.counts_threads()?;
        // A program may start one for itself once; what clients leave behind adds up.
        if now <= before + 5 {
            return Ok(());
        }
        Err(self.scene.fails_because(
            Cause::ThreadsKept,
            format!("about {before} threads, as before so many clients came and left"),
            format!("{now} threads"),
        ))
    }

    /// From now on there is no memory for the stack of a new thread.
    pub fn can_start_no_thread(&self) -> Outcome {
        self.lacks(Lack::Thread, NO_STACK)
    }

    /// From now on there is memory for the stacks of thirty threads at a time.
    pub fn can_start_few_threads(&self) -> Outcome {
        self.lacks(Lack::ManyThreads, SOME_STACKS)
    }

    fn lacks(&self, lack: Lack, room: u64) -> Outcome {
        self.scene.settles();
        let Some(taken) = platform::address_space(self.running.pid()) else {
            let expected = "a server that runs";
            return Err(self.scene.fails(Symptom::End, expected, "it is gone", None));
        };
        platform::limit_address_space(self.running.pid(), taken + room)?;
        self.scene.remember(|facts| facts.lacks = Some(lack));
        let mut transcript = self.scene.transcript.borrow_mut();
        transcript.peer_sent("the lab", "takes memory away");
        Ok(())
    }

    /// It answers `peer`, or hangs up on it and puts that on record: it does not keep it waiting.
    pub fn serves_or_turns_away(&self, peer: &mut Peer) -> Outcome {
        peer.sends("hello")?;
        let mut received = Vec::new();
        match peer.receive(5, &mut received) {
            Arrival::All if received == b"hello" => Ok(()),
            Arrival::All => Err(peer.fails(Symptom::OtherBytes, "\"hello\"", quote(&received))),
            Arrival::End | Arrival::Reset if self.running.exited().is_none() => self
                .records(&format!("{} lost after 0 bytes", peer.wire.label))
                .map(drop),
            Arrival::End | Arrival::Reset => {
                let expected = "a server that runs";
                Err(peer.fails(Symptom::End, expected, "it is gone"))
            }
            Arrival::Settled => Err(peer.fails(
                Symptom::NoEnd,
                "an answer, or the end of the stream",
                "neither; the stream is still open",
            )),
        }
    }
}
