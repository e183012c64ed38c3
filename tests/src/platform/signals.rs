//! Signals: those that we send, and those that whoever started us has chosen to ignore: kill(2), sigaction(2), prctl(2),
//! waitid(2).
#![expect(
    unsafe_code,
    reason = "system calls that the standard library does not wrap"
)]

use std::io;
use std::process::Command;

/// The signals that ask us to end.
const REQUESTS: [libc::c_int; 3] = [libc::SIGHUP, libc::SIGINT, libc::SIGTERM];

/// The highest number of a signal that every system has.
const LAST: libc::c_int = 31;

/// The requests to end that were ignored when this process was started, as nohup(1) does it with the hang-up.
#[derive(Debug)]
pub struct Ignored(Vec<libc::c_int>);

impl Ignored {
    /// Looks. Whoever handles signals does it before.
    #[must_use]
    pub fn now() -> Self {
        Self(
            REQUESTS
                .into_iter()
                .filter(|number| is_ignored(*number))
                .collect(),
        )
    }

    /// Ignores them again.
    pub fn stay(&self) {
        self.0
            .iter()
            .for_each(|number| set_action(*number, libc::SIG_IGN));
    }
}

/// Lets us hear of children that end, even if whoever started us did not want to: wait(2).
pub fn hear_of_children() {
    set_action(libc::SIGCHLD, libc::SIG_DFL);
}

/// Ends the process group that `pid` leads. It is no error if nobody is left in it.
pub fn end_group(pid: u32) {
    send(-(pid as libc::pid_t), libc::SIGKILL);
}

/// Asks process `pid` to end.
pub fn ask_to_end(pid: u32) {
    send(pid as libc::pid_t, libc::SIGTERM);
}

/// Stops process `pid` with all its threads. It may take a moment to show.
#[must_use]
pub fn stop(pid: u32) -> bool {
    send(pid as libc::pid_t, libc::SIGSTOP)
}

/// Lets a stopped process go on.
pub fn resume(pid: u32) {
    send(pid as libc::pid_t, libc::SIGCONT);
}

/// Makes `command` end when this thread does. For what a process that was killed would leave behind.
pub fn end_with_us(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; this makes none but prctl.
    unsafe { command.pre_exec(|| die_with_parent(libc::SIGTERM)) };
}

/// `command` starts a process group of its own, which ends with it.
pub fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// Stops us, with all that shares our terminal's attention, until somebody lets us go on: what Ctrl-Z does.
pub fn stop_ourselves() {
    // SAFETY: it sends a signal to our own process group, and touches no memory.
    unsafe { libc::kill(0, libc::SIGTSTP) };
}

/// Whether this process has a child, or one that has ended and that nobody has waited for.
#[cfg(target_os = "linux")]
#[must_use]
pub fn has_children() -> bool {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: siginfo_t is plain data, for which zeroes are valid; the call writes it on our stack, and WNOWAIT leaves
    // every child as it is.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        libc::waitid(libc::P_ALL, 0, &raw mut info, flags) == 0
    }
}

/// Kills one process.
#[cfg(target_os = "linux")]
pub(super) fn kill(pid: u32) {
    send(pid as libc::pid_t, libc::SIGKILL);
}

/// Whether one process that was our child is gone for good.
#[cfg(target_os = "linux")]
pub(super) fn is_reaped(pid: u32) -> bool {
    // SAFETY: a null status pointer is allowed; waitpid touches no other memory of ours.
    unsafe { libc::waitpid(pid as libc::pid_t, std::ptr::null_mut(), libc::WNOHANG) != 0 }
}

/// Gives every signal its usual meaning. Between fork and exec it makes no other call than sigaction.
pub(super) fn forget_all() {
    // Some cannot be changed, and keep theirs.
    (1..=LAST).for_each(|number| set_action(number, libc::SIG_DFL));
}

#[cfg(target_os = "linux")]
pub(super) fn die_with_parent(signal: libc::c_int) -> io::Result<()> {
    // SAFETY: prctl with this option reads one integer and touches no memory.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn die_with_parent(_signal: libc::c_int) -> io::Result<()> {
    Ok(())
}

fn send(pid: libc::pid_t, number: libc::c_int) -> bool {
    // SAFETY: kill takes two integers and touches no memory.
    unsafe { libc::kill(pid, number) == 0 }
}

fn is_ignored(number: libc::c_int) -> bool {
    // SAFETY: sigaction is plain data, for which zeroes are valid; the call only writes it, on our stack.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(number, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

fn set_action(number: libc::c_int, action: libc::sighandler_t) {
    // SAFETY: the action is one of the two that name no function of ours.
    unsafe { libc::signal(number, action) };
}
