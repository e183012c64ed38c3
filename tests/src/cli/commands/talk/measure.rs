//! What `lab talk` can measure of a server: how much fits on the way, whether it comes back, how
//! long a round trip takes, and all that among a crowd of others.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::commands::talk::receiver::Received;
use crate::cli::commands::talk::session::Session;
use crate::ui::terminal::write;

/// After how many naps in a row, after each of which nothing fits, we take it that nothing will. Together they last a
/// second, and longer on a machine where whoever reads has to wait for a processor, as we do.
const STUCK: u32 = 100;

/// How long one of them is.
const NAP: Duration = Duration::from_millis(10);

/// How long we wait for the next byte, or for a connection.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How many bytes are enough to fill whatever has a bound.
const MOST: u64 = 64 << 20;

/// How many bytes one write of the filler has.
const PIECE: u64 = 16 * 1024;

impl Session<'_> {
    /// Sends without reading, until no more fits.
    pub fn fill(&mut self) -> io::Result<()> {
        self.talk.receiver.shut();
        self.talk.stream.set_nonblocking(true)?;
        let outcome = self.fill_up();
        self.talk.stream.set_nonblocking(false)?;
        let went = format!("{} bytes went out", self.filled);
        let how = match &outcome {
            Ok(true) => "no more fits: nobody reads".to_owned(),
            Ok(false) => "there is still room: somebody keeps them".to_owned(),
            Err(error) => format!("then no more: {error}"),
        };
        write(&format!("{went}, and {how}\n"))?;
        if outcome.is_err() {
            self.read()?;
        } else {
            write("what comes back waits until you type /read\n")?;
        }
        outcome.map(|_| ())
    }

    /// Tells whether it was for want of room that it ended.
    fn fill_up(&mut self) -> io::Result<bool> {
        let mut naps = 0;
        while self.filled < MOST {
            let piece = filler(self.sent, PIECE.min(MOST - self.filled));
            match (&self.talk.stream).write(&piece) {
                Ok(count) => {
                    self.filled += count as u64;
                    self.sent += count as u64;
                    naps = 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if naps == STUCK {
                        return Ok(true);
                    }
                    naps += 1;
                    thread::sleep(NAP);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Reads what `fill` has sent, and says whether it is the same.
    pub fn read(&mut self) -> io::Result<()> {
        let first = self.sent - self.filled;
        let incoming = self.talk.receiver.measure(first);
        let (mut came, mut wrong) = (0, None);
        let mut stopped = None;
        while came < self.filled && stopped.is_none() {
            match next(&incoming) {
                Ok(Received { bytes, .. }) => {
                    let expected = filler(first + came, bytes.len() as u64);
                    let differs = bytes.iter().zip(&expected).position(|(a, b)| a != b);
                    wrong = wrong.or(differs.map(|at| came + at as u64 + 1));
                    came += bytes.len() as u64;
                }
                Err(why) => stopped = Some(why),
            }
        }
        let sent = std::mem::take(&mut self.filled);
        let compared = match wrong {
            Some(at) if at <= sent => format!("byte {at} is not the one that was sent"),
            _ if came > sent => format!("the last {} were never sent", came - sent),
            _ if came == sent => "the same bytes in the same order".to_owned(),
            _ => "what came is right".to_owned(),
        };
        let missing = stopped.map_or(String::new(), |why| {
            format!(", {} are missing: {}", sent - came, why.as_text())
        });
        write(&format!("{came} bytes came back{missing}\n{compared}\n"))?;
        if stopped == Some(Stopped::Silence) {
            self.talk.receiver.shut(); // what comes late is still no text to show
            self.filled = sent - came;
        } else {
            self.talk.receiver.show();
        }
        Ok(())
    }

    /// Sends one byte and waits for it, again and again.
    pub fn time(&mut self, rounds: usize) -> io::Result<()> {
        let incoming = self.talk.receiver.measure(self.sent);
        write(&match self.round_trips(rounds, &incoming)? {
            Ok(mut times) => {
                times.sort_unstable();
                let [median, slowest] = [times[times.len() / 2], times[times.len() - 1]];
                format!(
                    "{rounds} round trips: median {}, slowest {}\n",
                    milliseconds(median),
                    milliseconds(slowest)
                )
            }
            Err(why) => format!("{why}\n"),
        })?;
        self.talk.receiver.show();
        Ok(())
    }

    fn round_trips(
        &mut self,
        rounds: usize,
        incoming: &Receiver<Received>,
    ) -> io::Result<Result<Vec<Duration>, String>> {
        let mut times = Vec::new();
        for round in 1..=rounds {
            let byte = filler(self.sent, 1);
            let start = Instant::now();
            (&self.talk.stream).write_all(&byte)?;
            self.sent += 1;
            match next(incoming) {
                Ok(came) if came.bytes == byte => times.push(came.at.duration_since(start)),
                Ok(_) => {
                    return Ok(Err(format!("round trip {round}: another byte came back")));
                }
                Err(why) => return Ok(Err(format!("round trip {round}: {}", why.as_text()))),
            }
        }
        Ok(Ok(times))
    }

    /// Opens more connections to the same server, which say nothing.
    pub fn gather(&mut self, clients: usize) -> io::Result<()> {
        let address = self.talk.stream.peer_addr()?;
        let mut failed = None;
        for _ in 0..clients {
            match TcpStream::connect_timeout(&address, TIMEOUT) {
                Ok(stream) => self.crowd.push(stream),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = failed {
            write(&format!("one more connection failed: {error}\n"))?;
        }
        let all = self.crowd.len();
        write(&format!(
            "{all} more connections are open, and say nothing until talk ends\n"
        ))
    }
}

/// Why nothing more comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Silence,
    End,
}

impl Stopped {
    fn as_text(self) -> String {
        match self {
            Stopped::Silence => format!("nothing came for {} seconds", TIMEOUT.as_secs()),
            Stopped::End => "no more will come".to_owned(),
        }
    }
}

fn next(incoming: &Receiver<Received>) -> Result<Received, Stopped> {
    incoming.recv_timeout(TIMEOUT).map_err(|error| match error {
        RecvTimeoutError::Timeout => Stopped::Silence,
        RecvTimeoutError::Disconnected => Stopped::End,
    })
}

/// Bytes to be sent as those `from` on of the stream, each made from its place, so that a part that is
/// missing or comes twice is seen.
fn filler(from: u64, length: u64) -> Vec<u8> {
    (from..from + length)
        .map(|place| place.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0])
        .collect()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
