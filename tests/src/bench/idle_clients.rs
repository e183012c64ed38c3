//! Whether a server's cost depends on how many of its clients are idle: one busy client among few of them, and one
//! among many.
//!
//! Two servers run beside each other, and their busy clients ask in turns, a block of questions each. What else the
//! machine does meets both, and the medians of the blocks are compared. Processor time is the server's own, so that
//! nothing here hangs on how fast anything was. All stay on one core: a server that has one for itself, and one that
//! shares its client's, use three times as much or a third for the same.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use socket2::SockRef;

use crate::bench::data::Values;
use crate::bench::server::BenchServer;
use crate::platform;

/// The numbers of idle clients that are compared.
pub const FEW: usize = 100;
pub const MANY: usize = 10_000;

/// How much a cost may grow from few to many.
pub const MOST_GROWTH: f64 = 1.25;

/// How many blocks of questions each server is asked, and how many questions one block has.
const BLOCKS: usize = 101;
const QUESTIONS: u32 = 40;

/// What one question consists of.
const SIZE: usize = 512;

/// How many clients come before one of them waits for an answer, so that no backlog overflows.
const TOGETHER: usize = 50;

/// Descriptors that are needed for other things than clients.
const SPARE: u64 = 100;

/// How long one answer may take on a machine that is also busy with other things.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A cost with few idle clients and with many.
#[derive(Debug, Clone, Default)]
pub struct Cost {
    pub few: Values,
    pub many: Values,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Scale {
    /// How many idle clients there were.
    pub few: usize,
    pub many: usize,
    /// Bytes that the server took for each client.
    pub memory: Cost,
    /// Processor time for each request of the busy client, in microseconds, for each block.
    pub cpu: Cost,
}

impl Cost {
    /// How many times as much it is with many as with few.
    #[must_use]
    pub fn growth(&self) -> f64 {
        match (self.few.median(), self.many.median()) {
            (Some(few), Some(many)) if few > 0.0 => many / few,
            _ => f64::INFINITY,
        }
    }

    #[must_use]
    pub fn grows(&self) -> bool {
        self.growth() > MOST_GROWTH
    }
}

/// As many idle clients as the limit on descriptors allows, up to [`MANY`].
///
/// # Errors
///
/// With the reason, where nothing can be measured.
pub fn most_clients() -> Result<usize, String> {
    if platform::own_memory(std::process::id()).is_none() {
        return Err("only Linux shows the memory of another process to us".into());
    }
    platform::allow_ourselves_descriptors();
    let allowed = platform::descriptors_allowed();
    let room = allowed.saturating_sub(SPARE + FEW as u64);
    let most = usize::try_from(room).unwrap_or(MANY).min(MANY);
    if most < 10 * FEW {
        return Err(format!(
            "the limit on descriptors is {allowed} (`ulimit -Hn`)"
        ));
    }
    Ok(most)
}

/// Measures the server that `program` is, with [`FEW`] and with `many` idle clients.
///
/// # Errors
///
/// When the server is gone, or does not answer.
pub fn measure(program: &Path, many: usize) -> anyhow::Result<Scale> {
    platform::stay_on_one_core();
    let mut few = Loaded::start(program, FEW)?;
    let mut many = Loaded::start(program, many)?;
    let mut scale = Scale {
        few: few.idle.len(),
        many: many.idle.len(),
        memory: Cost::default(),
        cpu: Cost::default(),
    };
    scale.memory.few.add(Some(few.memory));
    scale.memory.many.add(Some(many.memory));
    // The first block finds everything cold.
    few.block()?;
    many.block()?;
    for _ in 0..BLOCKS {
        scale.cpu.few.0.push(few.block()?);
        scale.cpu.many.0.push(many.block()?);
    }
    Ok(scale)
}

/// A server with idle clients and a busy one. The server is dropped first, and the clients reset what is left of their
/// connections: ten thousand would linger for a minute otherwise.
struct Loaded {
    server: BenchServer,
    busy: TcpStream,
    idle: Vec<TcpStream>,
    /// Bytes for each client.
    memory: f64,
}

impl Loaded {
    fn start(program: &Path, clients: usize) -> anyhow::Result<Self> {
        let server = BenchServer::start(Command::new(program))?;
        let busy = connect(&server)?;
        let mut loaded = Self {
            server,
            busy,
            idle: Vec::new(),
            memory: 0.0,
        };
        ask(&mut loaded.busy)?;
        let before = loaded.memory()?;
        for number in 1..=clients {
            let mut idle = connect(&loaded.server)?;
            if number % TOGETHER == 0 || number == clients {
                let asked = ask(&mut idle);
                asked.with_context(|| format!("client {number} of {clients}"))?;
            }
            loaded.idle.push(idle);
        }
        let taken = loaded.memory()?.saturating_sub(before);
        loaded.memory = taken as f64 / clients as f64;
        Ok(loaded)
    }

    /// The processor time that the server takes for each of a block of questions, in microseconds.
    fn block(&mut self) -> anyhow::Result<f64> {
        let before = self.cpu()?;
        for _ in 0..QUESTIONS {
            ask(&mut self.busy)?;
        }
        let used = self.cpu()?.saturating_sub(before);
        Ok(used.as_secs_f64() * 1e6 / f64::from(QUESTIONS))
    }

    fn cpu(&self) -> anyhow::Result<Duration> {
        self.server.cpu().context("the server is gone")
    }

    fn memory(&self) -> anyhow::Result<u64> {
        self.server.memory().context("the server is gone")
    }
}

fn connect(server: &BenchServer) -> anyhow::Result<TcpStream> {
    let connected = TcpStream::connect_timeout(&server.address(), TIMEOUT);
    let client = connected.context("a client cannot connect")?;
    client.set_read_timeout(Some(TIMEOUT))?;
    SockRef::from(&client).set_linger(Some(Duration::ZERO))?;
    Ok(client)
}

/// One question, and the wait for its answer.
fn ask(client: &mut TcpStream) -> anyhow::Result<()> {
    let (question, mut answer) = ([b'?'; SIZE], [0; SIZE]);
    client
        .write_all(&question)
        .context("a question cannot be sent")?;
    client
        .read_exact(&mut answer)
        .with_context(|| format!("a client waited for its answer, {TIMEOUT:?} at most"))?;
    ensure!(answer == question, "a client got other bytes than it sent");
    Ok(())
}
