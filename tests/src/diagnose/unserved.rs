//! Why does a client get nothing: because the program does not read from it?

use crate::course::cause::Cause;
use crate::evidence::Evidence;
use crate::evidence::settle::Activity;
use crate::platform::CallKind;

/// Why a connection got nothing, if the reason is that the program is not reading from it.
pub(crate) fn why_unserved(seen: &Evidence) -> Option<Cause> {
    let row = seen.row()?;
    // A call that is seen in a program that comes round and round is about to return.
    let comes_round = seen.activity == Activity::Spinning;
    let mut parked = seen.parked_calls().filter(|_| !comes_round);
    let waits_for_another = parked.any(|call| {
        let connection = seen.connection_of(call);
        matches!(call.kind, CallKind::Recv | CallKind::Send)
            && connection.is_some_and(|connection| Some(connection) != seen.at)
    });
    if row.inode != 0 {
        return (row.unread > 0 && waits_for_another).then_some(Cause::WaitsForAnother);
    }
    // Still in the backlog.
    if seen.history.was_reset && seen.ticks() && keeps_a_client(seen) {
        return Some(Cause::ErrorIgnored);
    }
    Some(match (waits_for_another, accepted_before(seen)) {
        (true, _) => Cause::WaitsForAnother,
        (false, true) if seen.ticks() && seen.others_are_full() => Cause::WaitsForAnother,
        (false, true) if seen.sleeps_until_a_change() => Cause::EdgeNotDrained,
        (false, _) if seen.sleeps_until_ready() && !seen.sleeps_until_a_change() => {
            Cause::InterestMissing
        }
        (false, true) => Cause::AcceptsOnce,
        (false, false) => Cause::NeverAccepted,
    })
}

/// True if it waits for a client to say something, and has only to greet it.
pub(crate) fn waits_for_a_word(seen: &Evidence) -> bool {
    seen.history.only_greets
        && seen.activity == Activity::Blocked
        && seen.parked_calls().any(|call| call.kind == CallKind::Recv)
}

/// True if it goes on serving a client, by its own account.
fn keeps_a_client(seen: &Evidence) -> bool {
    seen.log.connected() > seen.log.departed()
}

/// True if the program has accepted any connection yet, as far as our peers can tell.
fn accepted_before(seen: &Evidence) -> bool {
    let Some(at) = seen.at else { return false };
    let mut earlier = seen.connections.iter().take_while(|other| *other != at);
    seen.log.connected() > 0 || earlier.any(|connection| seen.was_accepted(connection))
}
