//! What is kept of a run. Times are in microseconds; the first client starts at 0.

use std::fmt;

/// A run of one stage's server.
#[derive(Debug)]
pub struct Recording {
    /// The stage's slug.
    pub stage: String,
    /// What else it is called, where somebody gave it a name.
    pub label: Option<String>,
    /// The operating system, with the two numbers of its version that matter.
    pub system: String,
    /// From when to when it was recorded.
    pub span: Span,
    pub clients: Vec<ClientSide>,
    /// The server's side. `None` where nobody could look into the program.
    pub server: Option<ServerSide>,
    /// How the program ended, where it did so by itself: `code 101`.
    pub ended: Option<String>,
}

impl Recording {
    /// What the socket in that row of a view is called; see [`Sockets::rows`].
    #[must_use]
    pub fn row_name(&self, row: usize) -> String {
        match row.checked_sub(1) {
            None => "listener".into(),
            Some(number) => format!("{}'s socket", self.clients[number].name),
        }
    }
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: i64,
    pub to: i64,
}

impl Span {
    #[must_use]
    pub fn new(from: i64, to: i64) -> Self {
        Self { from, to }
    }

    #[must_use]
    pub fn length(self) -> i64 {
        self.to - self.from
    }
}

/// One scripted client, by its own account.
#[derive(Debug)]
pub struct ClientSide {
    /// A letter.
    pub name: String,
    /// In the order in which they came.
    pub moments: Vec<Moment>,
}

/// When something happened to a client.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub what: ClientEvent,
    pub at: i64,
}

/// What a client did, or what was done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientEvent {
    /// It is connected, as far as the kernels are concerned.
    Connected,
    Sent,
    /// The whole answer is there.
    Answered,
    /// It says that it will send no more.
    HalfClosed,
    /// The server has ended its stream, and the client has left.
    Closed,
    /// The connection was refused, or broke.
    Lost,
    /// The recording was over, and it still waited.
    GaveUp,
}

impl ClientEvent {
    pub const ALL: [(ClientEvent, &'static str); 7] = [
        (ClientEvent::Connected, "connected"),
        (ClientEvent::Sent, "sent"),
        (ClientEvent::Answered, "answered"),
        (ClientEvent::HalfClosed, "half-closed"),
        (ClientEvent::Closed, "closed"),
        (ClientEvent::Lost, "lost"),
        (ClientEvent::GaveUp, "gave up"),
    ];
}

/// What strace(1) saw of the program.
#[derive(Debug)]
pub struct ServerSide {
    /// When each thread lived, in the order in which they were seen; the first is `main`.
    pub threads: Vec<Span>,
    /// In the order in which they began.
    pub calls: Vec<Syscall>,
}

/// One system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Syscall {
    pub start: i64,
    /// Which of the threads.
    pub thread: usize,
    pub kind: Kind,
    /// The sockets that it is about.
    pub at: Sockets,
    pub answer: CallResult,
    /// How long it took; a call that was open at the end lasts until then.
    pub duration: i64,
}

impl Syscall {
    #[must_use]
    pub fn span(&self) -> Span {
        Span::new(self.start, self.start + self.duration)
    }

    /// Whether the thread slept in it. strace(1) cannot say that of a short call. One that was refused has slept only if
    /// its socket has a timeout; otherwise it was the processor that kept it waiting.
    #[must_use]
    pub fn sleeps(&self) -> bool {
        match (self.kind, self.answer) {
            (Kind::Nap, _) => true,
            (_, CallResult::WouldBlock) => self.duration >= 5 * ASLEEP,
            // Its time ran out, so that it has slept unless it had none.
            (_, CallResult::Nothing) => self.duration >= ASLEEP / 3,
            _ => self.duration >= ASLEEP,
        }
    }

    /// Whether it asked, was told that there is nothing yet, and came back at once.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.answer, CallResult::WouldBlock | CallResult::Nothing) && !self.sleeps()
    }
}

/// What takes so long has slept, in microseconds.
const ASLEEP: i64 = 1500;

/// A kind of call, whatever the kernel's name for it on this architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Accept,
    Recv,
    Send,
    Poll,
    Select,
    EpollWait,
    /// `epoll_ctl`: what is to be told of is registered.
    Register,
    Shutdown,
    Close,
    /// A sleep that no data can end.
    Nap,
    /// Waiting for another thread.
    Futex,
    /// On something that is none of our sockets.
    Other,
}

impl Kind {
    pub const ALL: [(Kind, &'static str); 12] = [
        (Kind::Accept, "accept"),
        (Kind::Recv, "recv"),
        (Kind::Send, "send"),
        (Kind::Poll, "poll"),
        (Kind::Select, "select"),
        (Kind::EpollWait, "epoll_wait"),
        (Kind::Register, "epoll_ctl"),
        (Kind::Shutdown, "shutdown"),
        (Kind::Close, "close"),
        (Kind::Nap, "nap"),
        (Kind::Futex, "futex"),
        (Kind::Other, "other"),
    ];

    /// Whether it waits for several sockets at once.
    #[must_use]
    pub fn is_about_many(self) -> bool {
        matches!(self, Kind::Poll | Kind::Select | Kind::EpollWait)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(word(&Self::ALL, self))
    }
}

/// How a call came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallResult {
    /// It did what was asked.
    Done,
    /// The other side has ended its stream.
    End,
    /// "Would block": nothing yet.
    WouldBlock,
    /// The time that it was given ran out, and nothing had come.
    Nothing,
    Interrupted,
    Failed,
    /// Not before the recording ended.
    Open,
}

impl CallResult {
    pub const ALL: [(CallResult, &'static str); 7] = [
        (CallResult::Done, "done"),
        (CallResult::End, "end"),
        (CallResult::WouldBlock, "would block"),
        (CallResult::Nothing, "nothing"),
        (CallResult::Interrupted, "interrupted"),
        (CallResult::Failed, "failed"),
        (CallResult::Open, "open"),
    ];
}

/// The word for `value` in a table such as [`Kind::ALL`].
#[must_use]
pub fn word<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> &'static str {
    let found = table.iter().find(|(known, _)| known == value);
    found.map_or("", |(_, word)| word)
}

/// A set of the server's sockets: the listener, and one for each client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sockets(u32);

impl Sockets {
    pub const NONE: Sockets = Sockets(0);
    pub const LISTENER: Sockets = Sockets(1);

    /// All that these calls are about.
    #[must_use]
    pub fn of<'a>(calls: impl IntoIterator<Item = &'a Syscall>) -> Self {
        let sockets = calls.into_iter().map(|call| call.at);
        sockets.fold(Self::NONE, Self::with)
    }

    /// The socket of the client with that number, counted from 0.
    #[must_use]
    pub fn client(number: usize) -> Self {
        Self(2 << number)
    }

    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many they are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Their rows in a view: the listener is row 0, the first client row 1.
    pub fn rows(self) -> impl Iterator<Item = usize> {
        (0..u32::BITS as usize).filter(move |row| self.0 >> row & 1 == 1)
    }

    /// The socket in that row.
    #[must_use]
    pub fn row(row: usize) -> Self {
        Self(1 << row)
    }

    /// The numbers of the clients among them.
    pub fn clients(self) -> impl Iterator<Item = usize> {
        self.rows().filter_map(|row| row.checked_sub(1))
    }
}
