//! How a child lives on after its output: it paints one full screen that ends in the marker, and paints it again
//! whenever it is told of a new window. A peer without a screen of its own (dtach) asks for exactly that.

use std::os::fd::{FromRawFd, OwnedFd};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::stdio::{stdin, stdout};
use rustix::termios::tcgetwinsize;

use super::{END, say};

/// Fills the screen row by row and puts the end marker on its last row, so that the marker comes last.
pub fn paint_end() -> Result<()> {
    let rows = tcgetwinsize(stdout()).context("ask for the window's size")?.ws_row.max(2);
    let mut screen = String::from("\x1b[0m\x1b[r\x1b[2J");
    for row in 1..rows {
        screen += &format!("\x1b[{row};1Hrow {row} of a screen that a reader would want back in full");
    }
    screen += &format!("\x1b[{rows};1H{END}");
    say(screen.as_bytes())
}

/// Waits without a single wake-up until the terminal hangs up; keys are read and ignored.
pub fn until_hangup() -> Result<()> {
    let windows = window_changes()?;
    let mut buffer = [0; 512];
    loop {
        let terminal = stdin();
        let mut waits = [PollFd::new(&terminal, PollFlags::IN), PollFd::new(&windows, PollFlags::IN)];
        poll(&mut waits, None).context("wait for the terminal")?;
        let (from_terminal, from_windows) = (waits[0].revents(), waits[1].revents());
        if !from_terminal.is_empty() && matches!(rustix::io::read(terminal, &mut buffer), Ok(0) | Err(_)) {
            return Ok(());
        }
        if !from_windows.is_empty() {
            rustix::io::read(&windows, &mut buffer).context("take the window signal")?;
            paint_end()?;
        }
    }
}

/// A descriptor that becomes readable with every SIGWINCH.
fn window_changes() -> Result<OwnedFd> {
    // SAFETY: the set is initialised by sigemptyset before any other use, and every pointer is to a live local.
    let descriptor = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGWINCH);
        libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        libc::signalfd(-1, &set, libc::SFD_CLOEXEC)
    };
    if descriptor < 0 {
        return Err(std::io::Error::last_os_error()).context("open a descriptor for window signals");
    }
    // SAFETY: signalfd returned a new descriptor that nothing else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
