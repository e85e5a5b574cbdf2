//! The PTY under a terminal: opening it, starting a program in it, typing into it, and ending what ran there.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{InputModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use crate::proc;
use crate::wait::timespec;

/// Kills the program and all processes of its session, and reaps it.
pub(super) fn end_session(child: &mut Child) {
    let leader = child.id();
    let reaped = matches!(child.try_wait(), Ok(Some(_)));
    // The number of a reaped leader stays taken while its session has members; once it names a process again, that
    // one is a stranger.
    if !(reaped && proc::is_running(leader)) {
        for pid in proc::session_members(leader).unwrap_or_default() {
            if let Some(pid) = Pid::from_raw(pid as i32) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
    let _ = child.wait();
}

/// Opens a PTY of this size with the modes a user's terminal has.
pub(super) fn open(cols: u16, rows: u16) -> io::Result<(OwnedFd, OwnedFd)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    // A new PTY has the kernel's sane modes, but is of size 0x0 and does not know that its input is UTF-8.
    let mut modes = tcgetattr(&slave)?;
    modes.input_modes |= InputModes::IUTF8;
    tcsetattr(&slave, OptionalActions::Now, &modes)?;
    tcsetwinsize(&slave, winsize(cols, rows))?;
    rustix::io::ioctl_fionbio(&master, true)?;
    Ok((master, slave))
}

/// Starts the program as a session leader with the slave as its controlling terminal and its three streams.
pub(super) fn start(mut command: Command, slave: OwnedFd) -> io::Result<Child> {
    command.stdin(Stdio::from(slave.try_clone()?));
    command.stdout(Stdio::from(slave.try_clone()?));
    command.stderr(Stdio::from(slave));
    // SAFETY: between fork and exec only two system calls are made; nothing allocates and no lock is taken.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
            Ok(())
        });
    }
    command.spawn()
}

/// Writes all bytes to the master, waiting for room; one writer at a time.
pub(super) fn type_bytes(
    master: &OwnedFd,
    typing: &Mutex<()>,
    bytes: &[u8],
    limit: Duration,
) -> io::Result<()> {
    let _one_at_a_time = typing.lock().unwrap_or_else(PoisonError::into_inner);
    let deadline = Instant::now() + limit;
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(master, rest) {
            Ok(count) => rest = &rest[count..],
            Err(rustix::io::Errno::AGAIN) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if poll(&mut [PollFd::new(master, PollFlags::OUT)], Some(&timespec(left)))? == 0 {
                    let message = format!("the program leaves {} bytes of input untaken", rest.len());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, message));
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

pub(super) fn winsize(cols: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 }
}
