//! `lab talk`: a client for trying servers out, the same on every system.
//!
//! Two threads do the work, since each sleeps in a call of its own: one reads what the server
//! sends, one what the user types. The main thread learns from both when it is time to go.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use socket2::SockRef;

use super::style::{print, write};
use crate::payload::size;
use typed::Typed;

mod typed;
mod view;

#[must_use]
pub fn command() -> Command {
    let hex = Arg::new("hex").long("hex").action(ArgAction::SetTrue);
    let pieces = Arg::new("pieces").long("pieces").value_name("N");
    Command::new("talk")
        .about("Connects to a server: sends what you type, shows what it answers")
        .after_help(typed::HELP)
        .arg(
            Arg::new("address")
                .value_name("ADDR")
                .required(true)
                .help("Such as 127.0.0.1:7000"),
        )
        .arg(hex.help("Show received bytes as numbers"))
        .arg(
            pieces
                .value_parser(value_parser!(u32).range(1..))
                .help("Send N bytes a write, however long the line is"),
        )
}

/// # Errors
///
/// When the address makes no sense or standard output takes nothing. A server that cannot be
/// reached, or that resets the connection, is exit code 1.
pub fn run(matches: &ArgMatches, _root: &Path) -> anyhow::Result<ExitCode> {
    let address = matches
        .get_one::<String>("address")
        .context("an address is needed")?;
    let stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) => return cannot_connect(address, &error),
    };
    // Without this the kernel would hold small pieces back, and join them.
    stream.set_nodelay(true)?;
    print(&format!(
        "connected to {} from {}\n",
        stream.peer_addr()?,
        stream.local_addr()?
    ))?;
    if io::stdin().is_terminal() {
        print("/help shows what you can do\n")?;
    }

    let talk = Arc::new(Talk {
        stream,
        hex: AtomicBool::new(matches.get_flag("hex")),
    });
    let pieces = matches
        .get_one::<u32>("pieces")
        .map(|length| *length as usize);
    let (news, events) = mpsc::channel();
    let [receiver, sender] = [(Arc::clone(&talk), news.clone()), (talk, news)];
    thread::spawn(move || receiver.0.receive(&receiver.1));
    thread::spawn(move || sender.0.send(&sender.1, pieces));
    Ok(wait(&events)?)
}

fn cannot_connect(address: &str, error: &io::Error) -> anyhow::Result<ExitCode> {
    match error.kind() {
        ErrorKind::InvalidInput => anyhow::bail!(
            "{address} is no address: a host and a port are needed, such as 127.0.0.1:7000"
        ),
        ErrorKind::ConnectionRefused => anstream::eprintln!(
            "{address} refused the connection: no server listens there; start one in another \
             terminal, such as `cargo lab run 2`"
        ),
        _ => anstream::eprintln!("cannot connect to {address}: {error}"),
    }
    Ok(ExitCode::FAILURE)
}

/// What the two threads tell the main thread.
enum Event {
    /// A line went out.
    Sent,
    /// No more will be sent.
    SendingDone,
    /// No more will be received.
    ReceivingDone,
    /// The server has reset the connection; bytes that came before may still have to be shown.
    Reset,
    /// The user has seen enough.
    Quit,
}

/// How long input may stay silent, after the server has ended its side, before we leave. What is
/// there already is sent; a terminal that stays open must not keep us.
const SILENCE: Duration = Duration::from_millis(100);

/// Waits until both sides are done, and says how it ended.
fn wait(events: &Receiver<Event>) -> io::Result<ExitCode> {
    let [mut sending, mut receiving, mut reset] = [true, true, false];
    while sending || receiving {
        let event = if receiving {
            events
                .recv()
                .map_err(|_| mpsc::RecvTimeoutError::Disconnected)
        } else {
            events.recv_timeout(SILENCE)
        };
        match event {
            Ok(Event::Sent) => {}
            Ok(Event::SendingDone) => sending = false,
            Ok(Event::ReceivingDone) => receiving = false,
            Ok(Event::Reset) => reset = true,
            Ok(Event::Quit) => return Ok(ExitCode::SUCCESS),
            Err(_) => break,
        }
    }
    if reset {
        print("the server has reset the connection\n")?;
        return Ok(ExitCode::FAILURE);
    }
    print("the server has ended the stream\n")?;
    Ok(ExitCode::SUCCESS)
}

struct Talk {
    stream: TcpStream,
    /// Whether received bytes are shown as numbers.
    hex: AtomicBool,
}

impl Talk {
    /// Shows what the server sends, as soon as it is there, until there is no more.
    fn receive(&self, news: &Sender<Event>) {
        let mut buffer = [0; 16 * 1024];
        let mut offset = 0;
        let last = loop {
            let bytes = match (&self.stream).read(&mut buffer) {
                Ok(0) => break Event::ReceivingDone,
                Ok(count) => &buffer[..count],
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => {
                    let _ = news.send(Event::Reset);
                    break Event::ReceivingDone;
                }
            };
            let hex = self.hex.load(Ordering::Relaxed);
            let text = if hex {
                view::as_hex(bytes, offset)
            } else {
                view::as_text(bytes)
            };
            offset += bytes.len() as u64;
            if write(&text).is_err() {
                break Event::Quit;
            }
        };
        let _ = news.send(last);
    }

    /// Sends what the user types, until its end.
    fn send(&self, news: &Sender<Event>, pieces: Option<usize>) {
        let mut typist = Typist {
            talk: self,
            news,
            pieces,
            ended: false,
        };
        let last = typist.lines().unwrap_or_else(|error| {
            // A reset is told to one call only: this one, or the receiving thread's.
            if error.kind() == ErrorKind::ConnectionReset {
                let _ = news.send(Event::Reset);
            }
            Event::SendingDone
        });
        let _ = news.send(last);
    }
}

/// The user's side of the talk.
struct Typist<'a> {
    talk: &'a Talk,
    news: &'a Sender<Event>,
    pieces: Option<usize>,
    /// Whether our side of the stream has ended.
    ended: bool,
}

impl Typist<'_> {
    fn lines(&mut self) -> io::Result<Event> {
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
                typed::read(&line)
            } else {
                Typed::Send(line.clone())
            };
            if let Some(last) = self.obey(typed)? {
                return Ok(last);
            }
            starts = line.ends_with(b"\n");
            line.clear();
        }
        self.end()?;
        Ok(Event::SendingDone)
    }

    /// Does what was typed; an event is returned where nothing can come after it.
    fn obey(&mut self, typed: Typed) -> io::Result<Option<Event>> {
        match typed {
            Typed::Send(_) if self.ended => write("your side has ended: nothing was sent\n")?,
            Typed::Send(bytes) => self.send(&bytes)?,
            Typed::End => self.end()?,
            Typed::Reset => return self.reset().map(Some),
            Typed::ToggleHex => self.toggle_hex()?,
            Typed::Pieces(pieces) => {
                self.pieces = pieces;
                let each = pieces.map_or("all".to_owned(), size);
                write(&format!("one write sends {each}\n"))?;
            }
            Typed::Help => write(typed::HELP)?,
            Typed::Quit => return Ok(Some(Event::Quit)),
            Typed::Unclear(why) => write(&format!("{why}\n"))?,
        }
        Ok(None)
    }

    fn toggle_hex(&self) -> io::Result<()> {
        let was = self.talk.hex.fetch_xor(true, Ordering::Relaxed);
        write(&format!(
            "bytes are shown as {}\n",
            if was { "text" } else { "numbers" }
        ))
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let length = self.pieces.unwrap_or(bytes.len()).max(1);
        for piece in bytes.chunks(length) {
            (&self.talk.stream).write_all(piece)?;
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
