//! What is expected of a server that has a thread for each client.

use crate::course::cause::Cause;
use crate::diagnose::failure::Outcome;
use crate::diagnose::symptom::Symptom;
use crate::evidence::history::Shortage;
use crate::harness::peer::Peer;
use crate::harness::peer::expect::Arrival;
use crate::harness::server::Server;
use crate::platform::{self, Answer, CallKind, Fault, SystemError};
use crate::text::quote;

/// Too little for the stack of a thread, which takes 2 MiB, and enough for everything else.
const NO_STACK: u64 = 1 << 20;

/// Enough for the stacks of thirty threads, of which a program has to keep a hundred to run out.
const SOME_STACKS: u64 = 64 << 20;

impl Server {
    /// It sleeps, and has at least one thread for each of `peers`.
    pub fn expect_sleeping_thread_per_client(&self, peers: &[Peer]) -> Outcome {
        self.expect_sleeping()?;
        let sample = self.context.sample();
        let threads = sample.map_or(0, |sample| sample.threads.len());
        if threads >= peers.len() {
            return Ok(());
        }
        Err(self.context.fail_because(
            Cause::TooFewThreads,
            format!("at least {} threads, one for each client", peers.len()),
            match threads {
                1 => "1 thread".to_string(),
                _ => format!("{threads} threads"),
            },
        ))
    }

    /// From now on the kernel starts no thread for it. Where its calls are not reported, there is no memory for the stack of a
    /// new thread; the stack of one that ends is enough for the next.
    pub fn deny_threads(&self) -> Outcome {
        if self.context.calls().is_none() {
            return self.shortage(Shortage::Thread, NO_STACK);
        }
        self.context.wait_until_settled();
        self.context
            .remember(|history| history.shortage = Some(Shortage::Thread));
        self.context.answer(Fault {
            kind: CallKind::Start,
            peer: None,
            answer: Answer::Error(SystemError::WouldBlock),
            times: u64::MAX,
        })
    }

    /// From now on it has one thread more, once the stack of another is given back: that of a client that leaves.
    pub fn allow_a_thread_for_a_stack(&self) -> Outcome {
        match self.process.watch() {
            Some(watch) => {
                self.shortage(Shortage::Thread, NO_STACK)?;
                watch.leave_to_the_kernel(CallKind::Start);
                Ok(())
            }
            // Its memory was taken away before.
            None => Ok(()),
        }
    }

    /// From now on there is memory for the stacks of thirty threads at a time.
    pub fn allow_few_threads(&self) -> Outcome {
        self.shortage(Shortage::ManyThreads, SOME_STACKS)
    }

    fn shortage(&self, lack: Shortage, room: u64) -> Outcome {
        self.context.wait_until_settled();
        let Some(taken) = platform::address_space(self.process.pid()) else {
            let expected = "a server that runs";
            return Err(self
                .context
                .fail(Symptom::End, expected, "the server is gone", None));
        };
        platform::limit_address_space(self.process.pid(), taken + room)?;
        self.context
            .remember(|history| history.shortage = Some(lack));
        self.context
            .note_act_of_the_lab("takes memory away, so that no thread has room");
        Ok(())
    }

    /// It answers `peer`, or hangs up on it and puts that on record: it does not keep it waiting.
    pub fn expect_served_or_turned_away(&self, peer: &mut Peer) -> Outcome {
        peer.send("hello")?;
        let mut received = Vec::new();
        match peer.receive(5, &mut received) {
            Arrival::All if received == b"hello" => Ok(()),
            Arrival::All => Err(peer.fail(Symptom::OtherBytes, "\"hello\"", quote(&received))),
            Arrival::End | Arrival::Reset if self.process.exited().is_none() => {
                self.expect_logged_as_refused(peer.number())
            }
            Arrival::End | Arrival::Reset => {
                let expected = "a server that runs";
                Err(peer.fail(Symptom::End, expected, "the server is gone"))
            }
            Arrival::Settled | Arrival::TimedOut => Err(peer.fail(
                Symptom::NoEnd,
                "an answer, or the end of the stream",
                "neither; the stream is still open",
            )),
        }
    }
}
