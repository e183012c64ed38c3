//! What a program wrote on its standard error, read into values: a panic, system errors, a step that is not written.

/// What a program wrote on its standard error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastWords {
    pub panic: Option<Panic>,
    pub errors: SystemErrors,
    /// The allocator had no memory to give: `std::alloc::handle_alloc_error`.
    pub ran_out_of_memory: bool,
    /// First line with anything in it.
    pub first_line: Option<String>,
}

/// The first panic of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panic {
    /// File, line and column, as the standard library prints them.
    pub place: String,
    pub message: String,
    /// The step that is not written: the panic is that of its `todo!("step N: …")`.
    pub step: Option<u8>,
}

/// Errors of system calls that a text names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemErrors {
    /// Numbers as `Display` of an `io::Error` prints them: `(os error 11)`.
    pub displayed: Vec<i32>,
    /// Numbers as `Debug` prints them: `Os { code: 11, …`. So they stand in the message of a panic at `unwrap`.
    pub debugged: Vec<i32>,
    /// `Debug` has named the kind `WouldBlock`.
    pub names_would_block: bool,
    /// The standard library could not start a thread.
    pub names_a_refused_thread: bool,
}

impl LastWords {
    #[must_use]
    pub fn read(stderr: &str) -> Self {
        let mut lines = stderr.lines();
        Self {
            panic: Panic::find(stderr),
            errors: SystemErrors::named_in(stderr),
            ran_out_of_memory: stderr.contains("memory allocation of "),
            first_line: lines.find(|line| !line.is_empty()).map(str::to_string),
        }
    }

    /// The step that is not written, if the program died in it.
    #[must_use]
    pub fn unwritten_step(&self) -> Option<u8> {
        self.panic.as_ref()?.step
    }
}

impl Panic {
    fn find(stderr: &str) -> Option<Self> {
        let (_, words) = stderr.split_once("panicked at ")?;
        let mut lines = words.lines();
        let mut next = || lines.next().unwrap_or_default().to_string();
        Some(Self {
            place: next(),
            message: next(),
            step: unwritten_step(words),
        })
    }
}

/// The step in the message of `todo!("step N: …")`, wherever it stands in `words`.
#[must_use]
pub fn unwritten_step(words: &str) -> Option<u8> {
    let (_, rest) = words.split_once("not yet implemented: step ")?;
    let number = rest.split(|other: char| !other.is_ascii_digit()).next()?;
    number.parse().ok()
}

impl SystemErrors {
    #[must_use]
    pub fn named_in(text: &str) -> Self {
        Self {
            displayed: numbers(text, "(os error "),
            debugged: numbers(text, "Os { code: "),
            names_would_block: text.contains("kind: WouldBlock"),
            names_a_refused_thread: text.contains("failed to spawn thread"),
        }
    }

    /// True if a call has failed, and the text says with which number.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !(self.displayed.is_empty() && self.debugged.is_empty())
    }

    /// "Nothing yet": EAGAIN of Linux and of macOS, `WSAEWOULDBLOCK`. A refused thread has the first number, too.
    #[must_use]
    pub fn is_would_block(&self) -> bool {
        self.names_would_block || self.displays(&[11, 35, 10035])
    }

    /// A thread could not be started: EAGAIN or ENOMEM, pthread_create(3).
    #[must_use]
    pub fn is_refused_thread(&self) -> bool {
        let refused = [11, 12];
        let is_debugged = self.debugged.iter().any(|code| refused.contains(code));
        self.names_a_refused_thread || is_debugged || self.displays(&refused)
    }

    /// A wait was interrupted: EINTR, signal(7).
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.displays(&[4])
    }

    /// The socket does not listen: EINVAL of accept(2), `WSAEINVAL`.
    #[must_use]
    pub fn is_not_listening(&self) -> bool {
        self.displays(&[22, 10022])
    }

    /// The connection broke. ECONNRESET is the answer of the first call after a reset, EPIPE that of a `send` after that, or
    /// after an end that came first: tcp(7). ENOTCONN is the answer to a question about the other side's address. The numbers
    /// are those of Linux, of macOS and of Windows.
    #[must_use]
    pub fn is_broken_connection(&self) -> bool {
        self.displays(&[104, 32, 107, 54, 57, 10054, 10053, 10057])
    }

    /// The process has no descriptor left: EMFILE.
    #[must_use]
    pub fn is_out_of_descriptors(&self) -> bool {
        self.displays(&[24])
    }

    fn displays(&self, codes: &[i32]) -> bool {
        self.displayed.iter().any(|code| codes.contains(code))
    }
}

/// The numbers that follow `start` in `text`.
fn numbers(text: &str, start: &str) -> Vec<i32> {
    let digits = |rest: &str| {
        let end = rest.find(|other: char| !other.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse().ok()
    };
    let found = text.match_indices(start);
    let rests = found.map(|(at, _)| &text[at + start.len()..]);
    rests.filter_map(digits).collect()
}

/// The last lines of a standard error, at most so many. A panic's note on how to see more of it is none of them.
#[must_use]
pub fn last_lines(stderr: &str, most: usize) -> Vec<&str> {
    let is_word = |line: &&str| !line.trim().is_empty() && !line.starts_with("note: ");
    let lines = stderr.lines().filter(is_word);
    let mut last: Vec<&str> = lines.rev().take(most).collect();
    last.reverse();
    last
}
