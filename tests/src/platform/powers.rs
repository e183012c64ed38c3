//! What this machine can show, found out by trying it on a child and sockets of our own.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::platform::basics::start_threads;
use crate::platform::settings::{let_wait, takes_a_flood, takes_a_message};
use crate::platform::{
    CallKind, CallWatchSetup, MANY_DESCRIPTORS, Sample, TcpRow, TcpState, WatchedCall, Watching,
    address_space, descriptors, descriptors_allowed, limit_address_space, nobody, proc_is_ours,
    resume, sample, shut_down, stop, tcp_listeners, tcp_rows, tcp_table,
};

/// As many descriptors as a hundred clients take, at either end.
const MANY_CLIENTS: u64 = 128;

/// As many threads as a program has for fifty clients, and some of ours.
const MANY_THREADS: usize = 64;

/// An address that no machine has: RFC 5737.
#[must_use]
pub fn foreign_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 7878))
}

macro_rules! powers {
    ($($(#[$doc:meta])* $power:ident $words:literal)*) => {
        /// Something that a check may need to see or do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Power { $($(#[$doc])* $power),* }

        impl Power {
            pub const ALL: &[Power] = &[$(Power::$power),*];

            /// What is missing where it is, in words.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Power::$power => $words),* }
            }
        }
    };
}

powers! {
    /// Which call each thread of a program sleeps in, and how much processor time it used.
    ProcessState "what a program is doing"
    /// How many bytes wait in the kernel, and who listens.
    KernelQueues "bytes that wait in the kernel"
    /// Stopping a program and letting it go on.
    StopAndContinue "stopping a program"
    /// The descriptors that a program has open.
    Descriptors "the descriptors of a program"
    /// Loopback addresses other than 127.0.0.1.
    PrivateLoopback "loopback addresses of our own"
    /// The loopback address of IPv6.
    Ipv6 "IPv6"
    /// That 192.0.2.1, which is kept for examples (RFC 5737), is no address of this machine.
    ForeignAddress "an address of another machine"
    /// Borrowing a socket of a program: to read its options, to change one for a moment, or to shut it down.
    ForeignSockets "the sockets of a program"
    /// Seeing each call of a program when it begins, and what stands in its memory for it: naps, timeouts, addresses.
    WatchedCalls "the system calls of a program"
    /// Answering a call of a program in place of the kernel.
    AnsweredCalls "answering system calls for a program"
    /// Taking memory away from a program that runs.
    LessMemory "taking memory away from a program"
    /// Starting a program to which more than a thousand descriptors are not free.
    ManyDescriptors "a program with many descriptors"
    /// Having many clients at the same time: at both ends, each is a descriptor.
    ManyClients "many clients at the same time"
    /// Starting a program that has a thread for each of fifty clients.
    ManyThreads "a program with many threads"
    /// Letting sixteen clients wait in the backlog of a program.
    SixteenWaiting "sixteen clients that wait in a backlog"
    /// Letting a hundred clients wait there.
    HundredWaiting "a hundred clients that wait in a backlog"
    /// A kernel that takes 64 KiB of a program whatever its client does.
    RoomToSend "64 KiB that a kernel takes from a program at once"
    /// A kernel that takes 384 KiB, of a program and of its client.
    RoomToFlood "384 KiB that a kernel takes at once"
}

impl Power {
    /// Whether other systems do not show it, or not in this way.
    #[must_use]
    pub fn needs_linux(self) -> bool {
        !matches!(
            self,
            Power::ManyClients | Power::ManyThreads | Power::RoomToSend
        )
    }

    /// Whether it rests on /proc/PID.
    fn needs_proc(self) -> bool {
        matches!(
            self,
            Power::ProcessState
                | Power::StopAndContinue
                | Power::Descriptors
                | Power::ForeignSockets
                | Power::LessMemory
                | Power::WatchedCalls
                | Power::AnsweredCalls
        )
    }
}

impl fmt::Display for Power {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.words())
    }
}

/// The powers that this machine has.
#[derive(Debug, Clone)]
pub struct Powers(Vec<(Power, Result<(), String>)>);

impl Powers {
    /// Tries each power, once for this process.
    pub fn probed() -> &'static Self {
        static PROBED: OnceLock<Powers> = OnceLock::new();
        PROBED.get_or_init(|| {
            let probed = Power::ALL.iter().map(|power| (*power, probe(*power)));
            Self(probed.collect())
        })
    }

    /// The same machine without `missing`, and with `reason` to say why: so a check can be tried as other systems judge.
    #[must_use]
    pub fn without(mut self, missing: &[Power], reason: &str) -> Self {
        for (power, found) in &mut self.0 {
            if missing.contains(power) {
                *found = Err(reason.to_string());
            }
        }
        self
    }

    /// Each power, and why it is missing where it is.
    pub fn each(&self) -> impl Iterator<Item = (Power, Result<(), &str>)> {
        self.0
            .iter()
            .map(|(power, found)| (*power, found.as_ref().copied().map_err(String::as_str)))
    }

    #[must_use]
    pub fn has(&self, power: Power) -> bool {
        self.each()
            .any(|(known, found)| known == power && found.is_ok())
    }

    /// The first of `needed` that is missing, and why.
    #[must_use]
    pub fn missing(&self, needed: &[Power]) -> Option<String> {
        let found = self
            .each()
            .find(|(power, found)| needed.contains(power) && found.is_err());
        found.and_then(|(power, found)| Some(format!("{power}: {}", found.err()?)))
    }
}

fn allows_descriptors(wanted: u64) -> Result<(), String> {
    match descriptors_allowed() {
        // On Windows nobody counts them.
        enough if enough >= wanted || cfg!(not(unix)) => Ok(()),
        few => Err(format!(
            "{wanted} descriptors are needed, and the limit is {few} (`ulimit -Hn`)"
        )),
    }
}

fn probe(power: Power) -> Result<(), String> {
    if cfg!(not(target_os = "linux")) && power.needs_linux() {
        return Err("only Linux shows this to us".into());
    }
    if power.needs_proc() && !proc_is_ours() {
        return Err(
            "/proc belongs to another PID namespace; `unshare --mount-proc` mounts the right one"
                .into(),
        );
    }
    match power {
        Power::ProcessState => with_a_sleeper(|pid| {
            comes(|| {
                let call = sample(pid)?.threads.first()?.call?;
                (call.kind == CallKind::Recv && call.descriptor == Some(0)).then_some(())
            })
            .ok_or_else(|| "/proc/PID/syscall does not show a child's call".into())
        }),
        Power::StopAndContinue => with_a_sleeper(|pid| {
            let stopped = stop(pid) && comes(|| sample(pid).filter(Sample::is_stopped)).is_some();
            resume(pid);
            stopped
                .then_some(())
                .ok_or_else(|| "a child could not be stopped".into())
        }),
        Power::Descriptors => with_a_sleeper(|pid| {
            let seen = descriptors(pid).is_some_and(|all| all.iter().any(|one| one.number == 0));
            seen.then_some(())
                .ok_or_else(|| "/proc/PID/fd does not show a child's descriptors".into())
        }),
        Power::KernelQueues => unread_byte_shows(Ipv4Addr::LOCALHOST.into()).map_err(|error| error.to_string()),
        Power::PrivateLoopback => TcpListener::bind((Ipv4Addr::new(127, 99, 1, 2), 0))
            .map(drop)
            .map_err(|error| format!("127.99.1.2: {error}")),
        Power::Ipv6 => unread_byte_shows(Ipv6Addr::LOCALHOST.into()).map_err(|error| format!("::1: {error}")),
        Power::ForeignAddress => match TcpListener::bind(foreign_address()) {
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => Ok(()),
            Err(error) => Err(format!("192.0.2.1: {error}")),
            Ok(_) => Err("this machine lets programs listen at 192.0.2.1 (`net.ipv4.ip_nonlocal_bind`)".into()),
        },
        // The child's input is a pipe, so that this fails in any case; what matters is whether we get that far.
        Power::ForeignSockets => with_a_sleeper(|pid| match shut_down(pid, 0) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::Unsupported
                ) =>
            {
                Err(format!("pidfd_getfd: {error}"))
            }
            _ => Ok(()),
        }),
        Power::WatchedCalls => a_line_is_reported(),
        Power::AnsweredCalls => a_line_is_reported().and_then(|()| probe(Power::ForeignSockets)),
        Power::LessMemory => with_a_sleeper(|pid| {
            let most = address_space(pid).ok_or("/proc/PID/status does not show a child's size")?;
            limit_address_space(pid, most).map_err(|error| format!("prlimit: {error}"))
        }),
        Power::ManyDescriptors => allows_descriptors(MANY_DESCRIPTORS.descriptors),
        Power::ManyClients => allows_descriptors(MANY_CLIENTS),
        Power::ManyThreads => start_threads(MANY_THREADS).map_err(|error| {
            format!("{MANY_THREADS} threads cannot be started ({error}; `ulimit -u`, or a limit of the container)")
        }),
        Power::SixteenWaiting => let_wait(16),
        Power::HundredWaiting => let_wait(100),
        Power::RoomToSend => takes_a_message(),
        Power::RoomToFlood => takes_a_flood(),
    }
}

/// Lets `look` see a child that waits for input which never comes.
fn with_a_sleeper(look: impl FnOnce(u32) -> Result<(), String>) -> Result<(), String> {
    let started = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn();
    let mut child: Child =
        started.map_err(|error| format!("cannot start `cat` to try it on: {error}"))?;
    let seen = look(child.id());
    let _ = child.kill().and_then(|()| child.wait());
    seen
}

/// Watches a child that prints a line.
fn a_line_is_reported() -> Result<(), String> {
    let mut command = Command::new("echo");
    command.arg("hello").stdout(Stdio::null());
    let refused = |error: std::io::Error| format!("seccomp: {error}");
    let setup = CallWatchSetup::prepare(&mut command, Watching::Rare).map_err(refused)?;
    let mut child = command.spawn().map_err(refused)?;
    let watched = setup.watch().map_err(refused);
    let _ = match watched {
        Ok(_) => child.wait().map(drop),
        Err(_) => child.kill().and_then(|()| child.wait()).map(drop),
    };
    let calls = watched?.calls();
    let line = WatchedCall::Print(b"hello\n".to_vec());
    calls
        .iter()
        .any(|(_, call)| *call == line)
        .then_some(())
        .ok_or_else(|| "a child's call was not reported with what it printed".into())
}

fn unread_byte_shows(loopback: IpAddr) -> std::io::Result<()> {
    let listener = TcpListener::bind((loopback, 0))?;
    let mut peer = TcpStream::connect(listener.local_addr()?)?;
    peer.write_all(b"?")?;
    let (here, there) = (peer.local_addr()?, peer.peer_addr()?);
    comes(|| {
        let listens =
            |row: &TcpRow| row.state == TcpState::Listen && row.local == there && row.unread == 1;
        let waits = |row: &TcpRow| row.local == there && row.remote == here && row.unread == 1;
        let shown = |rows: &[TcpRow]| rows.iter().any(listens) && rows.iter().any(waits);
        let is_there = shown(&tcp_rows(&[(there, nobody(there)), (there, here)])?)
            && tcp_listeners()?.iter().any(listens)
            && shown(&tcp_table()?);
        is_there.then_some(())
    })
    .ok_or_else(|| std::io::Error::other("/proc/net/tcp does not show a byte that waits"))
}

/// Looks until there is something to see, for five seconds at most.
fn comes<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        match look() {
            None if Instant::now() < until => std::thread::sleep(Duration::from_millis(1)),
            seen => return seen,
        }
    }
}
