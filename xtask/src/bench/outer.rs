//! The terminal in front of a peer: a real PTY that this process owns, with the peer's client on its other side as
//! session leader. Typing is writing to the master, seeing is reading from it; nothing interprets the bytes.

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::watch::Watch;

/// Size of every window: a common terminal, wide enough for the drawn pattern.
pub const WINDOW: Winsize = Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
/// One read of the master; the kernel hands out about 4 KB at a time, whatever is asked for.
pub const READ_BYTES: usize = 64 << 10;
/// A client that ignores its hang-up for so long is killed.
const HANG_UP_LIMIT: Duration = Duration::from_secs(2);
/// How often the end of a client is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A PTY and the client attached to it. Dropping it kills the client.
pub struct Outer {
    master: Option<OwnedFd>,
    client: Child,
    buffer: Vec<u8>,
}

impl Outer {
    /// Starts `command` on a new PTY that becomes its controlling terminal.
    pub fn open(mut command: Command) -> Result<Outer> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).context("open a PTY")?;
        grantpt(&master).context("grant the PTY")?;
        unlockpt(&master).context("unlock the PTY")?;
        tcsetwinsize(&master, WINDOW).context("set the window's size")?;
        let slave = ioctl_tiocgptpeer(&master, flags).context("open the PTY's other side")?;
        let copy = || slave.try_clone().map(Stdio::from).context("copy the PTY's other side");
        command.stdin(copy()?).stdout(copy()?).stderr(copy()?);
        // SAFETY: only system calls and a signal set on the stack; nothing allocates or locks.
        unsafe {
            command.pre_exec(|| {
                setsid()?;
                ioctl_tiocsctty(rustix::stdio::stdin())?;
                unblock_signals();
                Ok(())
            });
        }
        let client = command.spawn().with_context(|| format!("start {:?}", command.get_program()))?;
        Ok(Outer { master: Some(master), client, buffer: vec![0; READ_BYTES] })
    }

    /// The master side, for those who wait on several at once.
    pub fn master(&self) -> &OwnedFd {
        self.master.as_ref().expect("the master is there until the hang-up")
    }

    /// Types one byte.
    pub fn type_byte(&self, byte: u8) -> Result<()> {
        rustix::io::write(self.master(), &[byte]).context("type a byte")?;
        Ok(())
    }

    /// Waits for bytes and returns them; an error past the deadline or when the peer has ended.
    pub fn read(&mut self, deadline: Instant) -> Result<&[u8]> {
        let master = self.master.as_ref().expect("the master is there until the hang-up");
        loop {
            wait_readable(master, deadline)?;
            match rustix::io::read(master, &mut self.buffer[..]) {
                Ok(0) | Err(Errno::IO) => bail!("the peer ended"),
                Ok(count) => return Ok(&self.buffer[..count]),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error).context("read the PTY"),
            }
        }
    }

    /// Reads until `text` was seen and returns that moment.
    pub fn await_text(&mut self, text: &str, limit: Duration) -> Result<Instant> {
        let deadline = Instant::now() + limit;
        let mut watch = Watch::new(text);
        loop {
            let read = self.read(deadline).with_context(|| format!("wait for {text:?}"))?;
            if watch.feed(read) {
                return Ok(Instant::now());
            }
        }
    }

    /// Reads until nothing came for `quiet`.
    pub fn settle(&mut self, quiet: Duration) {
        while self.read(Instant::now() + quiet).is_ok() {}
    }

    /// Closes the terminal under the client, as a closed window does, and waits until the client has left.
    pub fn hang_up(mut self) -> Result<()> {
        self.master = None;
        let deadline = Instant::now() + HANG_UP_LIMIT;
        while self.client.try_wait().context("wait for the client")?.is_none() {
            if Instant::now() > deadline {
                bail!("the client ignored its hang-up");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        self.master = None;
        // A client that has left already needs no signal, and its status was kept.
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

fn wait_readable(master: &OwnedFd, deadline: Instant) -> Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("nothing came in time");
        }
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(master, PollFlags::IN)], Some(&timeout)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error).context("wait for the PTY"),
        }
    }
}

/// The signals that this process takes in a thread of its own must reach a client in the usual way.
fn unblock_signals() {
    // SAFETY: the set is initialised by sigemptyset, and the null pointer means "no old set wanted".
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Outer {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]);
        Outer::open(command).unwrap()
    }

    #[test]
    fn a_client_has_a_terminal_of_the_agreed_size() {
        let mut outer = shell("test -t 0 && stty size < /dev/tty");
        outer.await_text("40 120", Duration::from_secs(5)).unwrap();
    }

    #[test]
    fn a_typed_byte_reaches_the_client() {
        let mut outer = shell("stty raw -echo; echo ready; head -c 1 | tr q @; sleep 5");
        outer.await_text("ready", Duration::from_secs(5)).unwrap();
        outer.type_byte(b'q').unwrap();
        outer.await_text("@", Duration::from_secs(5)).unwrap();
    }

    #[test]
    fn a_client_that_ends_or_is_silent_is_an_error_and_not_a_wait() {
        assert!(shell("exit 0").await_text("never", Duration::from_secs(5)).is_err());
        assert!(shell("sleep 5").await_text("never", Duration::from_millis(50)).is_err());
    }
}
