//! What happened in a check so far.

/// What happened in a check so far, as far as it tells one cause from another.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// The program is a client, and our peer its server.
    pub is_client: bool,
    /// The program greets its clients, and receives nothing.
    pub only_greets: bool,
    /// One of our peers has sent something.
    pub peer_sent: bool,
    /// One of our peers has ended its stream.
    pub peer_ended: bool,
    /// One of our peers has aborted its connection.
    pub was_reset: bool,
    /// One of our peers has received the end of the program's stream.
    pub saw_the_end: bool,
    /// The program was stopped while it slept in `send`, so that `send` took only a part.
    pub send_was_interrupted: bool,
    /// The listening socket was shut down under the program's hands.
    pub listener_broke: bool,
    /// A call of the program on a connection was made to fail, with an error that says that the connection is broken.
    pub was_told_of_a_break: bool,
    /// The program was seen to sleep in one wait for all of its sockets.
    pub slept_until_ready: bool,
    /// The same while a client of whom there was no news was connected.
    pub slept_beside_clients: bool,
    /// What there is no longer enough memory for, since it was taken away.
    pub shortage: Option<Shortage>,
}

impl History {
    /// Whether none of our peers has said anything, or left.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        !(self.peer_sent || self.peer_ended || self.was_reset)
    }
}

/// What a program has to do with little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// No further thread can be started.
    Thread,
    /// There is room for a few threads at a time.
    ManyThreads,
}
