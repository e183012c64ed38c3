//! How much a process may use: getrlimit(2), setrlimit(2), prlimit(2).
#![expect(
    unsafe_code,
    reason = "system calls that the standard library does not wrap"
)]

use std::io;

use crate::platform::Limits;

/// The type of a resource's name.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
type Resource = libc::c_int;

/// Bytes of the main thread's stack, as systems have it where nobody has changed it.
const STACK: u64 = 8 << 20;

/// How many descriptors this system lets us allow to a program.
#[must_use]
pub fn descriptors_allowed() -> u64 {
    limit_of(libc::RLIMIT_NOFILE).map_or(u64::MAX, |limit| limit.rlim_max)
}

/// Bytes of address space that this system lets us allow to a program.
#[must_use]
pub fn address_space_allowed() -> u64 {
    limit_of(libc::RLIMIT_AS).map_or(u64::MAX, |limit| limit.rlim_max)
}

/// Lets this process, and those that it starts, open as many descriptors as this system lets us.
pub fn allow_ourselves_descriptors() {
    // Where it is refused, there are fewer clients, and it is said how many.
    let _ = limit(libc::RLIMIT_NOFILE, u64::MAX);
}

/// Whether this system lets us set limits at all: one is set to what it is.
///
/// # Errors
///
/// When it does not.
pub fn may_set_limits() -> io::Result<()> {
    let core = limit_of(libc::RLIMIT_CORE)?;
    limit_to(libc::RLIMIT_CORE, core)
}

/// Sets `limits` for this process, but for the one on descriptors. Between fork and exec it makes no other calls than getrlimit and setrlimit, and
/// allocates nothing.
pub(super) fn set(limits: Limits) -> io::Result<()> {
    limit(libc::RLIMIT_CORE, 0)?;
    limit(libc::RLIMIT_CPU, limits.cpu_seconds)?;
    limit(libc::RLIMIT_FSIZE, limits.file_size)?;
    limit(libc::RLIMIT_STACK, STACK)?;
    // Elsewhere than on Linux the kernel refuses or ignores a limit on address space.
    #[cfg(target_os = "linux")]
    limit(libc::RLIMIT_AS, limits.memory)?;
    Ok(())
}

/// Sets the limit on the descriptors of this process, in the same way.
pub(super) fn limit_descriptors(limits: Limits) -> io::Result<()> {
    limit(libc::RLIMIT_NOFILE, limits.descriptors)
}

fn limit_of(resource: Resource) -> io::Result<libc::rlimit> {
    let mut value = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `value` lives on our stack for the length of the call.
    match unsafe { libc::getrlimit(resource, &raw mut value) } {
        0 => Ok(value),
        _ => Err(io::Error::last_os_error()),
    }
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let mut value = limit_of(resource)?;
    // What is forbidden to us already, we cannot allow to others.
    value.rlim_max = value.rlim_max.min(most as libc::rlim_t);
    value.rlim_cur = value.rlim_max;
    limit_to(resource, value)
}

fn limit_to(resource: Resource, value: libc::rlimit) -> io::Result<()> {
    // SAFETY: `value` lives on our stack for the length of the call.
    match unsafe { libc::setrlimit(resource, &raw const value) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes address space beyond `most` bytes away from process `pid`, which runs already.
#[cfg(target_os = "linux")]
pub(super) fn limit_address_space(pid: u32, most: u64) -> io::Result<()> {
    let value = libc::rlimit {
        rlim_cur: most as libc::rlim_t,
        rlim_max: most as libc::rlim_t,
    };
    // SAFETY: `value` lives on our stack for the length of the call, and a null pointer asks for no old limit.
    let done = unsafe {
        libc::prlimit(
            pid as libc::pid_t,
            libc::RLIMIT_AS,
            &raw const value,
            std::ptr::null_mut(),
        )
    };
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
