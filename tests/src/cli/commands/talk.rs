//! `lab talk`: a client for trying servers out, the same on every system.
//!
//! Two threads do the work, since each sleeps in a call of its own: one reads what the server
//! sends, one what the user types. The main thread learns from both when it is time to go.

use std::io::{self, ErrorKind, IsTerminal};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::build::repo::Repo;
use crate::cli::address::DEFAULT;
use crate::desk::edits;
use crate::ui::terminal::print;
use receiver::SocketReader;
use session::Session;

mod display;
mod input;
mod measure;
mod receiver;
mod session;

#[must_use]
pub fn command() -> Command {
    let hex = Arg::new("hex").long("hex").action(ArgAction::SetTrue);
    let pieces = Arg::new("pieces").long("pieces").value_name("N");
    Command::new("talk")
        .about("Connect to a server, send what you type, and show what it answers")
        .after_help(input::HELP)
        .arg(
            Arg::new("address")
                .value_name("ADDR")
                .required(true)
                .help(format!("Such as {DEFAULT}")),
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
pub fn run(matches: &ArgMatches, repo: &Repo) -> anyhow::Result<ExitCode> {
    let address = matches
        .get_one::<String>("address")
        .context("an address is needed")?;
    let stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) => return cannot_connect(address, &error, &repo.root),
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
        receiver: SocketReader::new(),
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

fn cannot_connect(address: &str, error: &io::Error, root: &Path) -> anyhow::Result<ExitCode> {
    match error.kind() {
        ErrorKind::InvalidInput => anyhow::bail!(
            "{address} is no address: a host and a port are needed, such as {DEFAULT}"
        ),
        ErrorKind::ConnectionRefused => anstream::eprintln!(
            "{address} refused the connection: no server listens there; start one in another \
             terminal, such as `cargo lab run {}`",
            server_at_hand(root)
        ),
        _ => anstream::eprintln!("cannot connect to {address}: {error}"),
    }
    Ok(ExitCode::FAILURE)
}

/// The server that the student is working on, or else the first that answers.
fn server_at_hand(root: &Path) -> String {
    let at_hand = crate::cli::stage(None, root).ok();
    let at_hand = at_hand.or_else(|| edits::last_edited(root));
    let server = at_hand.filter(|stage| stage.is_server());
    server.map_or_else(|| "2".into(), |stage| stage.short().to_string())
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
    /// Where received bytes go.
    receiver: SocketReader,
    /// Whether received bytes are shown as numbers.
    hex: AtomicBool,
}

impl Talk {
    /// Sends what the user types, until its end.
    fn send(&self, news: &Sender<Event>, pieces: Option<usize>) {
        let last = Session::new(self, news, pieces)
            .lines()
            .unwrap_or_else(|error| {
                // A reset is told to one call only: this one, or the receiving thread's.
                if error.kind() == ErrorKind::ConnectionReset {
                    let _ = news.send(Event::Reset);
                }
                Event::SendingDone
            });
        // Nobody is left who could type that the receiving thread may go on.
        self.receiver.show();
        let _ = news.send(last);
    }
}
