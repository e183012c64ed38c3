//! The one way to wait: how it ends, on activities made up here, without processes.

use lab::evidence::settle::Activity;
use lab::evidence::wait::{Wait, Waited, wait_until};
use lab::process::deadline::Deadline;

#[test]
fn what_is_there_already_is_not_waited_for() {
    let observe = |_: &mut _| panic!("the program is not looked at");
    let waited = wait_until(Deadline::start(), observe, || Some(1));
    assert_eq!(waited, Waited::Reached(1));
}

#[test]
fn a_program_that_has_settled_is_waited_for_no_longer() {
    let mut looks = 0;
    let waited = wait_until(
        Deadline::start(),
        |_| Activity::Spinning,
        || {
            looks += 1;
            None::<()>
        },
    );
    assert_eq!(waited, Waited::Settled(Activity::Spinning));
    assert_eq!(looks, 2, "one look, and one more after it had settled");
}

#[test]
fn what_a_program_did_last_is_seen() {
    let mut looks = 0;
    let waited = wait_until(
        Deadline::start(),
        |_| Activity::Exited,
        || {
            looks += 1;
            (looks == 2).then_some("last words")
        },
    );
    assert_eq!(waited.reached(), Some("last words"));
}

#[test]
fn a_program_at_work_is_waited_for_until_the_deadline() {
    let waited = wait_until(Deadline::short(), |_| Activity::Running, || None::<()>);
    assert_eq!(waited, Waited::TimedOut);
}

#[test]
fn progress_begins_the_wait_again() {
    let mut wait = Wait::until(Deadline::start());
    assert_eq!(wait.goes_on::<()>(|_| Activity::Blocked), Ok(()));
    wait.begin_again();
    assert_eq!(wait.goes_on::<()>(|_| Activity::Running), Ok(()));
    assert_eq!(wait.goes_on::<()>(|_| Activity::Blocked), Ok(()));
    let over = Err(Waited::Settled(Activity::Blocked));
    assert_eq!(wait.goes_on::<()>(|_| Activity::Running), over);
}
