//! The pseudo-terminal a program runs in: made, sized, and given to the program as its controlling terminal.
//!
//! Not here: reading and writing it (the session's host does), and the terminal of the person who looks on (`tty`).

use protocol::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fstat, stat};
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, Winsize,
    tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr, tcsetwinsize,
};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Both ends of a new pseudo-terminal.
pub struct Pty {
    /// The end that the host reads and writes.
    pub master: OwnedFd,
    /// The end that the program gets.
    pub slave: OwnedFd,
}

/// Opens a pseudo-terminal of a size (a new one is 0 x 0, T16), with the settings of `like`, or sane ones (T26).
pub fn open(size: Size, like: Option<&Termios>) -> io::Result<Pty> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = slave_of(&master)?;
    let mut settings = tcgetattr(&slave)?;
    match like {
        Some(like) => settings.clone_from(like),
        None => make_sane(&mut settings),
    }
    tcsetattr(&slave, OptionalActions::Now, &settings)?;
    // macOS refuses a size before the slave was opened once, so it comes last.
    set_size(&master, size)?;
    Ok(Pty { master, slave })
}

/// Opens the slave of a master once more, for a process that has only that.
pub fn slave_of(master: impl AsFd) -> io::Result<OwnedFd> {
    let name = ptsname(master, Vec::new())?;
    Ok(rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Whether the program has yet to read something that was typed, be it the end of a file. For a moment the terminal is open once
/// more.
pub fn has_unread(master: impl AsFd) -> io::Result<bool> {
    let slave = slave_of(master)?;
    let mut fds = [PollFd::new(&slave, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default()))?;
    Ok(fds[0].revents().contains(PollFlags::IN))
}

/// Whether a terminal is the slave of this master, however it was opened. Nothing is opened for that: the close of the
/// last slave is an event.
pub fn is_slave_of(master: &OwnedFd, tty: impl AsFd) -> bool {
    let facts = || Ok::<_, Errno>((stat(&*ptsname(master, Vec::new())?)?, fstat(tty)?));
    facts().is_ok_and(|(slave, tty)| (slave.st_dev, slave.st_rdev) == (tty.st_dev, tty.st_rdev))
}

/// What a login on a modern terminal has: cooked, echoing, UTF-8.
fn make_sane(settings: &mut Termios) {
    settings.input_modes |= InputModes::ICRNL | InputModes::IXON | InputModes::BRKINT | InputModes::IMAXBEL;
    #[cfg(target_os = "linux")]
    {
        settings.input_modes |= InputModes::IUTF8;
    }
    settings.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    settings.control_modes |= ControlModes::CREAD | ControlModes::CS8;
    settings.local_modes |= LocalModes::ISIG
        | LocalModes::ICANON
        | LocalModes::IEXTEN
        | LocalModes::ECHO
        | LocalModes::ECHOE
        | LocalModes::ECHOK
        | LocalModes::ECHOCTL
        | LocalModes::ECHOKE;
    settings.special_codes[SpecialCodeIndex::VERASE] = 0x7f;
}

/// Sets the size; the program gets SIGWINCH if it differs. Says whether it differed.
pub fn set_size(master: impl AsFd, size: Size) -> io::Result<bool> {
    let old = tcgetwinsize(&master)?;
    if (old.ws_col, old.ws_row) == (size.cols, size.rows) {
        return Ok(false);
    }
    tcsetwinsize(&master, Winsize { ws_col: size.cols, ws_row: size.rows, ws_xpixel: 0, ws_ypixel: 0 })?;
    Ok(true)
}

/// How a terminal treats input now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InputMode {
    /// What is typed shows.
    pub echo: bool,
    /// Lines are edited by the kernel, and cut at [`CANONICAL_LINE_BYTES`] (T7).
    pub canonical: bool,
}

/// Bytes of one line that a terminal in canonical mode takes on Linux; the rest of a longer line is lost (T7).
pub const CANONICAL_LINE_BYTES: usize = 4095;

/// Reads how the program set its terminal; works on the master (T31).
pub fn input_mode(master: impl AsFd) -> io::Result<InputMode> {
    let modes = tcgetattr(master)?.local_modes;
    Ok(InputMode { echo: modes.contains(LocalModes::ECHO), canonical: modes.contains(LocalModes::ICANON) })
}

/// Starts a program on the slave: a session of its own, the slave its controlling terminal and its standard
/// streams, all signals as a login would have them, no other descriptor open, the caller's umask (T18, T22).
pub fn spawn(slave: &OwnedFd, command: &mut Command) -> io::Result<Child> {
    command.stdin(Stdio::from(slave.try_clone()?));
    command.stdout(Stdio::from(slave.try_clone()?));
    command.stderr(Stdio::from(slave.try_clone()?));
    // SAFETY: between fork and exec only async-signal-safe system calls are made, and nothing is allocated.
    unsafe { command.pre_exec(enter_session) };
    command.spawn()
}

fn enter_session() -> io::Result<()> {
    rustix::process::setsid()?;
    // SAFETY: fd 0 is the slave, put there by Command before it calls us.
    let stdin = unsafe { std::os::fd::BorrowedFd::borrow_raw(0) };
    rustix::process::ioctl_tiocsctty(stdin)?;
    default_signals();
    close_on_exec_from(3);
    Ok(())
}

/// A daemon ignores signals that a program must get, and what is ignored stays ignored over exec (T18).
fn default_signals() {
    for signal in 1..32 {
        if signal != libc::SIGKILL && signal != libc::SIGSTOP {
            // SAFETY: resets a disposition; nothing of ours runs in this process any more.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}

/// Marks every descriptor from `first` on to be closed by exec.
pub fn close_on_exec_from(first: i32) {
    #[cfg(target_os = "linux")]
    // SAFETY: only sets flags on descriptors of this process.
    unsafe {
        libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
    #[cfg(not(target_os = "linux"))]
    for fd in first..1024 {
        // SAFETY: as above; a number that is no descriptor gives an error, which does not matter.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// The group of processes in the foreground of the terminal, if there is one.
pub fn foreground(master: impl AsFd) -> Option<Pid> {
    tcgetpgrp(master).ok()
}

/// Sends a signal to the group in the foreground of the terminal; false if there is none.
pub fn signal_foreground(master: impl AsFd, signal: rustix::process::Signal) -> bool {
    match tcgetpgrp(master) {
        Ok(group) => rustix::process::kill_process_group(group, signal).is_ok(),
        Err(_) => false,
    }
}

/// What one read of a master gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Got {
    /// So many bytes.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// Nothing ever: every slave is closed (EIO on Linux, end of file elsewhere, T1).
    End,
}

/// Reads a master that does not block.
pub fn read(master: impl AsFd, buffer: &mut [u8]) -> io::Result<Got> {
    match rustix::io::read(master, buffer) {
        Ok(0) | Err(Errno::IO) => Ok(Got::End),
        Ok(bytes) => Ok(Got::Bytes(bytes)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Got::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// Makes a descriptor of ours non-blocking. Never for one that others share (T36).
pub fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    Ok(rustix::fs::fcntl_setfl(fd, flags | OFlags::NONBLOCK)?)
}
