//! Signals as something to poll: a handler writes one byte into a pipe. Portable, unlike signalfd, and a program
//! started by us does not inherit a blocked mask.

use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

static PIPE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn note(signal: libc::c_int) {
    let byte = signal as u8;
    // SAFETY: write is async-signal-safe; a full pipe already says that there is something to look at. errno is this
    // thread's own and lives as long as it; whoever was interrupted between a call and a look at it finds it unchanged.
    unsafe {
        let errno = errno();
        let before = *errno;
        libc::write(PIPE.load(Ordering::Relaxed), (&raw const byte).cast(), 1);
        *errno = before;
    }
}

/// Where this thread's errno is; async-signal-safe.
fn errno() -> *mut libc::c_int {
    #[cfg(target_os = "linux")]
    // SAFETY: gives an address, nothing else.
    return unsafe { libc::__errno_location() };
    #[cfg(not(target_os = "linux"))]
    // SAFETY: gives an address, nothing else.
    return unsafe { libc::__error() };
}

/// A descriptor that becomes readable when one of the signals came; one byte for each, its number. Once per process.
pub fn pipe(signals: &[i32]) -> io::Result<OwnedFd> {
    debug_assert_eq!(PIPE.load(Ordering::Relaxed), -1, "one pipe for all signals of a process");
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    PIPE.store(write.as_raw_fd(), Ordering::Relaxed);
    // The handler writes to it for the rest of the process's life.
    std::mem::forget(write);
    for signal in signals {
        install(*signal, note as *const () as libc::sighandler_t)?;
    }
    Ok(read)
}

/// What would end or stop a process that outlives every terminal. A file that may not grow (SIGXFSZ) is an error of a
/// write where it is ignored, like a full disk.
pub const OF_TERMINALS: [i32; 6] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGPIPE, libc::SIGTSTP, libc::SIGXFSZ];

/// Lets signals pass without effect.
pub fn ignore(signals: &[i32]) {
    for signal in signals {
        let _ = install(*signal, libc::SIG_IGN);
    }
}

/// Has signals do again what they do in any process.
pub fn restore(signals: &[i32]) {
    for signal in signals {
        let _ = install(*signal, libc::SIG_DFL);
    }
}

/// The numbers of the signals that came.
pub fn drain(pipe: &OwnedFd) -> Vec<i32> {
    let mut bytes = [0; 64];
    match rustix::io::read(pipe, &mut bytes) {
        Ok(count) => bytes[..count].iter().map(|byte| i32::from(*byte)).collect(),
        Err(_) => Vec::new(),
    }
}

fn install(signal: i32, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: a zeroed sigaction is a valid one, and the handler is async-signal-safe.
    let result = unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal, &action, std::ptr::null_mut())
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test for both: there is one pipe.
    #[test]
    fn a_signal_leaves_errno_alone_and_there_is_one_pipe() {
        let signals = pipe(&[libc::SIGUSR1]).unwrap();
        let write = PIPE.load(Ordering::Relaxed);
        // SAFETY: the pipe's end stays open for ever.
        let write = unsafe { std::os::fd::BorrowedFd::borrow_raw(write) };
        while rustix::io::write(write, &[0; 4096]).is_ok() {}
        // SAFETY: a path that ends in zero, and a signal that is handled; the full pipe makes the handler's write fail.
        let error = unsafe {
            libc::open(c"/no/such/file".as_ptr(), 0);
            libc::raise(libc::SIGUSR1);
            io::Error::last_os_error()
        };
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
        assert!(!drain(&signals).is_empty());
        assert!(std::panic::catch_unwind(|| pipe(&[])).is_err());
    }
}
