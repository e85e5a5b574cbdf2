//! A server that becomes another binary, in the same process and on the same socket. Who connects meanwhile waits in the
//! system's queue, so that no request fails; who watched connects again and goes on where he was.

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The first descriptor that is inherited, as systemd passes sockets.
const FIRST: i32 = 3;
/// How long a new binary may take to tell its version.
const TELLS_WITHIN: Duration = Duration::from_secs(5);

/// The listening sockets that this process was started with: one by systemd, or all that the server before it had.
pub(crate) fn inherited() -> io::Result<VecDeque<TcpListener>> {
    let mut given = listenfd::ListenFd::from_env();
    let mut sockets = VecDeque::new();
    for number in 0..given.len() {
        let Some(socket) = given.take_tcp_listener(number)? else { continue };
        socket.set_nonblocking(true)?;
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        sockets.push_back(socket);
    }
    Ok(sockets)
}

/// Makes sure that a binary starts at all. It ends with who waits for it.
pub(crate) async fn try_out(binary: &Path) -> io::Result<()> {
    let mut command = tokio::process::Command::new(binary);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let told = tokio::time::timeout(TELLS_WITHIN, command.kill_on_drop(true).status()).await;
    let status =
        told.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "it does not tell its version"))??;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("it ends with {status}"))),
    }
}

/// Becomes the binary, with the words that this process was started with. Comes back only with the reason why not.
pub fn become_successor(listeners: &[OwnedFd]) -> io::Error {
    match prepare(listeners) {
        Ok(mut command) => command.exec(),
        Err(error) => error,
    }
}

fn prepare(listeners: &[OwnedFd]) -> io::Result<Command> {
    let count = i32::try_from(listeners.len()).map_err(io::Error::other)?;
    // Out of the way of each other first.
    let moved: Vec<OwnedFd> = listeners
        .iter()
        .map(|socket| fcntl_dupfd_cloexec(socket, FIRST + count))
        .collect::<Result<_, _>>()?;
    for (number, socket) in (FIRST..).zip(&moved) {
        // SAFETY: the first number is a socket's of ours; what had the second, if anything, is not used any more.
        if unsafe { libc::dup2(socket.as_raw_fd(), number) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    let mut command = Command::new(session::binary::present()?);
    command.args(std::env::args_os().skip(1));
    command.env("LISTEN_FDS", count.to_string()).env("LISTEN_PID", std::process::id().to_string());
    Ok(command)
}
