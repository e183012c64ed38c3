//! Many clients on one thread. Each asks again as soon as it is answered, and looks at every byte of the answer.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::SockRef;

/// How long a client knocks. The kernel asks again after a second when a backlog was full.
const KNOCKING: Duration = Duration::from_millis(2500);

/// How long answers are waited for that are on their way when the time is over.
const GRACE: Duration = Duration::from_secs(5);

/// Clients of one server. Those that it never accepts are among them.
pub struct Crowd {
    poll: Poll,
    clients: Vec<Client>,
    /// How many there were to be.
    wanted: usize,
    buffer: Vec<u8>,
}

struct Client {
    stream: TcpStream,
    question: Vec<u8>,
    /// When the question that is not answered yet was asked.
    asked: Option<Instant>,
    /// How many of its bytes went out, and came back.
    sent: usize,
    came: usize,
    /// How many questions were answered, ever.
    answers: u64,
}

/// What came of asking for a while.
#[derive(Default)]
pub struct Answers {
    /// From each question to its answer, in microseconds, from short to long.
    pub times: Vec<f64>,
    /// How many clients have been answered, of so many.
    pub answered: usize,
    pub clients: usize,
    /// How many of the answers came before the time was over, and how long that was.
    pub in_time: usize,
    pub lasted: Duration,
}

impl Answers {
    pub fn percent_answered(&self) -> f64 {
        100.0 * self.answered as f64 / self.clients as f64
    }

    pub fn per_second(&self) -> f64 {
        self.in_time as f64 / self.lasted.as_secs_f64()
    }

    /// The time within which such a part of the answers came.
    pub fn within(&self, part: f64) -> Option<f64> {
        let place = (self.times.len() as f64 * part) as usize;
        let last = self.times.len().checked_sub(1)?;
        self.times.get(place.min(last)).copied()
    }
}

impl Crowd {
    /// Connects `wanted` clients, or as many as the server's backlog takes.
    pub fn connect(server: SocketAddr, wanted: usize, size: usize) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut clients = Vec::with_capacity(wanted);
        for number in 0..wanted {
            let stream = match std::net::TcpStream::connect_timeout(&server, KNOCKING) {
                Ok(stream) => stream,
                // The backlog is full, and will be for the next one as well.
                Err(error) if error.kind() == ErrorKind::TimedOut => break,
                Err(error) => return Err(error).context("a client cannot connect"),
            };
            stream.set_nonblocking(true)?;
            // Thousands of connections would linger for a minute otherwise.
            SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
            let mut stream = TcpStream::from_std(stream);
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(number), both)?;
            clients.push(Client::new(stream, number, size));
        }
        Ok(Self {
            poll,
            clients,
            wanted,
            buffer: vec![0; 64 * 1024],
        })
    }

    /// Lets all ask for so long, and waits for the answers that are on their way then.
    pub fn ask(&mut self, time: Duration) -> anyhow::Result<Answers> {
        let mut answers = Answers::default();
        let mut events = Events::with_capacity(1024);
        let (begun, mut over) = (Instant::now(), None);
        for client in &mut self.clients {
            if client.asked.is_none() {
                client.ask()?;
            }
        }
        loop {
            let elapsed = begun.elapsed();
            if elapsed >= time && over.is_none() {
                answers.lasted = elapsed;
                answers.in_time = answers.times.len();
                over = Some(begun + elapsed + GRACE);
            }
            let left = match over {
                None => time - elapsed,
                Some(_) if self.clients.iter().all(Client::is_quiet) => break,
                Some(until) => until.saturating_duration_since(Instant::now()),
            };
            ensure!(
                over.is_none() || !left.is_zero(),
                "clients that had been answered before waited {GRACE:?} for an answer"
            );
            match self.poll.poll(&mut events, Some(left)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                outcome => outcome?,
            }
            for event in &events {
                let client = &mut self.clients[event.token().0];
                client.go_on(&mut self.buffer, over.is_none(), &mut answers.times)?;
            }
        }
        answers.times.sort_by(f64::total_cmp);
        answers.clients = self.wanted;
        let was_answered = |client: &&Client| client.answers > 0;
        answers.answered = self.clients.iter().filter(was_answered).count();
        Ok(answers)
    }
}

impl Client {
    fn new(stream: TcpStream, number: usize, size: usize) -> Self {
        // Bytes of its own, so that somebody else's answer is seen.
        let byte = |place: usize| (number * 31 + place * 7 + 1).to_le_bytes()[0];
        Self {
            stream,
            question: (0..size).map(byte).collect(),
            asked: None,
            sent: 0,
            came: 0,
            answers: 0,
        }
    }

    /// Whether nothing is on its way. Who was never answered is not waited for.
    fn is_quiet(&self) -> bool {
        self.asked.is_none() || self.answers == 0
    }

    fn ask(&mut self) -> anyhow::Result<()> {
        (self.sent, self.came) = (0, 0);
        self.asked = Some(Instant::now());
        self.send()
    }

    /// Sends what fits of the question.
    fn send(&mut self) -> anyhow::Result<()> {
        while self.asked.is_some() && self.sent < self.question.len() {
            match self.stream.write(&self.question[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if waits(&error) => return Ok(()),
                Err(error) => return Err(error).context("a client lost its connection"),
            }
        }
        Ok(())
    }

    /// Sends and receives as far as it goes, and asks again if there is time for it.
    fn go_on(
        &mut self,
        buffer: &mut [u8],
        asks_again: bool,
        times: &mut Vec<f64>,
    ) -> anyhow::Result<()> {
        self.send()?;
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => bail!("the server ended a client's stream"),
                Ok(count) => count,
                Err(error) if waits(&error) => return Ok(()),
                Err(error) => return Err(error).context("a client lost its connection"),
            };
            let expected = self.question.get(self.came..self.came + count);
            ensure!(
                expected == Some(&buffer[..count]),
                "a client got other bytes than it sent"
            );
            self.came += count;
            if self.came == self.question.len()
                && let Some(asked) = self.asked.take()
            {
                times.push(asked.elapsed().as_secs_f64() * 1e6);
                self.answers += 1;
                if asks_again {
                    self.ask()?;
                }
            }
        }
    }
}

/// Whether an error only says that there is nothing to do for now.
fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
