//! Whose a connection over loopback is, as the kernel lists it.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// The kernel's list of connections.
pub(super) const LIST: &str = "/proc/net/tcp";
/// Columns of it: our own side, the other one, and the user.
const LOCAL: usize = 1;
const REMOTE: usize = 2;
const USER: usize = 7;

/// Whether the program at the other end of a connection runs as our user, as the kernel's list tells it.
pub(super) fn is_ours(list: &str, peer: SocketAddr, address: SocketAddr) -> bool {
    let uid = rustix::process::getuid().as_raw();
    fs::read_to_string(list).and_then(|list| user(&list, peer, address)).is_ok_and(|user| user == uid)
}

/// The user of the socket at `local` that is connected to `remote`.
fn user(list: &str, local: SocketAddr, remote: SocketAddr) -> io::Result<u32> {
    let sides = [local, remote].map(hex);
    let its = list.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let is_its =
            columns.get(LOCAL) == Some(&sides[0].as_str()) && columns.get(REMOTE) == Some(&sides[1].as_str());
        is_its.then(|| columns.get(USER)?.parse().ok()).flatten()
    });
    its.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// An address as it is listed: the number of the host as it lies in memory.
fn hex(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) => format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), address.port()),
        IpAddr::V6(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_connection_is_its_users() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let peer = client.local_addr().unwrap();
        assert!(is_ours(LIST, peer, address));
        assert!(!is_ours("/proc/net/no-such-list", peer, address));
        let list = fs::read_to_string(LIST).unwrap();
        let uid = rustix::process::getuid().as_raw();
        assert_eq!(user(&list, peer, address).unwrap(), uid);
        let line = format!("h\n 1: {} {} 01 0:0 0:0 0 1234 0 5", hex(peer), hex(address));
        assert_eq!(user(&line, peer, address).unwrap(), 1234);
        // Nobody's, such as one that was closed at once.
        assert!(user(&line, address, peer).is_err());
    }
}
