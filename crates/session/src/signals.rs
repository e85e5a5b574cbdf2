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
    // SAFETY: write is async-signal-safe; a full pipe already says that there is something to look at.
    unsafe { libc::write(PIPE.load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
}

/// A descriptor that becomes readable when one of the signals came; one byte for each, its number. Once per process.
pub fn pipe(signals: &[i32]) -> io::Result<OwnedFd> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    PIPE.store(write.as_raw_fd(), Ordering::Relaxed);
    // The handler writes to it for the rest of the process's life.
    std::mem::forget(write);
    for signal in signals {
        install(*signal, note as *const () as libc::sighandler_t)?;
    }
    Ok(read)
}

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
