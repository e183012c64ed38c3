//! One stage of a subject, built and runnable, as a check sees it.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use socket2::{Domain, Socket, Type};

use crate::course::cause::Cause;
use crate::diagnose::failure::{Outcome, Problem, Result};
use crate::diagnose::symptom::Symptom;
use crate::evidence::kit_log::EventLog;
use crate::harness::client::{Client, Input};
use crate::harness::context::CheckContext;
use crate::harness::exit::ExitedProgram;
use crate::harness::payload::Payload;
use crate::harness::scripted_server::{ScriptedServer, loopback_of_our_own};
use crate::harness::server::Server;
use crate::harness::snapshot::Snapshots;
use crate::platform::{
    LIMITS, Limits, MANY_DESCRIPTORS, Power, Powers, Watching, descriptors_allowed,
    foreign_address, room_at_first,
};
use crate::process::child::{Launch, Process, Stdin};
use crate::process::deadline::Deadline;
use crate::text::{joined, size};

/// Payloads of so many bytes and more are not made anew each time.
const LONG: usize = 1 << 20;

/// Where a server is started unless the check is about its address.
const USUAL: &str = "127.0.0.1:0";

/// Bytes of a line without its end: fewer than the 1024 that the output of std keeps.
const UNFINISHED: usize = 100;

/// Descriptors that a program may have beside those of its clients.
const OTHER_DESCRIPTORS: u64 = 64;

/// Ports that systems do not give by themselves: Linux begins at 32768, the others at 49152 (RFC 6335).
const NEVER_GIVEN: std::ops::RangeInclusive<u16> = 10_000..=32_000;

/// How many of them are tried.
const TRIES: usize = 100;

/// More than the buffers of a connection grow by while nobody reads at its end, in bytes.
const GROWTH: usize = 32 << 20;

/// A program, and the context of the check that judges it.
#[derive(Debug)]
pub struct Program {
    executable: PathBuf,
    random: RefCell<fastrand::Rng>,
    context: Rc<CheckContext>,
    snapshots: Snapshots,
    /// Which of its calls are reported to the lab, where this machine does that.
    watching: Cell<Watching>,
    /// Descriptors that the program may have, where those of [`LIMITS`] are too few for what the check needs.
    descriptors: Cell<u64>,
    is_thorough: bool,
    /// True once it has been waited for in vain, here or in another check: it announces no address.
    is_silent: Arc<AtomicBool>,
}

impl Program {
    /// A program for one check of `step`, on a machine with these `powers`. The same `seed` gives the same payloads, sizes
    /// and splits.
    #[must_use]
    pub fn new(
        executable: PathBuf,
        step: u8,
        not_started: Vec<u8>,
        seed: u64,
        snapshots: Snapshots,
        powers: Powers,
        is_thorough: bool,
    ) -> Self {
        let end = match is_thorough {
            true => Deadline::of_a_thorough_check(),
            false => Deadline::of_a_check(),
        };
        Self {
            executable,
            random: RefCell::new(fastrand::Rng::with_seed(seed)),
            context: Rc::new(CheckContext::new(step, not_started, powers, end)),
            snapshots,
            watching: Cell::new(Watching::Rare),
            descriptors: Cell::default(),
            is_thorough,
            is_silent: Arc::default(),
        }
    }

    /// Lets it know what the other checks of the same program have learnt: whether it announces no address.
    pub(crate) fn with_what_is_known(self, is_silent: &Arc<AtomicBool>) -> Self {
        Self {
            is_silent: Arc::clone(is_silent),
            ..self
        }
    }

    /// From now on each call of what is started is reported to the lab.
    pub fn watch_every_call(&self) {
        self.watching.set(Watching::Every);
    }

    /// Has only rare calls of what is started later reported: it makes so many others that reporting them takes too long.
    pub fn watch_rare_calls(&self) {
        self.watching.set(Watching::Rare);
    }

    /// Starts it as a server on a port that the kernel chooses, and waits for its announcement.
    pub fn start(&self) -> Result<Server> {
        let start = || self.start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        // What has been silent for as long as a wait takes is not waited for as long in each check.
        let started = match self.is_silent.load(Ordering::SeqCst) {
            true => self.context.within(Deadline::last_look(), start),
            false => start(),
        };
        let is_silent = |problem: &Problem| matches!(problem, Problem::Failed(failure) if failure.cause == Cause::NotAnnounced);
        if started.as_ref().is_err_and(|problem| is_silent(problem)) {
            self.is_silent.store(true, Ordering::SeqCst);
        }
        started
    }

    /// Starts it as a server at `address`, and waits for its announcement.
    pub fn start_at(&self, address: SocketAddr) -> Result<Server> {
        let process = self.run(&["--listen", &address.to_string()], Stdin::Null, None)?;
        Server::announced(process, &self.context, address, Cause::NotAnnounced)
    }

    /// As [`start`](Self::start), at all addresses of this machine.
    pub fn start_everywhere(&self) -> Result<Server> {
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let process = self.run(&["--listen", &address.to_string()], Stdin::Null, None)?;
        Server::announced(process, &self.context, address, Cause::WrongAddress)
    }

    /// As [`start`](Self::start), at an IPv6 address.
    pub fn start_with_ipv6(&self) -> Result<Server> {
        let address = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
        let process = self.run(&["--listen", &address.to_string()], Stdin::Null, None)?;
        Server::announced(process, &self.context, address, Cause::WrongFamily)
    }

    /// As [`start`](Self::start), where so many descriptors are taken that all of its sockets have numbers
    /// above 2048.
    pub fn start_beyond_2048_descriptors(&self) -> Result<Server> {
        self.start_under(MANY_DESCRIPTORS)
    }

    /// As [`start`](Self::start), under limits of its own.
    pub fn start_under(&self, limits: Limits) -> Result<Server> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let arguments = ["--listen", &address.to_string()];
        let process = self.run_under(limits, &arguments, Stdin::Null, None)?;
        Server::announced(process, &self.context, address, Cause::NotAnnounced)
    }

    /// As [`start_at`](Self::start_at), where a former life of it has left connections behind.
    pub fn restart_at(&self, address: SocketAddr) -> Result<Server> {
        let process = self.run(&["--listen", &address.to_string()], Stdin::Null, None)?;
        Server::announced(process, &self.context, address, Cause::AddressNotReusable)
    }

    /// Starts it as a server at `address` and waits for its exit, since it cannot stay there.
    pub fn expect_failed_start_at(&self, address: SocketAddr) -> Result<ExitedProgram> {
        let process = self.run(&["--listen", &address.to_string()], Stdin::Null, None)?;
        let exited = self.context.wait_until(|| process.exited()).reached();
        let announced = EventLog::read(&process.stdout.text()).address();
        if exited.is_none() && announced.is_some() {
            let expected = format!("a program that exits, since it cannot have {address}");
            let received = match self.context.listens_at().as_slice() {
                [] => "it goes on running".into(),
                places => format!("it listens at {}", joined(places)),
            };
            let cause = Cause::NotAtItsAddress;
            return Err(self.context.fail_because(cause, expected, received));
        }
        ExitedProgram::wait_for(&process, &self.context)
    }

    /// Starts it as a server at `address`, where it finds nothing in its way: it does not exit by itself. What it
    /// does there is not looked at.
    pub fn expect_start_at(&self, address: SocketAddr) -> Outcome {
        let process = self.run(&["--listen", &address.to_string()], Stdin::Null, None)?;
        self.context.wait_until_settled();
        if process.exited().is_none() {
            return Ok(());
        }
        let expected = format!("a server that stays at the free address {address}");
        Err(self.context.fail(Symptom::End, expected, "it exited", None))
    }

    /// Starts it as a client of `address` and waits for its exit.
    pub fn expect_failed_connect_to(&self, address: SocketAddr) -> Result<ExitedProgram> {
        let process = self.run(&[&address.to_string()], Stdin::Null, None)?;
        self.context.remember(|history| history.is_client = true);
        ExitedProgram::wait_for(&process, &self.context)
    }

    /// A server of ours for the program to call.
    pub fn open_server(&self) -> Result<ScriptedServer> {
        let loopback = loopback_of_our_own(self.context.powers());
        ScriptedServer::listen(&self.context, loopback.into())
    }

    /// As [`open_server`](Self::open_server), at 127.0.0.1.
    pub fn open_localhost_server(&self) -> Result<ScriptedServer> {
        ScriptedServer::listen(&self.context, Ipv4Addr::LOCALHOST.into())
    }

    /// As [`open_server`](Self::open_server), at an IPv6 address.
    pub fn open_ipv6_server(&self) -> Result<ScriptedServer> {
        ScriptedServer::listen(&self.context, Ipv6Addr::LOCALHOST.into())
    }

    /// Starts it as a client of `server`, with `input`. As much output is kept as it is meant to print.
    pub fn start_client(&self, server: &ScriptedServer, input: Input) -> Result<Client> {
        let kept = match &input {
            Input::Bytes(bytes) => Some(bytes.bytes().len() + 1024 * 1024),
            Input::Open => None,
        };
        self.note_input(&input);
        let stdin = match input {
            Input::Bytes(bytes) => Stdin::Bytes(bytes.bytes().to_vec()),
            Input::Open => Stdin::Some(Vec::new()),
        };
        let process = self.run(&[&server.address().to_string()], stdin, kept)?;
        self.context.remember(|history| history.is_client = true);
        Ok(Client::new(process, &self.context))
    }

    /// Random bytes, the same for the same seed, and long ones always the same. The last one is no text: what a program makes
    /// of an end of a line is not left to chance.
    #[must_use]
    pub fn payload(&self, role: &str, length: usize) -> Payload {
        if length >= LONG {
            return Payload::from_pool(role, length);
        }
        let mut random = self.random.borrow_mut();
        let mut bytes = vec![0; length];
        random.fill(&mut bytes);
        if let Some(last) = bytes.last_mut() {
            *last = random.u8(0x80..);
        }
        Payload::new(role, bytes)
    }

    /// Random bytes with the end of a line among them, and few behind the last of these: who prints line by line keeps them
    /// until it flushes.
    #[must_use]
    pub fn unfinished_line(&self, role: &str, length: usize) -> Payload {
        let mut bytes = self.payload(role, length).bytes().to_vec();
        let (before, unfinished) = bytes.split_at_mut(length.saturating_sub(UNFINISHED));
        unfinished
            .iter_mut()
            .filter(|byte| **byte == b'\n')
            .for_each(|byte| *byte = u8::MAX);
        if let Some(last) = before.last_mut() {
            *last = b'\n';
        }
        Payload::new(role, bytes)
    }

    /// Random bytes, more than the kernels of both sides take by themselves.
    #[must_use]
    pub fn more_than_fits(&self, role: &str) -> Payload {
        let length = GROWTH + room_at_first();
        self.payload(role, length.next_multiple_of(1 << 20))
    }

    /// Random bytes of which none can begin or end a character of UTF-8.
    #[must_use]
    pub fn no_text(&self, role: &str, length: usize) -> Payload {
        let mut random = self.random.borrow_mut();
        Payload::new(role, (0..length).map(|_| random.u8(0xF8..)).collect())
    }

    /// All 256 byte values, in random order but for the last, which is no text.
    #[must_use]
    pub fn every_byte_value(&self) -> Payload {
        let mut bytes: Vec<u8> = (0..255).collect();
        self.random.borrow_mut().shuffle(&mut bytes);
        bytes.push(255);
        Payload::new("every byte value", bytes)
    }

    /// How many, where that decides what a check can see: `thorough` with `lab check --thorough`, otherwise `quick`.
    #[must_use]
    pub fn many(&self, quick: usize, thorough: usize) -> usize {
        match self.is_thorough {
            true => thorough,
            false => quick,
        }
    }

    /// How many clients are to come at the same time: as [`many`](Self::many), as far as this system allows. A program that is
    /// started after this may have two descriptors for each of them, beside some of its own.
    #[must_use]
    pub fn many_clients(&self, quick: usize, thorough: usize) -> usize {
        let most = descriptors_allowed().saturating_sub(OTHER_DESCRIPTORS) / 2;
        let clients = (self.many(quick, thorough) as u64).min(most);
        self.descriptors.set(2 * clients + OTHER_DESCRIPTORS);
        clients as usize
    }

    /// A random number of `range`.
    #[must_use]
    pub fn number(&self, range: std::ops::RangeInclusive<usize>) -> usize {
        self.random.borrow_mut().usize(range)
    }

    /// The numbers from 0 up to `count`, in random order.
    #[must_use]
    pub fn shuffled(&self, count: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..count).collect();
        self.random.borrow_mut().shuffle(&mut numbers);
        numbers
    }

    /// Sizes at which programs with a buffer of a usual size may go wrong, in random order.
    #[must_use]
    pub fn sizes_around_every_buffer(&self) -> Vec<usize> {
        let mut sizes = vec![1, 2, self.number(3..=4000)];
        sizes.extend([1000, 2000, 5000, 10_000, 20_000, 50_000]);
        for buffer in [4096, 8192, 12_288, 16_384, 24_576, 32_768, 49_152, 65_536] {
            sizes.extend([buffer - 1, buffer, buffer + 1]);
        }
        self.random.borrow_mut().shuffle(&mut sizes);
        sizes
    }

    /// An address with a port that nobody else uses, at this or any other address, and that no system gives to somebody
    /// who asks for any.
    pub fn private_address(&self) -> Result<SocketAddr> {
        let is_free = |port: &u16| {
            // Bound, and never opened: nobody can call it.
            let everywhere = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            everywhere.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, *port)).into())
        };
        // Not from our seed: others may have the same.
        let mut ports = (0..TRIES).map(|_| fastrand::u16(NEVER_GIVEN));
        let free = ports.find(|port| is_free(port).is_ok());
        let port = free.ok_or_else(|| anyhow::anyhow!("no port of {NEVER_GIVEN:?} is free"))?;
        Ok(SocketAddr::from((
            loopback_of_our_own(self.context.powers()),
            port,
        )))
    }

    /// An address of another machine: RFC 5737.
    #[must_use]
    pub fn foreign_address(&self) -> SocketAddr {
        foreign_address()
    }

    /// The same of IPv6: RFC 3849.
    #[must_use]
    pub fn foreign_ipv6_address(&self) -> SocketAddr {
        SocketAddr::from(([0x2001, 0x0db8, 0, 0, 0, 0, 0, 1], 7878))
    }

    /// What happened is what the snapshot `name` tells.
    pub fn expect_transcript(&self, name: &str) -> Outcome {
        self.snapshots.compare(name, &self.context)
    }

    /// What this check has seen so far.
    #[must_use]
    pub fn context(&self) -> &Rc<CheckContext> {
        &self.context
    }

    fn note_input(&self, input: &Input) {
        let input = match input {
            Input::Bytes(bytes) => size(bytes.bytes().len()),
            Input::Open => "nothing yet; it stays open".into(),
        };
        self.context.note_sent("input", input);
    }

    /// Which of several starts it is, and at which address, where that is not the usual one.
    fn note_start(&self, arguments: &[&str]) {
        let again = if self.context.has_program() {
            " again"
        } else {
            ""
        };
        match arguments {
            [_, address] if !again.is_empty() || *address != USUAL => {
                self.context
                    .note_act_of_the_lab(format!("starts your server{again} at {address}"));
            }
            [address] if !again.is_empty() => {
                let start = format!("starts your client again, to call {address}");
                self.context.note_act_of_the_lab(start);
            }
            _ => {}
        }
    }

    fn run(&self, arguments: &[&str], stdin: Stdin, kept: Option<usize>) -> Result<Rc<Process>> {
        self.run_under(LIMITS, arguments, stdin, kept)
    }

    fn run_under(
        &self,
        limits: Limits,
        arguments: &[&str],
        stdin: Stdin,
        kept: Option<usize>,
    ) -> Result<Rc<Process>> {
        let mut command = Command::new(&self.executable);
        command.args(arguments);
        self.note_start(arguments);
        let limits = Limits {
            descriptors: limits.descriptors.max(self.descriptors.get()),
            ..limits
        };
        let launch = Launch {
            limits,
            input: stdin,
            kept,
            watching: (self.context.powers().has(Power::WatchedCalls))
                .then_some(self.watching.get()),
        };
        let process = Rc::new(Process::start(command, launch)?);
        self.context.set_program(&process);
        Ok(process)
    }
}
