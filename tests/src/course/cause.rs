//! Why a check failed, by name. Hints and README headings hang on these names: a README marks what it
//! explains with `<!-- causes: tail-lost, stale-bytes -->`.

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $why:literal)*) => {
        /// The cause of a failure, told from evidence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Cause { $($(#[$doc])* $variant),* }

        impl Cause {
            pub const ALL: &[Cause] = &[$(Cause::$variant),*];

            /// The name that READMEs and mutants use.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Cause::$variant => $name),* }
            }

            /// What the kernel or the program does that leads to this, in one sentence.
            #[must_use]
            pub fn why(self) -> &'static str {
                match self { $(Cause::$variant => $why),* }
            }
        }
    };
}

impl Cause {
    /// The causes in a list such as `tail-lost, stale-bytes`; a name that is none is the error.
    pub fn listed(names: &str) -> impl Iterator<Item = Result<Self, &str>> {
        let names = names.split(',').map(str::trim);
        names.map(|name| {
            let known = Self::ALL.iter().find(|cause| cause.name() == name);
            known.copied().ok_or(name)
        })
    }
}

causes! {
    Panicked "panicked"
        "a panic ends the thread it happens in, and in the main thread the whole program; what may go wrong on any day is returned or handled instead"
    ExitedEarly "exited-early"
        "a server runs until it is killed, and a client until the conversation is over; this program ended by itself before that"
    NotAnnounced "not-announced"
        "nobody can call a server whose address they do not know; the line `listening on ADDRESS` comes first, ends in a newline, and is flushed"
    WrongAddress "wrong-address"
        "port 0 asks the kernel for any free port; which one it chose, only the socket knows"
    AddressNotNamed "address-not-named"
        "when bind fails, the person at the keyboard needs one line that names the address, and exit code 1"
    AddressNotReusable "address-not-reusable"
        "connections of the server's former life linger in TIME_WAIT for a minute, and bind refuses their address unless SO_REUSEADDR was set on the socket before"
    NotAtItsAddress "not-at-its-address"
        "bind gives a socket the address that was asked for, and refuses one that is taken; a socket that was never bound gets some other address when it listens"
    WrongFamily "wrong-family"
        "a socket is made for one family of addresses, IPv4 or IPv6, and refuses those of the other; the address that was given says which one it has to be"
    NeverListened "never-listened"
        "a socket that was bound but never opened with listen refuses every call, and accept on it fails with \"invalid argument\""
    BacklogTooSmall "backlog-too-small"
        "the kernel completes connections on the server's behalf, but only as many as the backlog that listen was given; the others have to knock again"
    NeverAccepted "never-accepted"
        "the kernel completes a connection by itself and even takes the client's bytes; the program has it only when accept returns"
    AcceptsOnce "accepts-once"
        "accept returns one connection; a server that is to serve the next client has to call it again"
    NotClosed "not-closed"
        "the end of the stream reaches the client when the server closes the socket or shuts down its sending half; an open socket means that more may come"
    ClosedTooEarly "closed-too-early"
        "recv returns whatever has arrived so far; little, or a pause, does not mean that the client is done: only 0 bytes do"
    NeverReceived "never-received"
        "a socket is closed when the value that owns it is dropped, used or not; this client was hung up on before recv was called for anybody"
    ResetInsteadOfEnd "reset-instead-of-end"
        "closing a socket that still has unread bytes, or with linger 0, makes the kernel send a reset, and a reset may destroy what was still on its way"
    WrongBytes "wrong-bytes"
        "what arrives has to be what was promised, byte for byte and in order; TCP carries bytes, and no text, lines or numbers"
    StaleBytes "stale-bytes"
        "recv fills only the first part of the buffer and returns how much that is; what stands behind it is left over from earlier"
    TailLost "tail-lost"
        "send takes what fits into the kernel's buffer and returns how much that was; the rest is still the program's to send"
    WaitingBytesReplaced "waiting-bytes-replaced"
        "what waits to be sent is the older part of the stream; what comes meanwhile goes behind it, and never takes its place"
    EndIgnored "end-of-stream-ignored"
        "recv returns 0 at once, and for ever, once the other side is done; 0 bytes are an answer: the end"
    WaitsForMore "waits-for-more"
        "a blocking recv sleeps until a byte arrives or the stream ends, whatever the program still owes the other side"
    WaitsForAnother "waits-for-another-client"
        "a thread waits for one thing at a time; whoever else calls or speaks meanwhile waits in the kernel"
    Deadlock "deadlock"
        "while one side only sends, the other side's answers fill both kernel buffers; then each send waits for a recv that never comes"
    Busy "busy"
        "a program that asks again and again instead of waiting uses a processor for nothing; a blocking call sleeps in the kernel until there is something to do"
    DescriptorsKept "descriptors-kept"
        "an accepted socket is a descriptor until it is closed; a program may have only so many, and then accept fails"
    EndedByAClient "ended-by-a-client"
        "a reset is one client's affair: an error on its socket says nothing about the listener or about anybody else"
    HalfCloseForgotten "half-close-forgotten"
        "the server learns that no more will come when the client shuts down its sending half; until then it has to go on waiting"
    ClosedBeforeTheAnswer "closed-before-the-answer"
        "closing a socket ends both directions; to say \"I am done, go on\" only the sending half is shut down"
    HalfClosedTooEarly "half-closed-too-early"
        "a half-close says that nothing more will come; it belongs after the last byte of the input"
    SenderThreadGone "sender-thread-gone"
        "of two threads, only the one that receives is there: the one that sends has ended before its input had (its error, if any, is kept until the server has ended the stream), or does not run yet"
    NeverConnected "never-connected"
        "connect is what connects a socket, and its result says whether anybody answered"
    WaitsForItsInput "waits-for-its-input"
        "a thread can sleep at one place only; while it waits for input, what the server says lies unread in the kernel"
    NotPrinted "not-printed"
        "what is to be seen at once must not be kept until the end, and has to be flushed, since output is buffered"
    WrongExit "wrong-exit"
        "the exit code is how a program tells scripts and graders how it went: 0 done, 1 the network said no"
    NotRecorded "not-recorded"
        "the event log is how an operator sees who came, who left, and after how many bytes"
    ConnectedLate "connected-late"
        "accept hands over a client before it has said anything, and a client may be silent for hours; from accept on the event log names it"
    ResetLoggedAsEnd "reset-logged-as-end"
        "an end is 0 bytes from recv, and a connection that breaks is an error; in the log one is `left`, the other `lost`, since only a client that left has everything"
    WrongCount "wrong-count"
        "the event log counts what came from a client: the sum of what each recv brought, and neither the last piece nor what was sent back"
    ObeysTheText "obeys-the-text"
        "other bytes, as many of them, came back unchanged; an echo server does not look at what it is sent, and a client does not look at what it carries"
    NotWritten "not-written"
        "the step's todo! still stands, and it panics by design"
    StillBlocking "still-blocking"
        "calls on a socket sleep until there is something to do, unless that very socket was told not to; on Linux an accepted socket does not inherit it from the listener"
    WouldBlockIsFatal "would-block-is-fatal"
        "where a blocking call would have to wait, one on a non-blocking socket returns the error \"would block\": nothing to receive yet, or no room to send now; that is an answer, neither a failure nor the end"
    ErrorIgnored "error-ignored"
        "only \"would block\" means that there may be something later; any other error stays, however often one asks"
    OtherWorkStarved "other-work-starved"
        "one thread does one thing at a time; while it sleeps somewhere, or goes round in a loop for one client, the rest of its work stands still"
    LongNap "long-nap"
        "whoever arrives during a nap waits for its end; so the loop never sleeps for more than 5 ms in one go"
    NoNap "no-nap"
        "a round that found nothing to do finds nothing in the next microsecond either; without a nap the loop uses a whole processor to ask"
    NapPerClient "nap-per-client"
        "a nap in the turn of each client adds up: with fifty silent clients the fifty-first waits for fifty naps"
    TooManyThreads "more-than-one-thread"
        "a second thread would do the waiting, which is another way to serve clients; here one thread does everything, by asking"
    UnboundedQueue "unbounded-queue"
        "who reads on while nobody takes the answers keeps them all in memory; who stops reading slows the sender down to the speed of its own reading: that is back-pressure"
    NeverReadsAgain "never-reads-again"
        "a pause in reading ends when there is room again; what the client sent meanwhile waits in the kernel"
    RemainderNotSent "remainder-not-sent"
        "what came in and has not gone out is still with the program: send was not called for it, or took a part, and the rest has to be sent in a later round, when there is room again"
    TailDroppedAtEof "tail-dropped-at-eof"
        "a client that is done sending has ended one direction only; what waits to be sent to it is still owed, and belongs before the end of the other"
    SentTwice "sent-twice"
        "what send has taken is on its way, and must leave the queue; what is sent again from the start arrives twice"
    Starved "starved"
        "who serves one client until it has nothing more to say never gets to the next while that one goes on; a turn has to end by itself"
    WakesOnATimer "wakes-on-a-timer"
        "a nap, or a wait with a timeout, ends although nothing has happened; the kernel can wake a program when something has, and only then"
    SleepsOnItsOwn "sleeps-on-its-own"
        "whoever arrives during a sleep waits for its end, although the kernel wakes a call on a socket the moment there is something for it"
    GivesUpAfterATime "gives-up-after-a-time"
        "a client that is slow, or thinks, is not gone; a limit of time breaks off with it in the middle, and TCP itself gives up only on a peer that no longer answers"
    DelayedByAnOption "delayed-by-an-option"
        "some options of a socket make calls slower than they are: with TCP_CORK, or with MSG_MORE for one send, the kernel keeps less than a whole segment back for up to 200 ms, and with a time in SO_LINGER close sleeps until the client has taken everything"
    ReadinessNotConsumed "readiness-not-consumed"
        "what is left where it is, bytes or an end, stays there; who asks poll for it all the same, or gives its client turn after turn, never comes to rest"
    ScansIdleClients "scans-idle-clients"
        "only the sockets that the kernel has named have news; to try all the others, too, takes a call for each of those who are silent, each time anew"
    WritableInterestAlwaysOn "writable-interest-always-on"
        "nearly always there is room to send; who asks for it while nothing waits to be sent is woken at once, again and again"
    InterestMissing "interest-missing"
        "poll tells only of the sockets and the readiness that it was asked for in that very call; about anything else it sleeps on"
    AnswersMixedUp "answers-mixed-up"
        "poll writes each answer beside its question; who looks for it in another place hands one client's news to its neighbour, and what has come stays where it is"
    SharedToken "shared-token"
        "news brings back the token of its socket, and nothing else; sockets that were registered with the same token cannot be told apart"
    BrokenConnectionKept "broken-connection-kept"
        "that a connection is broken is told whether anybody asked for it or not, and again and again until its socket is closed"
    SleepsAtOneSocket "sleeps-at-one-socket"
        "a call on a socket sleeps until that very socket has something; who serves many clients on one thread sleeps in one call that waits for all of them"
    NotRegistered "not-registered"
        "the kernel tells only of the sockets that were registered, and only of what they were registered for; about anything else the wait sleeps on"
    EdgeNotDrained "edge-not-drained"
        "the kernel tells of each change once; what was left there then, a connection, bytes or the end behind them, is not told of again until something new comes"
    InterruptedIsFatal "interrupted-is-fatal"
        "a signal may end a wait before there is any news; \"interrupted\" means: ask again"
    NoThreadIsFatal "no-thread-is-fatal"
        "threads run out one day; that there is none left for a new client says nothing about the clients that have one"
    StacksKept "stacks-kept"
        "the stack of a thread that has ended is given back when its handle is joined or dropped; handles that are kept keep the stacks"
    ThreadsKept "threads-kept"
        "a thread ends when its function returns; one that waits for something else after its client has left stays for ever"
    ProcessesKept "processes-kept"
        "a child process stays until it ends, and then in the kernel's table until its parent waits for it; where each client leaves one behind, there is no room for another one day"
    MemoryKept "memory-kept"
        "what a program keeps in memory for a client has to go when the client goes; what stays adds up, client by client, for as long as the server runs"
    HistoryKept "history-kept"
        "a stream has no length and a loop no end; what a program keeps of each byte or of each round adds up until no memory is left"
    TooFewThreads "too-few-threads"
        "a blocking call occupies its thread until the client does something; to wait for so many clients takes as many threads"
    LockKept "lock-kept"
        "who keeps a lock while waiting for somebody, a client or a reader of the output, makes everybody wait who needs that lock"
    UnboundedMemory "unbounded-memory"
        "memory that is taken for what comes in and never given back runs out; here the lab's limit stood for the machine's"
    UnboundedDescriptors "unbounded-descriptors"
        "each socket that stays open is a descriptor, and a process may have only so many; here the lab's limit stood for the system's"
    UnboundedThreads "unbounded-threads"
        "threads and processes that are started and do not end run out; the lab ended the program at its limit"
    TooLong "ran-too-long"
        "the program was still busy when the time for this check was over"
}
