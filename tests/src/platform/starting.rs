//! Between fork and exec a child has copies of all our descriptors: what we close meanwhile stays open until then, and so does
//! what a program closes of which we have a second descriptor for a moment.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Held for writing while a program is started.
static STARTING: RwLock<()> = RwLock::new(());

/// While this is held, somebody starts a program, and nobody has a second descriptor of another program's socket.
#[derive(Debug)]
pub struct Starting(
    #[expect(dead_code, reason = "held, and not read")] RwLockWriteGuard<'static, ()>,
);

/// Waits until nobody needs that no program is starting.
#[must_use]
pub fn starting() -> Starting {
    Starting(STARTING.write().unwrap_or_else(PoisonError::into_inner))
}

/// While this is held, no program is started.
#[derive(Debug)]
pub struct NoneIsStarting(
    #[expect(dead_code, reason = "held, and not read")] RwLockReadGuard<'static, ()>,
);

/// Waits until no program is starting.
#[must_use]
pub fn none_is_starting() -> NoneIsStarting {
    NoneIsStarting(STARTING.read().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(target_os = "linux")]
pub(super) use borrowed::{Borrowed, borrow};

#[cfg(target_os = "linux")]
mod borrowed {
    use std::io;
    use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
    use std::sync::TryLockError;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{NoneIsStarting, STARTING};

    /// How long to wait for a program that is being started. One that cannot be may itself wait for the answer to a call.
    const PATIENCE: Duration = Duration::from_secs(2);
    const PAUSE: Duration = Duration::from_micros(200);

    /// A second descriptor of a program's socket. It is closed before a program is started.
    #[derive(Debug)]
    pub struct Borrowed {
        // Dropped in this order.
        socket: OwnedFd,
        _none: NoneIsStarting,
    }

    impl AsFd for Borrowed {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.socket.as_fd()
        }
    }

    /// What `take` returns, once no program is being started.
    pub fn borrow(take: impl FnOnce() -> io::Result<OwnedFd>) -> io::Result<Borrowed> {
        let start = Instant::now();
        let none = loop {
            match STARTING.try_read() {
                Ok(guard) => break NoneIsStarting(guard),
                Err(TryLockError::Poisoned(guard)) => break NoneIsStarting(guard.into_inner()),
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::TimedOut.into()),
            }
        };
        Ok(Borrowed {
            socket: take()?,
            _none: none,
        })
    }
}
