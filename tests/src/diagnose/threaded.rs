//! Why did that happen, in a program with many threads?

use crate::course::cause::Cause;
use crate::diagnose::symptom::Symptom;
use crate::evidence::Evidence;
use crate::evidence::history::Shortage;
use crate::evidence::settle::Activity;
use crate::platform::{CallKind, SleepingCall};

/// More threads than there are clients at one time where memory was taken away.
const MANY: usize = 12;

/// True if one of its threads sleeps until another one lets it go on, which sleeps at another client, and bytes of this
/// one are unread or were not sent back.
pub(crate) fn sleeps_at_a_lock(seen: &Evidence) -> bool {
    let is_unread = seen
        .row()
        .is_some_and(|row| row.unread > 0 && row.inode != 0);
    let sleeps_at_another = |call: SleepingCall| {
        let connection = seen.connection_of(call);
        connection.is_some_and(|connection| Some(connection) != seen.at)
    };
    seen.activity == Activity::Blocked
        && (is_unread || seen.is_held())
        && seen.parked_calls().any(|call| call.kind == CallKind::Futex)
        && seen.parked_calls().any(sleeps_at_another)
}

/// True if one of its threads sleeps until another one lets it go on, which waits for room in the program's output.
pub(crate) fn waits_for_the_output(seen: &Evidence) -> bool {
    let prints = |call: SleepingCall| call.kind == CallKind::Send && call.descriptor == Some(1);
    seen.parked_calls().any(prints) && seen.parked_calls().any(|call| call.kind == CallKind::Futex)
}

/// What it made of having little room for threads, if that is what went wrong.
pub(crate) fn thread_shortage_cause(seen: &Evidence, symptom: Symptom) -> Option<Cause> {
    match seen.history.shortage? {
        Shortage::Thread if seen.exited.is_some() => Some(Cause::NoThreadIsFatal),
        // It may turn a client away until another one has left, whose thread is enough for the next.
        Shortage::Thread => {
            let is_cut_off = matches!(symptom, Symptom::End | Symptom::Reset);
            let client = seen.at?.client()?;
            let was_refused = is_cut_off && turned_away(seen, |one| one == client);
            was_refused.then(|| what_it_keeps(seen))
        }
        Shortage::ManyThreads => {
            let says_so = seen.last_words.errors.is_refused_thread();
            let was_refused = says_so || turned_away(seen, |_| true);
            was_refused.then(|| what_it_keeps(seen))
        }
    }
}

/// True if a client that `is_meant` got no thread, by the program's own account.
fn turned_away(seen: &Evidence, is_meant: impl Fn(u64) -> bool) -> bool {
    let mut lost = seen.log.lost();
    lost.any(|(client, bytes, reason)| is_meant(client) && bytes == 0 && reason.is_refused_thread())
}

/// What is left of the threads of clients that left: the threads themselves, or their stacks.
fn what_it_keeps(seen: &Evidence) -> Cause {
    let at_a_socket = [CallKind::Accept, CallKind::Recv, CallKind::Send];
    let waits_for_no_client = |call: SleepingCall| !at_a_socket.contains(&call.kind);
    if seen.threads() > MANY || seen.parked_calls().any(waits_for_no_client) {
        Cause::ThreadsKept
    } else {
        Cause::StacksKept
    }
}
