//! What is expected of a server that never waits: its other work goes on, on one thread, and it naps a little
//! where it has nothing to do.

use std::net::TcpStream;
use std::time::Duration;

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::connection::Connection;
use crate::evidence::heartbeat::HeartbeatMonitor;
use crate::evidence::last_words::LastWords;
use crate::evidence::settle::Activity;
use crate::evidence::wait::Waited;
use crate::harness::exit::ExitedProgram;
use crate::harness::payload::Payload;
use crate::harness::peer::Peer;
use crate::harness::server::{Server, Used};
use crate::harness::transcript::TICK;
use crate::platform::{self, Sample, TcpRow, TcpState, descriptors, is_non_blocking};
use crate::text::duration;

/// For how many rounds clients are silent before it counts how often they are asked, how many rounds are counted, and how many
/// of them may have begun before or end later.
const SILENT_ROUNDS: u64 = 220;
const ROUNDS_TO_COUNT: u64 = 60;
const ROUNDS_ON_THE_WAY: u64 = 3;

/// After how many rounds without a nap it counts as a program that takes none. While it accepts clients it has no reason to,
/// and comes round once or twice for each of them.
const ROUNDS_AWAKE: u64 = 400;

/// The longest nap that the contract allows.
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// How many naps may lie between a question and its answer: the one that was under way, the one after the round in
/// which it came, and some for programs that are odd but right.
const NAPS_FOR_AN_ANSWER: u64 = 10;

/// How many clients come to a server that should exit.
const CALLERS: u32 = 100;

impl Server {
    /// Its other work goes on: three more ticks come, and it never naps for more than 5 ms meanwhile.
    pub fn expect_ticks(&self) -> Result<&Self> {
        self.expect_ticks_while(|| Ok(()))
    }

    /// The same while `we_do` something again and again.
    pub fn expect_ticks_while(&self, mut we_do: impl FnMut() -> Outcome) -> Result<&Self> {
        let mut failed = Ok(());
        let mut monitor = HeartbeatMonitor::default();
        // One may have been under way to us, and one may have come before the program saw what we did last.
        let wanted = self.process.stdout.ticks() + 3;
        let stopped = |reason: &str| Err((Symptom::NoTicks, reason.to_string()));
        let waited = self.context.wait_until_going_round(|| {
            failed = we_do();
            if failed.is_err() {
                return Some(Ok(()));
            }
            let ticks = self.process.stdout.ticks();
            let sample = self.context.sample();
            let nap = sample.as_ref().and_then(Sample::longest_nap);
            if let Some(nap) = nap.filter(|nap| *nap > LONGEST_NAP) {
                let received = format!("a nap of {}", duration(nap));
                return Some(Err((Symptom::Known(Cause::LongNap), received)));
            }
            let has_stopped = monitor.has_stopped(ticks, sample.as_ref());
            if ticks < wanted && has_stopped && self.process.stdout.is_drained() {
                return Some(stopped("no tick: it is busy with something else"));
            }
            (ticks >= wanted).then_some(Ok(()))
        });
        let seen = match waited {
            Waited::Reached(seen) => seen,
            Waited::Settled(Activity::Exited) => stopped("the server is gone"),
            Waited::Settled(_) => stopped("no tick: it sleeps"),
            Waited::TimedOut => stopped("too few ticks"),
        };
        failed?;
        let expected = "three more ticks, and no nap of more than 5 ms";
        match seen {
            Ok(()) => {
                self.context.note_and_wait("server", TICK);
                Ok(self)
            }
            Err((symptom, received)) => Err(self.context.fail(symptom, expected, received, None)),
        }
    }

    /// With nothing to do it does not sleep until something comes: it goes on by itself.
    pub fn expect_not_waiting(&self) -> Outcome {
        match self.context.wait_until_settled() {
            Activity::Exited if self.died_of_the_first_accept() => Ok(()),
            activity => self.goes_on(activity),
        }
    }

    /// `observe`, after it has settled, is that of a loop that goes round.
    fn goes_on(&self, activity: Activity) -> Outcome {
        let (symptom, received) = match activity {
            Activity::Spinning => return Ok(()),
            Activity::Blocked => (Symptom::NoTicks, "it sleeps until something comes"),
            Activity::Exited => (Symptom::End, "the server is gone"),
            Activity::Running => (Symptom::Known(Cause::TooLong), "it never came to rest"),
        };
        let expected = "a server that goes on by itself although nothing comes";
        Err(self.context.fail(symptom, expected, received, None))
    }

    /// It has one thread, has accepted every client, and no call on any of its sockets waits.
    pub fn expect_never_waits(&self) -> Outcome {
        let activity = self.context.wait_until_settled();
        let threads = self
            .context
            .sample()
            .map_or(0, |sample| sample.threads.len());
        if threads > 1 {
            let (expected, received) = ("a server with one thread", format!("{threads} threads"));
            return Err(self
                .context
                .fail_because(Cause::TooManyThreads, expected, received));
        }
        if activity == Activity::Exited {
            return self.goes_on(activity);
        }
        self.expect_non_blocking_sockets()?;
        self.goes_on(activity)
    }

    /// It has accepted every client, and no call on any of its sockets waits.
    pub fn expect_non_blocking_sockets(&self) -> Outcome {
        for Socket {
            whose,
            connection,
            row,
        } in self.sockets()?
        {
            let Some(descriptor) = self.descriptor_of(row) else {
                let expected = format!("a server that holds {whose}");
                let (symptom, received) = match row.state {
                    TcpState::Established => (Symptom::Silence, "it has not accepted it"),
                    // There was nothing on it but silence.
                    _ => (Symptom::Known(Cause::WouldBlockIsFatal), "it has closed it"),
                };
                return Err(self
                    .context
                    .fail(symptom, expected, received, connection.as_ref()));
            };
            if is_non_blocking(self.process.pid(), descriptor) != Some(true) {
                return Err(self.context.fail_because(
                    Cause::StillBlocking,
                    "sockets on which no call waits (O_NONBLOCK)",
                    format!("calls on {whose} wait"),
                ));
            }
        }
        Ok(())
    }

    /// The listening socket, and that of each peer which has not left.
    fn sockets(&self) -> Result<Vec<Socket>> {
        let listener = self.context.listener_row();
        if listener.is_none() {
            self.expect_one_listener()?;
        }
        let mut sockets: Vec<_> = listener
            .into_iter()
            .map(|row| Socket {
                whose: "the listener".into(),
                connection: None,
                row,
            })
            .collect();
        let mut connections = self.context.connections();
        connections.retain(|connection| !connection.counts.has_ended.get());
        let expected = connections.len() + 1;
        for connection in connections {
            let table = self.context.rows_of(&connection).unwrap_or_default();
            let row = connection.their_row(&table).copied();
            let whose = format!("{}'s socket", connection.label);
            let connection = Some(connection);
            sockets.extend(row.map(|row| Socket {
                whose,
                connection,
                row,
            }));
        }
        match sockets.len() == expected {
            true => Ok(sockets),
            false => Err(self.context.fail_because(
                Cause::WouldBlockIsFatal,
                "a server that keeps its listener, and its clients",
                "a socket is gone",
            )),
        }
    }

    /// The number by which the program knows this socket.
    pub(crate) fn descriptor_of(&self, row: TcpRow) -> Option<i32> {
        let open = descriptors(self.process.pid())?;
        let mut same = open.iter().filter(|one| one.socket == Some(row.inode));
        same.next().map(|one| one.number)
    }

    /// From one nap to the next it asks each of `peers`, who have been silent for many rounds.
    pub fn expect_each_asked_in_each_round(&self, peers: &[Peer]) -> Result<&Self> {
        let counts = || self.process.call_counts().unwrap_or_default();
        let naps = || self.context.sample().map_or(0, |sample| sample.sleeps());
        let go_round = |times: u64| {
            let (calls, before) = (counts(), naps());
            let passed = || {
                let naps = naps().saturating_sub(before);
                // One that does not nap at all is another check's business.
                let is_awake = || naps == 0 && counts().most_on_one_since(&calls) >= ROUNDS_AWAKE;
                (naps >= times || is_awake()).then_some(naps)
            };
            let rounds = self.context.wait_until_going_round(passed).reached();
            (calls, rounds.unwrap_or(0))
        };
        go_round(SILENT_ROUNDS);
        let (before, naps) = go_round(ROUNDS_TO_COUNT);
        let now = counts();
        // One that naps more than once in a round has come round less often than it has napped.
        let rounds = naps.min(now.most_on_one_since(&before));
        // One question may be for all of them.
        let for_all = now.polls_since(&before);
        for peer in peers {
            // It may have copies of the descriptor, and receive on one of them.
            let numbers = self.descriptors_of(peer);
            let asked = numbers
                .iter()
                .map(|one| now.on_since(&before, *one))
                .sum::<u64>();
            if asked.max(for_all) + ROUNDS_ON_THE_WAY < rounds {
                let label = &peer.connection.label;
                return Err(self.context.fail_because(
                    Cause::TurnLeftOut,
                    format!("a turn for {label} in each round, however long it has been silent"),
                    format!("{asked} turns in {rounds} rounds"),
                ));
            }
        }
        Ok(self)
    }

    /// With nothing to do it naps, and does not spin.
    pub fn expect_naps(&self) -> Result<&Self> {
        let used = self.used_with_nothing_to_do()?;
        if used.is_napping() {
            return Ok(self);
        }
        let expected = "a server that naps in each round in which there is nothing to do";
        Err(self
            .context
            .fail_because(Cause::NoNap, expected, used.to_string()))
    }

    /// What it uses from one moment until it has settled, where nothing has changed in between at any of its sockets. A
    /// kernel that still finds room for what waits gives it something to do.
    fn used_with_nothing_to_do(&self) -> Result<Used> {
        let deadline = self.context.deadline();
        loop {
            let (rows, before) = (self.context.rows(), self.usage());
            let activity = self.context.wait_until_settled();
            let used = self.usage().since(&before);
            self.goes_on(activity)?;
            if self.context.rows() == rows || deadline.has_passed() {
                return Ok(used);
            }
        }
    }

    /// `peer`, one of many, asks; it gets its turn before the server has napped more than ten times.
    pub fn expect_answer_before_many_naps(&self, peer: &mut Peer, question: &Payload) -> Outcome {
        let sleeps = || self.context.sample().map(|sample| sample.sleeps());
        self.stop()?;
        let before = sleeps().unwrap_or(0);
        peer.send(question)?.wait_until_delivered()?;
        self.resume();
        let turn = self.context.wait_until_going_round(|| {
            // Counted before the look at the question: if that is still unread, so many naps were taken before its turn.
            let naps = sleeps().unwrap_or(u64::MAX).saturating_sub(before);
            match peer.is_unread() {
                false => Some(Ok(())),
                true => (naps > NAPS_FOR_AN_ANSWER).then_some(Err(naps)),
            }
        });
        match turn {
            Waited::Reached(Err(naps)) if self.process.exited().is_none() => {
                Err(self.context.fail_because(
                    Cause::NapPerClient,
                    "an answer after a nap or two",
                    format!("{naps} naps, and the question is still unread"),
                ))
            }
            // A server that sleeps for good, or is gone, will not answer.
            _ => peer.expect(question).map(drop),
        }
    }

    /// Breaks its listening socket: `accept` fails from now on, with an error that does not pass.
    pub fn break_listener(&self) -> Outcome {
        let row = self.context.listener_row();
        let Some(listener) = row.and_then(|row| self.descriptor_of(row)) else {
            self.expect_one_listener()?;
            let received = "it has no listening socket";
            return Err(self
                .context
                .fail(Symptom::End, "a server that listens", received, None));
        };
        self.context
            .remember(|history| history.listener_broke = true);
        self.context
            .note_act_of_the_lab("breaks the listening socket");
        platform::shut_down(self.process.pid(), listener)?;
        Ok(())
    }

    /// Waits for its exit, while one client after the other comes and leaves: as many as may have to wake each of its threads.
    pub fn wait_for_exit_while_clients_come(&self) -> Result<ExitedProgram> {
        for _ in 1..=CALLERS {
            // Nobody listens any more when it exits meanwhile.
            drop(TcpStream::connect(self.address));
            if self.context.wait_until_settled() != Activity::Blocked {
                break;
            }
        }
        self.wait_for_exit()
    }

    /// Waits for its exit.
    pub fn wait_for_exit(&self) -> Result<ExitedProgram> {
        ExitedProgram::wait_for(&self.process, &self.context)
    }

    /// Whether it died because `accept` said that nobody is there yet: so that call has returned, and what it said was
    /// taken badly, which is another step's affair.
    fn died_of_the_first_accept(&self) -> bool {
        self.process.wait_for_output();
        self.context.connections().is_empty()
            && !self.context.died_in_a_later_step()
            && LastWords::read(&self.process.stderr.text())
                .errors
                .is_would_block()
    }
}

/// One of the sockets that a server has to hold.
struct Socket {
    /// How people call it.
    whose: String,
    /// The connection, if it is one.
    connection: Option<Connection>,
    row: TcpRow,
}
