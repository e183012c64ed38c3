//! What no program does that waits only for its other side, as its system calls show: its own sleeps, and limits of time.

use crate::course::cause::Cause;
use crate::diagnose::failure::Outcome;
use crate::evidence::calls::{CallLog, OwnWait};
use crate::harness::context::CheckContext;
use crate::platform::SocketOption;
use crate::text::duration;

/// Among `calls` is no sleep, no timer, and no wait with a timeout of less than a minute.
pub(crate) fn no_waits_of_its_own(
    context: &CheckContext,
    calls: Option<CallLog>,
    expected: &str,
) -> Outcome {
    match calls.and_then(|calls| calls.own_waits().next()) {
        None => Ok(()),
        Some(wait) => Err(context.fail_because(
            match wait {
                OwnWait::Sleep(_) => Cause::SleepsOnItsOwn,
                _ => Cause::WakesOnATimer,
            },
            expected,
            words(wait),
        )),
    }
}

/// The program has set no limit of time that counts, on any socket.
pub(crate) fn no_time_limits(
    context: &CheckContext,
    counts: impl Fn(SocketOption) -> bool,
) -> Outcome {
    let calls = context.calls();
    match calls.and_then(|calls| calls.time_limits(counts).next()) {
        None => Ok(()),
        Some(name) => Err(context.fail_because(
            Cause::GivesUpAfterATime,
            "sockets without a limit of time",
            format!("it has set {name}"),
        )),
    }
}

/// No small piece is kept back in the kernel in the hope of more.
pub(crate) fn no_held_back_bytes(context: &CheckContext) -> Outcome {
    match context.calls().and_then(|calls| calls.holds_back()) {
        None => Ok(()),
        Some(name) => Err(context.fail_because(
            Cause::DelayedByAnOption,
            "a program that lets the kernel send at once",
            format!("it has asked the kernel to wait for more, by {name}, and nothing followed"),
        )),
    }
}

fn words(wait: OwnWait) -> String {
    match wait {
        OwnWait::Sleep(length) => format!("a sleep of {}", duration(length)),
        OwnWait::ForSockets(length) => {
            format!(
                "a wait for sockets that gives up after {}",
                duration(length)
            )
        }
        OwnWait::ForAThread(length) => format!(
            "a wait for another thread that gives up after {}",
            duration(length)
        ),
        OwnWait::Timer => "a timer".into(),
    }
}
