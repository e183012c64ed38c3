//! What is expected of a server that serves several clients at once: each gets its turn.

use std::time::{Duration, Instant};

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::harness::server::Server;
use crate::process::deadline::{Deadline, Pace};
use crate::text::size;

/// How long a server runs between two looks at who was served, at least.
const SLICE: Duration = Duration::from_micros(100);

/// How much processor time a server may use for nothing. On a busy machine one that can run may have to wait for it, look
/// after look.
const IN_VAIN: Duration = Duration::from_millis(30);

/// How often the same has to be counted of a server that is stopped.
const SAME_COUNTS: u32 = 10;

/// How many bytes a turn may bring: as much as may wait, and one read more.
const TURN: u64 = 80 * 1024;

/// How many bytes of each of the others a server may take before it is a quiet client's turn.
const TWO_TURNS: u64 = 2 * TURN;

/// The same for one that has to be accepted first: the round that goes on, the one in which it is accepted, and the one after.
const BEFORE_A_NEWCOMER: u64 = 2 * TWO_TURNS;

/// What somebody waits for beside others who have sent as much as fits.
struct Turn<'a> {
    of: &'a str,
    what: &'a str,
    /// How many bytes of the others may be taken before, at most.
    most: u64,
}

impl Server {
    /// `quiet` asks for something while `others` have sent as much as fits; it gets its turn before the server has
    /// taken more than two of each of them.
    pub fn expect_answer_in_turn(
        &self,
        quiet: &mut Peer,
        others: &mut [Peer],
        flood: &Payload,
    ) -> Outcome {
        self.stop()?;
        self.expect_question_in_turn(quiet, others, flood, TWO_TURNS)
    }

    /// A peer that connects while `others` have sent as much as fits gets its turn as well. It is still there.
    pub fn expect_newcomer_in_turn(&self, others: &mut [Peer], flood: &Payload) -> Result<Peer> {
        self.stop()?;
        let before = eaten(others);
        fill_all(others, flood)?;
        // It is in the midst of a round in which much comes.
        self.context.deadline().until(|| {
            self.runs_for_a_moment();
            let has_begun = eaten(others) > before || self.process.exited().is_some();
            has_begun.then_some(())
        });
        let mut newcomer = self.connect_peer()?;
        self.expect_question_in_turn(&mut newcomer, others, flood, BEFORE_A_NEWCOMER)?;
        Ok(newcomer)
    }

    /// `leaver` ends its stream while `others` have sent as much as fits. Its end comes as soon as a newcomer's answer would.
    pub fn expect_end_in_turn(
        &self,
        leaver: &mut Peer,
        others: &mut [Peer],
        flood: &Payload,
    ) -> Outcome {
        leaver.send("hello")?.expect("hello")?;
        self.stop()?;
        fill_all(others, flood)?;
        leaver.half_close()?;
        let before = eaten_by_now(others);
        let turn = Turn {
            of: &leaver.connection.label,
            what: "the end of the stream",
            most: BEFORE_A_NEWCOMER * others.len() as u64,
        };
        let in_turn = self.expect_turn(turn, before, others, || leaver.has_anything());
        match (leaver.expect_end(), in_turn) {
            (Ok(_), in_turn) => in_turn,
            // It is still busy with the others.
            (Err(_late), Err(starved)) if !self.context.has_settled() => Err(starved),
            // One that never comes is another fault.
            (Err(no_end), _) => Err(no_end),
        }
    }

    /// The server is stopped, and goes on when `quiet` has asked and `others` have sent as much as fits. It may take at most
    /// `each` of each of them before it takes the question.
    fn expect_question_in_turn(
        &self,
        quiet: &mut Peer,
        others: &mut [Peer],
        flood: &Payload,
        each: u64,
    ) -> Outcome {
        fill_all(others, flood)?;
        let question = Payload::from("and I?");
        quiet.send(&question)?.wait_until_delivered()?;
        let before = eaten_by_now(others);
        let turn = Turn {
            of: &quiet.connection.label,
            what: "an answer",
            most: each * others.len() as u64,
        };
        self.expect_turn(turn, before, others, || !quiet.is_unread())?;
        quiet.expect(&question).map(drop)
    }

    /// The server, which is stopped, goes on, and has come to this turn before it has taken more of `others` than it may.
    fn expect_turn(
        &self,
        turn: Turn,
        before: u64,
        others: &[Peer],
        has_come: impl Fn() -> bool,
    ) -> Outcome {
        let cpu = || {
            let sample = self.context.sample();
            sample.map_or(Duration::ZERO, |sample| sample.cpu())
        };
        let (mut last, mut cpu_at_last) = (0, cpu());
        let deadline = self.context.deadline();
        let starved = loop {
            // One that does nothing any more will tell why when nobody stops it.
            let in_vain = cpu().saturating_sub(cpu_at_last);
            if deadline.has_passed() || self.process.exited().is_some() || in_vain > IN_VAIN {
                break None;
            }
            self.runs_for_a_moment();
            let so_far = eaten(others).saturating_sub(before);
            if so_far != last {
                (last, cpu_at_last) = (so_far, cpu());
            }
            // Counted before the look at the turn: if that has not come, so much was taken before it.
            if has_come() {
                break None;
            }
            if so_far > turn.most {
                break Some(so_far);
            }
        };
        self.resume();
        match starved {
            None => Ok(()),
            Some(so_far) => {
                let Turn { of, what, most } = turn;
                let most = size(most as usize);
                Err(self.context.fail_because(
                    Cause::Starved,
                    format!("{what} for {of} before {most} of the others are served"),
                    format!("nothing after {}", size(so_far as usize)),
                ))
            }
        }
    }

    /// Lets it run a little, and stops it again.
    fn runs_for_a_moment(&self) {
        self.process.resume();
        let start = Instant::now();
        while start.elapsed() < SLICE {
            std::hint::spin_loop();
        }
        // If it is gone, the next look will tell.
        let _ = self.process.stop();
    }
}

/// How many bytes of these peers a server has taken.
fn eaten(peers: &[Peer]) -> u64 {
    let each = peers.iter().filter_map(|peer| {
        let table = peer.context.rows_of(&peer.connection)?;
        peer.connection.consumed(&table)
    });
    each.sum()
}

/// The same of a server that is stopped. Where its kernel does not say how many have come, what is on its way may be counted
/// at both ends, and so as not taken. It is counted until that has arrived.
fn eaten_by_now(peers: &[Peer]) -> u64 {
    let is_exact = |peer: &Peer| {
        let table = peer.context.rows_of(&peer.connection)?;
        peer.connection.their_row(&table)?.received
    };
    if peers.iter().all(|peer| is_exact(peer).is_some()) {
        return eaten(peers);
    }
    let (deadline, pace) = (Deadline::last_look(), Pace::start());
    let (mut count, mut times) = (eaten(peers), 1);
    while times < SAME_COUNTS && !deadline.has_passed() {
        pace.pause();
        let again = eaten(peers);
        times = if again == count { times + 1 } else { 1 };
        count = again;
    }
    count
}

/// Each of these peers sends as much as fits.
fn fill_all(peers: &mut [Peer], flood: &Payload) -> Outcome {
    peers
        .iter_mut()
        .try_for_each(|peer| peer.fill_send_buffer(flood))
}
