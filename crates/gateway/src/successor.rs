//! A server that becomes another binary, in the same process and on the same socket. Who connects meanwhile waits in the
//! system's queue, so that no request fails; who watched connects again and goes on where he was.

use rustix::io::{FdFlags, fcntl_setfd};
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The first descriptor that is inherited, as systemd passes sockets.
const FIRST: i32 = 3;
/// How long a new binary may take to tell its version.
const TELLS_WITHIN: Duration = Duration::from_secs(5);
/// Between two looks whether it did.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The listening socket that this process was started with, if it was: by systemd, or by the server before it.
pub(crate) fn inherited() -> io::Result<Option<TcpListener>> {
    let socket = listenfd::ListenFd::from_env().take_tcp_listener(0)?;
    if let Some(socket) = &socket {
        socket.set_nonblocking(true)?;
        fcntl_setfd(socket, FdFlags::CLOEXEC)?;
    }
    Ok(socket)
}

/// The binary that this process would be if it were started now: its file may have been replaced.
pub(crate) fn binary() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let text = path.to_string_lossy();
    Ok(text.strip_suffix(" (deleted)").map_or_else(|| path.clone(), PathBuf::from))
}

/// Makes sure that a binary starts at all.
pub(crate) fn try_out(binary: &PathBuf) -> io::Result<()> {
    let mut command = Command::new(binary);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let end = Instant::now() + TELLS_WITHIN;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("it ends with {status}"))),
            None if Instant::now() >= end => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(io::Error::new(io::ErrorKind::TimedOut, "it does not tell its version"));
            }
            None => std::thread::sleep(LOOK_EVERY),
        }
    }
}

/// Becomes the binary, with the words that this process was started with. Comes back only with the reason why not.
pub fn become_successor(listener: OwnedFd) -> io::Error {
    let binary = match binary() {
        Ok(binary) => binary,
        Err(error) => return error,
    };
    // SAFETY: the number is a socket's of ours; what had the first number, if anything, is not used any more.
    if unsafe { libc::dup2(listener.as_raw_fd(), FIRST) } < 0 {
        return io::Error::last_os_error();
    }
    if listener.as_raw_fd() == FIRST {
        // It is there already, and only must not be closed.
        if let Err(error) = fcntl_setfd(&listener, FdFlags::empty()) {
            return error.into();
        }
    }
    let mut command = Command::new(binary);
    command.args(std::env::args_os().skip(1));
    command.env("LISTEN_FDS", "1").env("LISTEN_PID", std::process::id().to_string());
    command.exec()
}
