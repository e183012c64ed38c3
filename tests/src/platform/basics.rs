//! What no check can do without, tried once before the first. Where it is missing, that is the machine's doing, and each
//! message says what to do about it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use crate::platform::{
    LIMITS, address_space_allowed, allow_ourselves_descriptors, descriptors_allowed, may_set_limits,
};

/// How many descriptors the lab has to have for itself.
const DESCRIPTORS: u64 = 20;

/// How many threads the lab has beside its own, for what a program prints.
const THREADS: usize = 8;

/// Bytes of address space that a program of threads takes, used or not.
const ADDRESS_SPACE: u64 = 512 << 20;

/// How long a byte may take through the loopback interface.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Something that no check can do without: its name, and how to try it. The error says what to do.
pub type Basic = (&'static str, fn() -> Result<String, String>);

/// All of them.
pub const BASICS: [Basic; 5] = [
    ("limits", limits),
    ("descriptors", descriptors),
    ("threads", threads),
    ("memory", memory),
    ("loopback", loopback),
];

/// What is missing, if anything is, and what to do about it. Tried once for this process.
pub fn missing() -> Option<&'static str> {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    let missing = MISSING.get_or_init(|| {
        allow_ourselves_descriptors();
        let mut tried = BASICS.iter().map(|(name, try_it)| (name, try_it()));
        tried.find_map(|(name, tried)| Some(format!("{name}: {}", tried.err()?)))
    });
    missing.as_deref()
}

fn loopback() -> Result<String, String> {
    send_a_byte().map_err(|error| {
        format!(
            "a connection to 127.0.0.1 does not work here ({error}); is the interface up (`ip link set lo up`), and does no \
             firewall or sandbox forbid it?"
        )
    })?;
    Ok("a byte went through 127.0.0.1".into())
}

fn send_a_byte() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut client = TcpStream::connect_timeout(&listener.local_addr()?, TIMEOUT)?;
    let (mut server, _) = listener.accept()?;
    client.write_all(b"?")?;
    server.set_read_timeout(Some(TIMEOUT))?;
    server.read_exact(&mut [0])
}

fn descriptors() -> Result<String, String> {
    match descriptors_allowed() {
        few if few < DESCRIPTORS && cfg!(unix) => Err(format!(
            "a process may open {few} here (`ulimit -Hn`), and the lab needs {DESCRIPTORS}"
        )),
        many if cfg!(unix) => Ok(format!("a process may open {many}")),
        _ => Ok("nobody counts them here".into()),
    }
}

fn threads() -> Result<String, String> {
    let started = start_threads(THREADS);
    started.map_err(|error| {
        format!(
            "{THREADS} threads cannot be started ({error}): look at `ulimit -u`, at the limit on processes of the container, \
             and at what else is running"
        )
    })?;
    Ok("there are some to be had".into())
}

/// Starts so many threads, which are there at the same time.
///
/// # Errors
///
/// When the system refuses one.
pub fn start_threads(count: usize) -> io::Result<()> {
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let ended = std::sync::Mutex::new(ended);
    std::thread::scope(|scope| {
        let wait = || drop(ended.lock().map(|ended| ended.recv()));
        let start = |_| {
            let thread = std::thread::Builder::new().stack_size(64 << 10);
            thread.spawn_scoped(scope, wait).map(drop)
        };
        let started = (0..count).try_for_each(start);
        drop(end);
        started
    })
}

fn memory() -> Result<String, String> {
    match address_space_allowed() {
        little if little < ADDRESS_SPACE => Err(format!(
            "a program may have {} MiB of address space here (`ulimit -Hv`), and it needs {} MiB",
            little >> 20,
            ADDRESS_SPACE >> 20
        )),
        some if some < LIMITS.memory => Ok(format!("a program may have {} MiB", some >> 20)),
        _ => Ok("a program may have what it needs".into()),
    }
}

fn limits() -> Result<String, String> {
    may_set_limits().map_err(|error| {
        format!(
            "programs cannot be kept within limits (setrlimit: {error}): does the seccomp profile of the container forbid prlimit?"
        )
    })?;
    Ok("programs can be kept within limits".into())
}
