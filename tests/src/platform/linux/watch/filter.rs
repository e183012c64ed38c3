//! Which system calls are reported, as a filter for the kernel: seccomp(2), and its little machine, bpf(2).

use libc::sock_filter;

use crate::platform::Watching;

/// The processor that the numbers of the calls belong to, as linux/audit.h has it. `None` where we do not know it.
const PROCESSOR: Option<u32> = if cfg!(target_arch = "x86_64") {
    Some(0xC000_003E)
} else if cfg!(target_arch = "aarch64") {
    Some(0xC000_00B7)
} else {
    None
};

/// When a call with a given number is reported.
#[derive(Clone, Copy)]
enum When {
    Always,
    /// Its argument N, a number of milliseconds, is greater than zero.
    Limited(u32),
    /// Its argument N, a pointer, is not null.
    Given(u32),
    /// A wait at a futex with a timeout: futex(2).
    LimitedFutex,
    /// Its first argument is standard output.
    ToStandardOutput,
}

/// Calls that are always reported.
const RARE: &[(libc::c_long, When)] = &[
    (libc::SYS_nanosleep, When::Always),
    (libc::SYS_clock_nanosleep, When::Always),
    (libc::SYS_clone, When::Always),
    (libc::SYS_clone3, When::Always),
    (libc::SYS_setsockopt, When::Always),
    (libc::SYS_bind, When::Always),
    (libc::SYS_listen, When::Always),
    (libc::SYS_timerfd_create, When::Always),
    (libc::SYS_timer_create, When::Always),
    (libc::SYS_setitimer, When::Always),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_alarm, When::Always),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_fork, When::Always),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_vfork, When::Always),
    (libc::SYS_futex, When::LimitedFutex),
];

/// Waits for sockets, reported where they have a timeout.
const WAITS: &[(libc::c_long, When)] = &[
    (libc::SYS_ppoll, When::Given(2)),
    (libc::SYS_pselect6, When::Given(4)),
    (libc::SYS_epoll_pwait, When::Limited(3)),
    (libc::SYS_epoll_pwait2, When::Given(3)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, When::Limited(2)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, When::Given(4)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, When::Limited(3)),
];

/// Calls on sockets, reported where every call is.
const ON_SOCKETS: &[libc::c_long] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_close,
    libc::SYS_connect,
    libc::SYS_getsockopt,
    libc::SYS_ioctl,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_splice,
    libc::SYS_sendfile,
];

/// The filter. `None` on a processor that we do not know.
pub(super) fn filter(watching: Watching) -> Option<Vec<sock_filter>> {
    let mut calls: Vec<(libc::c_long, When)> = RARE.to_vec();
    match watching {
        Watching::Rare => {
            calls.extend(WAITS);
            calls.push((libc::SYS_write, When::ToStandardOutput));
        }
        Watching::Every => {
            calls.extend(WAITS.iter().map(|(number, _)| (*number, When::Always)));
            calls.extend(ON_SOCKETS.iter().map(|number| (*number, When::Always)));
        }
    }
    let mut program = vec![
        load(OFFSET_OF_PROCESSOR),
        // Another processor's numbers mean other calls.
        jump(libc::BPF_JEQ, PROCESSOR?, 1, 0),
        ALLOW,
        load(OFFSET_OF_NUMBER),
    ];
    for (number, when) in calls {
        let block = block(when);
        let skip = u8::try_from(block.len()).ok()?;
        program.push(jump(libc::BPF_JEQ, u32::try_from(number).ok()?, 0, skip));
        program.extend(block);
    }
    program.push(ALLOW);
    Some(program)
}

/// What decides about a call once its number is known. It always ends in an answer.
fn block(when: When) -> Vec<sock_filter> {
    match when {
        When::Always => vec![REPORT],
        When::Limited(argument) => vec![
            load(low_half(argument)),
            jump(libc::BPF_JEQ, 0, 1, 0),
            // The highest bit is that of a negative number: no timeout.
            jump(libc::BPF_JSET, 1 << 31, 0, 1),
            ALLOW,
            REPORT,
        ],
        When::Given(argument) => is_given(argument),
        When::LimitedFutex => {
            let mut block = vec![
                load(low_half(1)),
                statement(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, COMMAND),
                jump(libc::BPF_JEQ, libc::FUTEX_WAIT as u32, 2, 0),
                jump(libc::BPF_JEQ, libc::FUTEX_WAIT_BITSET as u32, 1, 0),
                ALLOW,
            ];
            block.extend(is_given(3));
            block
        }
        When::ToStandardOutput => vec![
            load(low_half(0)),
            jump(libc::BPF_JEQ, libc::STDOUT_FILENO as u32, 0, 1),
            REPORT,
            ALLOW,
        ],
    }
}

fn is_given(argument: u32) -> Vec<sock_filter> {
    vec![
        load(low_half(argument)),
        jump(libc::BPF_JEQ, 0, 0, 2),
        load(low_half(argument) + 4),
        jump(libc::BPF_JEQ, 0, 1, 0),
        REPORT,
        ALLOW,
    ]
}

/// The part of a futex operation that is no flag.
const COMMAND: u32 = 0x7f;

/// Where the fields of `struct seccomp_data` stand, in bytes. The low half of an argument comes first on the processors
/// that we know.
const OFFSET_OF_NUMBER: u32 = 0;
const OFFSET_OF_PROCESSOR: u32 = 4;
const OFFSET_OF_ARGUMENTS: u32 = 16;

const fn low_half(argument: u32) -> u32 {
    OFFSET_OF_ARGUMENTS + 8 * argument
}

const REPORT: sock_filter = statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_USER_NOTIF);
const ALLOW: sock_filter = statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW);

fn load(offset: u32) -> sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

/// Compares with `value`, and skips so many statements when it is so, and when it is not.
fn jump(how: u32, value: u32, then: u8, otherwise: u8) -> sock_filter {
    sock_filter {
        jt: then,
        jf: otherwise,
        ..statement(libc::BPF_JMP | how | libc::BPF_K, value)
    }
}

const fn statement(code: u32, value: u32) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k: value,
    }
}
