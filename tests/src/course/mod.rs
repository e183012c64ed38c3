//! The one table of stages. Whatever differs from stage to stage stands here and nowhere else: `cargo verify rooms`
//! finds the names and numbers of stages elsewhere in the library.

pub mod cause;
pub mod deck;
pub mod markdown;
pub mod readme;

/// One exercise.
#[derive(Debug, PartialEq, Eq)]
pub struct Stage {
    /// The folder's name, the same in exercises, solutions, tests and slides.
    pub slug: &'static str,
    pub title: &'static str,
    pub part: Part,
    /// How long a newcomer takes, in minutes.
    pub minutes: u32,
    /// What one should know before.
    pub before: &'static str,
    /// How many steps it has, counted from 1.
    pub steps: u8,
    /// The files that the student writes, below the stage's folder.
    pub files: &'static [&'static str],
    /// The deck that goes with it, a file below `slides`.
    pub slide: &'static str,
    /// What its program and a peer say to each other.
    pub protocol: Protocol,
    /// Its program goes round in a loop and asks each socket, and no call of it waits.
    pub polls: bool,
    /// The designs that `lab bench` measures with its program. None where its program shows no way to serve clients.
    pub designs: &'static [Design],
}

/// What a program and its peer say to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The server greets each client and closes the connection.
    Greet,
    /// The server sends back what it receives.
    Echo,
}

impl Protocol {
    /// What a server answers to these bytes. `None` where it does not wait for any.
    #[must_use]
    pub fn answer(self, sent: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Greet => None,
            Self::Echo => Some(sent.to_vec()),
        }
    }
}

/// A way to serve many clients, as `lab bench` measures it.
#[derive(Debug, PartialEq, Eq)]
pub struct Design {
    pub name: &'static str,
    /// The mutant of the stage whose program shows it, a file below `tests/mutants/SLUG` without its ending. None
    /// where the stage's own program does.
    pub mutant: Option<&'static str>,
    pub idle: Idle,
}

/// What a design does while its clients are silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// It waits for one client, and the others wait for that one.
    WaitsForOne,
    /// It asks all of them again and again.
    Polls,
    /// It sleeps in the kernel.
    Sleeps,
    /// It sleeps in the kernel, and a request costs the same however many other clients are silent.
    Scales,
}

/// Stages that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub number: &'static str,
    pub title: &'static str,
}

const BLOCKING: Part = Part {
    number: "I",
    title: "Blocking",
};

const NON_BLOCKING: Part = Part {
    number: "II",
    title: "Non-blocking",
};

const OTHER_WAYS: Part = Part {
    number: "III",
    title: "Other ways to wait",
};

pub const STAGES: &[Stage] = &[
    Stage {
        slug: "01-listen",
        title: "A socket is made, named, and waits",
        part: BLOCKING,
        minutes: 30,
        before: "functions, Result and the ? operator in Rust; what an IP address and a port are",
        steps: 3,
        files: &["src/server.rs"],
        slide: "01-listen.md",
        protocol: Protocol::Greet,
        polls: false,
        designs: &[],
    },
    Stage {
        slug: "02-echo-server",
        title: "A stream has no messages, but it has an end",
        part: BLOCKING,
        minutes: 40,
        before: "stage 01; slices such as &buffer[..count]",
        steps: 3,
        files: &["src/server.rs"],
        slide: "02-echo-server.md",
        protocol: Protocol::Echo,
        polls: false,
        designs: &[Design {
            name: "one thread, blocking",
            mutant: None,
            idle: Idle::WaitsForOne,
        }],
    },
    Stage {
        slug: "03-echo-client",
        title: "Both directions at once",
        part: BLOCKING,
        minutes: 40,
        before: "stage 02; that a thread runs beside others",
        steps: 3,
        files: &["src/client.rs"],
        slide: "03-echo-client.md",
        protocol: Protocol::Echo,
        polls: false,
        designs: &[],
    },
    Stage {
        slug: "04-nonblocking-accept",
        title: "\"Nobody is there\" is an answer",
        part: NON_BLOCKING,
        minutes: 30,
        before: "stage 01; match with a guard: Err(error) if …",
        steps: 3,
        files: &["src/server.rs"],
        slide: "04-nonblocking-accept.md",
        protocol: Protocol::Greet,
        polls: true,
        designs: &[],
    },
    Stage {
        slug: "05-nonblocking-recv",
        title: "Four answers of one call",
        part: NON_BLOCKING,
        minutes: 30,
        before: "stages 02 and 04",
        steps: 3,
        files: &["src/server.rs"],
        slide: "05-nonblocking-recv.md",
        protocol: Protocol::Echo,
        polls: true,
        designs: &[],
    },
    Stage {
        slug: "06-nonblocking-send",
        title: "What does not fit is yours to keep",
        part: NON_BLOCKING,
        minutes: 45,
        before: "stage 05; Vec, and its methods extend_from_slice and drain",
        steps: 4,
        files: &["src/server.rs"],
        slide: "06-nonblocking-send.md",
        protocol: Protocol::Echo,
        polls: true,
        designs: &[],
    },
    Stage {
        slug: "07-polling-clients",
        title: "Many clients in one loop",
        part: NON_BLOCKING,
        minutes: 60,
        before: "stage 06; a struct with methods; closures, for Vec::retain",
        steps: 4,
        files: &["src/server.rs"],
        slide: "07-polling-clients.md",
        protocol: Protocol::Echo,
        polls: true,
        designs: &[
            Design {
                name: "polling, without a nap",
                mutant: Some("never-naps"),
                idle: Idle::Polls,
            },
            Design {
                name: "polling, naps of 1 ms",
                mutant: None,
                idle: Idle::Polls,
            },
        ],
    },
    Stage {
        slug: "08-threads",
        title: "A thread for each client",
        part: OTHER_WAYS,
        minutes: 40,
        before: "stage 02; closures that move what they use; that a thread runs beside others",
        steps: 3,
        files: &["src/server.rs"],
        slide: "08-threads.md",
        protocol: Protocol::Echo,
        polls: false,
        designs: &[Design {
            name: "thread per client",
            mutant: None,
            idle: Idle::Sleeps,
        }],
    },
    Stage {
        slug: "09-select",
        title: "The kernel says who is ready",
        part: OTHER_WAYS,
        minutes: 60,
        before: "stage 07; sets of flags, such as PollFlags::IN | PollFlags::OUT",
        steps: 4,
        files: &["src/server.rs"],
        slide: "09-select.md",
        protocol: Protocol::Echo,
        polls: false,
        designs: &[Design {
            name: "poll(2)",
            mutant: None,
            idle: Idle::Sleeps,
        }],
    },
    Stage {
        slug: "10-event-loop",
        title: "Only what has changed",
        part: OTHER_WAYS,
        minutes: 75,
        before: "stage 09",
        steps: 4,
        files: &["src/server.rs"],
        slide: "10-event-loop.md",
        protocol: Protocol::Echo,
        polls: false,
        designs: &[Design {
            name: "event loop",
            mutant: None,
            idle: Idle::Scales,
        }],
    },
];

impl Stage {
    /// The two digits that the slug starts with.
    #[must_use]
    pub fn number(&self) -> &'static str {
        &self.slug[..2]
    }

    /// The number as people type it: `2` for `02-echo-server`.
    #[must_use]
    pub fn short(&self) -> &'static str {
        self.number().trim_start_matches('0')
    }

    /// The package's name: the slug without its number.
    #[must_use]
    pub fn package(&self) -> &'static str {
        &self.slug[3..]
    }

    /// Whether its program is a server; otherwise it is a client.
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.files.contains(&"src/server.rs")
    }
}

/// Finds the stages that `word` may mean: a number (`4`, `04`), a slug, or a part of one.
///
/// A number or a whole slug means one stage, even where it is a part of others too; a number means nothing else.
#[must_use]
pub fn find(word: &str) -> Vec<&'static Stage> {
    let exact = STAGES.iter().find(|stage| {
        stage.slug == word || stage.package() == word || stage.number() == format!("{word:0>2}")
    });
    match exact {
        Some(stage) => vec![stage],
        None if word.chars().all(|letter| letter.is_ascii_digit()) => Vec::new(),
        None => STAGES
            .iter()
            .filter(|stage| stage.slug.contains(word))
            .collect(),
    }
}
