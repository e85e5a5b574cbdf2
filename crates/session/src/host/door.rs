//! The host's door: the socket at which clients knock. It is open at its path whatever becomes of the file there, and
//! to those who have something to say, however many have not.

use super::Host;
use super::clients::Clients;
use super::inside::is_within;
use crate::home::make_private;
use crate::{Error, Result, log, signals};
use rustix::io::{Errno, FdFlags, dup2, fcntl_setfd, ioctl_fionbio};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use rustix::process::Uid;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Clients let in at once: far fewer than there may be, so that each is heard before it could be sent away for others.
const GUESTS_AT_ONCE: usize = 32;
/// How long nobody is let in when the system has no descriptor left. Who knocks keeps `poll` from sleeping.
const SHUT_FOR: Duration = Duration::from_millis(100);

/// The listening socket, and who says that it cannot be found.
pub(super) struct Door {
    listener: OwnedFd,
    path: PathBuf,
    /// Readable when somebody who found no socket rang: [`crate::crew::ring`].
    bell: OwnedFd,
    /// Nobody is let in before.
    shut_until: Option<Instant>,
    /// Whether the log says so already.
    complained: bool,
}

impl Door {
    pub(super) fn new(listener: OwnedFd, path: &str) -> io::Result<Self> {
        let bell = signals::pipe(&[libc::SIGURG])?;
        Ok(Self { listener, path: path.into(), bell, shut_until: None, complained: false })
    }

    /// The socket, unless nobody can be let in just now.
    pub(super) fn listener(&self) -> Option<BorrowedFd<'_>> {
        self.shut_until.is_none().then(|| self.listener.as_fd())
    }

    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// When to let somebody in again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.shut_until
    }

    /// Lets in who knocks; below these are the programs of the session.
    fn admit(&mut self, clients: &mut Clients, roots: [u32; 2]) {
        for _ in 0..GUESTS_AT_ONCE {
            match accept(&self.listener) {
                Ok(socket) if is_one_of_us(&socket) => {
                    self.complained = false;
                    let within = is_within(&socket, roots);
                    clients.admit(socket, within);
                }
                Ok(_) | Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(Errno::AGAIN) => return,
                Err(error) => {
                    if !std::mem::replace(&mut self.complained, true) {
                        log::error("host", format_args!("cannot let clients in: {error}"));
                    }
                    self.shut_until = Some(Instant::now() + SHUT_FOR);
                    return;
                }
            }
        }
    }

    /// Makes sure that whoever connects to the path comes to us. The new socket takes the number of the old one, under
    /// which it is handed on; a keeper that gives its next host the old one finds it here again.
    pub(super) fn restore(&mut self) -> Result<()> {
        if leads_somewhere(&self.path) {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            make_private(folder)?;
        }
        self.bind_again().map_err(|error| Error::io(&self.path, error))
    }

    fn bind_again(&mut self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&self.path)?;
        listener.set_nonblocking(true)?;
        dup2(&listener, &mut self.listener)?;
        Ok(fcntl_setfd(&self.listener, FdFlags::CLOEXEC)?)
    }
}

impl Host {
    /// Lets clients in, and sends those away who have nothing to say.
    pub(super) fn tend_door(&mut self, knocked: bool, rung: bool) {
        let now = Instant::now();
        self.door.shut_until.take_if(|until| *until <= now);
        if rung {
            signals::drain(&self.door.bell);
            if let Err(error) = self.door.restore() {
                log::error("host", format_args!("cannot open the socket again: {error}"));
            }
        }
        if knocked {
            let roots = self.roots();
            self.door.admit(&mut self.clients, roots);
        }
    }
}

/// Whether anybody listens at the path: nobody but us does.
fn leads_somewhere(path: &Path) -> bool {
    let knock = || {
        let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        // We are the one who would have to make room in a full queue.
        ioctl_fionbio(&socket, true)?;
        rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)
    };
    !matches!(knock(), Err(Errno::NOENT | Errno::CONNREFUSED | Errno::NOTDIR | Errno::NOTSOCK))
}

fn accept(listener: impl AsFd) -> rustix::io::Result<OwnedFd> {
    let socket = rustix::net::accept(listener)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    Ok(socket)
}

fn is_one_of_us(socket: impl AsFd) -> bool {
    may_enter(peer_uid(socket), rustix::process::getuid())
}

/// Our own user may, and root, who may do everything anyhow. Of whom the system says nothing, nothing is believed.
fn may_enter(peer: Option<Uid>, mine: Uid) -> bool {
    peer.is_some_and(|peer| peer == mine || peer.is_root())
}

#[cfg(target_os = "linux")]
fn peer_uid(socket: impl AsFd) -> Option<Uid> {
    rustix::net::sockopt::socket_peercred(socket).ok().map(|peer| peer.uid)
}

#[cfg(not(target_os = "linux"))]
fn peer_uid(socket: impl AsFd) -> Option<Uid> {
    let (mut user, mut group) = (0, 0);
    let number = std::os::fd::AsRawFd::as_raw_fd(&socket.as_fd());
    // SAFETY: writes two numbers through pointers to two numbers.
    let result = unsafe { libc::getpeereid(number, &raw mut user, &raw mut group) };
    (result == 0).then(|| Uid::from_raw(user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn nobody_but_our_user_and_root_is_let_in() {
        let [me, other, root] = [1000, 1001, 0].map(Uid::from_raw);
        assert!(may_enter(Some(me), me) && may_enter(Some(root), me));
        assert!(!may_enter(Some(other), me) && !may_enter(Some(me), other));
        assert!(!may_enter(Some(me), root), "root's sessions are root's");
        assert!(!may_enter(None, me) && !may_enter(None, root));
    }

    /// Of a connection that was made as ours are.
    #[test]
    fn the_user_of_a_connection_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let _client = UnixStream::connect(&path).unwrap();
        let knocking = accept(&listener).unwrap();
        assert_eq!(peer_uid(&knocking), Some(rustix::process::getuid()));
        assert!(is_one_of_us(&knocking));
        assert_eq!(peer_uid(std::fs::File::open("/dev/null").unwrap()), None);
    }
}
