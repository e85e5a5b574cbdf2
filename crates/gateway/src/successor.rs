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

/// The first descriptor that is inherited, as systemd passes sockets, unless this variable tells another.
const FIRST: i32 = 3;
/// What programs that the server starts have no use for.
pub const SOCKETS_VARIABLE: &str = "LISTEN_FDS_FIRST_FD";
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
    // They are there until the process is the other one.
    match in_a_row(listeners).and_then(|row| Ok((prepare(&row)?, row))) {
        Ok((mut command, _row)) => command.exec(),
        Err(error) => error,
    }
}

/// The sockets under numbers in a row that nobody has. Threads go on with theirs to the very last, and one that closed a
/// number that a socket was put under would close the socket.
fn in_a_row(listeners: &[OwnedFd]) -> io::Result<Vec<OwnedFd>> {
    let mut row: Vec<OwnedFd> = Vec::new();
    let mut next = FIRST;
    while let Some(socket) = listeners.get(row.len()) {
        let copy = fcntl_dupfd_cloexec(socket, next)?;
        if copy.as_raw_fd() != next {
            // Somebody has one among them: from here on there may be room.
            row.clear();
            next = copy.as_raw_fd();
            continue;
        }
        row.push(copy);
        next += 1;
    }
    Ok(row)
}

fn prepare(row: &[OwnedFd]) -> io::Result<Command> {
    for socket in row {
        fcntl_setfd(socket, FdFlags::empty())?;
    }
    let mut command = Command::new(session::binary::present()?);
    command.args(std::env::args_os().skip(1));
    command.env("LISTEN_FDS", row.len().to_string()).env("LISTEN_PID", std::process::id().to_string());
    command.env(SOCKETS_VARIABLE, row.first().map_or(FIRST, |socket| socket.as_raw_fd()).to_string());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn sockets_are_put_in_a_row_where_nobody_has_a_number() {
        let zeros = || File::open("/dev/zero").expect("open a file");
        let mut files: Vec<File> = (0..40).map(|_| zeros()).collect();
        // Gaps that are too small.
        for number in [30, 20, 19, 10] {
            drop(files.remove(number));
        }
        let sockets: Vec<OwnedFd> =
            (0..3).map(|_| TcpListener::bind("127.0.0.1:0").expect("listen").into()).collect();
        let row = in_a_row(&sockets).expect("there is room");
        let numbers: Vec<i32> = row.iter().map(|socket| socket.as_raw_fd()).collect();
        assert_eq!(numbers, [numbers[0], numbers[0] + 1, numbers[0] + 2]);
        for (one, other) in sockets.iter().zip(row) {
            let address = |socket: OwnedFd| TcpListener::from(socket).local_addr().expect("it listens");
            assert_eq!(address(one.try_clone().expect("copy it")), address(other));
        }
        let zero = |file: &File| std::io::Read::read(&mut &*file, &mut [1]).is_ok_and(|count| count == 1);
        assert!(files.iter().all(zero), "each file is what it was");
    }
}
