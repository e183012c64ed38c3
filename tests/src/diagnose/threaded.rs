//! Why did that happen, in a program with many threads? See [`diagnosis`](crate::diagnose).

use crate::course::cause::Cause;
use crate::diagnose::Symptom;
use crate::evidence::Evidence;
use crate::evidence::history::Shortage;
use crate::evidence::settle::Activity;
use crate::platform::{CallKind, SleepingCall};

/// More threads than there are clients at one time where memory was taken away.
const MANY: usize = 12;

impl Evidence<'_> {
    /// Whether one of its threads sleeps until another one lets it go on, which sleeps at another client, and bytes of
    /// this one are unread or were not sent back.
    pub(crate) fn sleeps_at_a_lock(&self) -> bool {
        let row = self.at.and_then(|at| at.their_row(&self.table));
        let is_unread = row.is_some_and(|row| row.unread > 0 && row.inode != 0);
        let sleeps_at_another = |call: SleepingCall| {
            self.wire_of(call)
                .is_some_and(|connection| Some(connection) != self.at)
        };
        self.look == Activity::Blocked
            && (is_unread || self.is_held())
            && self.parked_calls().any(|call| call.kind == CallKind::Futex)
            && self.parked_calls().any(sleeps_at_another)
    }

    /// What it made of having little room for threads, if that is what went wrong.
    pub(crate) fn want_of_threads(&self, symptom: Symptom) -> Option<Cause> {
        let shortage = self.history.shortage?;
        let is_ended = self.exited.is_some();
        match shortage {
            Shortage::Thread if is_ended => Some(Cause::NoThreadIsFatal),
            // It may turn somebody away, until another one has left, whose thread is enough for the next.
            Shortage::Thread => {
                if !matches!(symptom, Symptom::End | Symptom::Reset) {
                    return None;
                }
                let begins = format!("{} lost ", self.at?.label);
                self.turned_away(&begins).then(|| self.what_it_keeps())
            }
            Shortage::ManyThreads => {
                let was_refused = refused_a_thread(&self.stderr) || self.turned_away("");
                was_refused.then(|| self.what_it_keeps())
            }
        }
    }

    /// Whether a client got no thread, by the program's own account, in a line that begins so.
    fn turned_away(&self, begins: &str) -> bool {
        self.said.lines().any(|line| {
            line.starts_with(begins)
                && line.contains(" lost after 0 bytes: ")
                && refused_a_thread(line)
        })
    }

    /// What is left of the threads of those who left: the threads themselves, or their stacks.
    fn what_it_keeps(&self) -> Cause {
        let at_a_socket = [CallKind::Accept, CallKind::Recv, CallKind::Send];
        let waits_for_nobody = |call: SleepingCall| !at_a_socket.contains(&call.kind);
        match self.threads() > MANY || self.parked_calls().any(waits_for_nobody) {
            true => Cause::ThreadsKept,
            false => Cause::StacksKept,
        }
    }
}

/// Whether a text says that a thread could not be started: EAGAIN or ENOMEM, pthread_create(3).
pub(crate) fn refused_a_thread(text: &str) -> bool {
    let words = [
        "failed to spawn thread",
        "(os error 11)",
        "(os error 12)",
        "Os { code: 11,",
        "Os { code: 12,",
    ];
    words.iter().any(|words| text.contains(words))
}
