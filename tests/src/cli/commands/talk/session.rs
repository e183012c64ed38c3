//! The user's side of `lab talk`: reads lines, and does what they ask for.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::Duration;

use socket2::SockRef;

use crate::cli::commands::talk::input::{self, Typed};
use crate::cli::commands::talk::{Event, Talk};
use crate::text::size;
use crate::ui::terminal::write;

pub struct Session<'a> {
    pub talk: &'a Talk,
    news: &'a Sender<Event>,
    pieces: Option<usize>,
    /// Whether our side of the stream has ended.
    ended: bool,
    /// How many bytes have been sent, ever.
    pub sent: u64,
    /// How many of these, at their end, fill the buffers, and wait for `/read`.
    pub filled: u64,
    /// Connections that say nothing.
    pub crowd: Vec<TcpStream>,
}

impl<'a> Session<'a> {
    pub fn new(talk: &'a Talk, news: &'a Sender<Event>, pieces: Option<usize>) -> Self {
        Self {
            talk,
            news,
            pieces,
            ended: false,
            sent: 0,
            filled: 0,
            crowd: Vec::new(),
        }
    }

    /// Reads lines and obeys, until the input ends. The event says what is over then.
    pub fn lines(mut self) -> io::Result<Event> {
        let mut input = io::stdin().lock();
        let terminal = input.is_terminal();
        let mut line = Vec::new();
        let mut starts = true;
        // A line may be longer than memory: it goes out in parts.
        while (&mut input).take(64 * 1024).read_until(b'\n', &mut line)? > 0 {
            if terminal && line.ends_with(b"\r\n") {
                line.remove(line.len() - 2); // Windows ends typed lines so
            }
            let typed = if starts {
                input::read(&line)
            } else {
                Typed::Send(line.clone())
            };
            if let Some(last) = self.obey(typed)? {
                return Ok(last);
            }
            starts = line.ends_with(b"\n");
            line.clear();
        }
        if self.filled > 0 {
            self.read()?;
        }
        self.end()?;
        Ok(Event::SendingDone)
    }

    /// Does what was typed; an event is returned where nothing can come after it.
    fn obey(&mut self, typed: Typed) -> io::Result<Option<Event>> {
        if let Some(why) = self.refuses(&typed) {
            write(&format!("{why}\n"))?;
            return Ok(None);
        }
        match typed {
            Typed::Send(bytes) => self.send(&bytes)?,
            Typed::End => self.end()?,
            Typed::Reset => return self.reset().map(Some),
            Typed::ToggleHex => self.toggle_hex()?,
            Typed::Pieces(pieces) => {
                self.pieces = pieces;
                let each = pieces.map_or("all".to_owned(), size);
                write(&format!("one write sends {each}\n"))?;
            }
            Typed::Fill => self.fill()?,
            Typed::Read => self.read()?,
            Typed::Time(rounds) => self.time(rounds)?,
            Typed::Crowd(clients) => self.gather(clients)?,
            Typed::Help => write(input::HELP)?,
            Typed::Quit => return Ok(Some(Event::Quit)),
            Typed::Invalid(why) => write(&format!("{why}\n"))?,
        }
        Ok(None)
    }

    /// Why this cannot be done now.
    fn refuses(&self, typed: &Typed) -> Option<&'static str> {
        match typed {
            Typed::Send(_) | Typed::Fill | Typed::Time(_) if self.ended => {
                Some("your side has ended: nothing was sent")
            }
            Typed::Send(_) | Typed::Time(_) if self.filled > 0 => {
                Some("nothing was sent: first /read what /fill has sent")
            }
            Typed::Read if self.filled == 0 => Some("nothing waits to be read: /fill comes first"),
            _ => None,
        }
    }

    fn toggle_hex(&self) -> io::Result<()> {
        let was = self.talk.hex.fetch_xor(true, Ordering::Relaxed);
        write(&format!(
            "bytes are shown as {}\n",
            if was { "text" } else { "numbers" }
        ))
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = self.pieces.unwrap_or(bytes.len()).max(1);
        for piece in bytes.chunks(length) {
            (&self.talk.stream).write_all(piece)?;
            self.sent += piece.len() as u64;
        }
        let _ = self.news.send(Event::Sent);
        Ok(())
    }

    /// Half-closes: the server reads the end of the stream, and may still answer.
    fn end(&mut self) -> io::Result<()> {
        if !self.ended {
            self.ended = true;
            self.talk.stream.shutdown(Shutdown::Write)?;
            let _ = self.news.send(Event::SendingDone);
        }
        Ok(())
    }

    /// With linger 0, closing the socket sends a reset; it closes as the process ends.
    fn reset(&self) -> io::Result<Event> {
        SockRef::from(&self.talk.stream).set_linger(Some(Duration::ZERO))?;
        write("you have reset the connection\n")?;
        Ok(Event::Quit)
    }
}
