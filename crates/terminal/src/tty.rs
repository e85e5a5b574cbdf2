//! The terminal of the person who looks on: its size, raw mode, and the way back.
//!
//! Whoever sets raw mode keeps the settings from before, and puts them back whatever happens (T25).

use protocol::Size;
use rustix::fs::{Mode, OFlags};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr,
};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// Puts every mode back that a program may have left on: full screen, mouse, focus, paste brackets, keyboards,
/// origin, wrapping, newline, hidden cursor, colours, scroll region, character sets. For a terminal whose state nobody knows; the cursor ends
/// on the line on which it was, or which it left for the full screen: it is saved before the scroll region sends it to the
/// top, and what leaves the full screen takes it back.
pub const RESET: &[u8] =
    b"\x1b[?2026l\x1b[<u\x1b[>4m\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\
\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2031l\x1b7\x1b[?6l\x1b[r\x1b[?1049l\x1b[?1l\x1b>\
\x1b[?7h\x1b[?45l\x1b[20l\x1b[?25h\x1b[0 q\x1b(B\x0f\x1b[4l\x1b[0m\r\x1b[K";

/// Goes before a screen that is painted anew: whatever was on the terminal is off it, and the next byte stands in its
/// first cell.
pub const REPAINT: &[u8] = b"\x1b[?2026l\x1b[?1049l\x1b[r\x1b[0m\x1b[H\x1b[J";

/// Goes before [`REPAINT`] where a terminal of this size shows its user's lines: those above the cursor scroll off into
/// the terminal's own history. However high the cursor stands, it comes to the top, and no blank line goes with them.
/// The line that it stands on is not kept: Enter was pressed there, and nothing written since.
pub fn scroll_off(size: Size) -> Vec<u8> {
    vec![b'\n'; usize::from(size.rows).saturating_sub(1)]
}

/// The size of a terminal; `None` where it is none, or a hidden one that says 0 x 0.
pub fn size(fd: impl AsFd) -> Option<Size> {
    let size = tcgetwinsize(fd).ok()?;
    Size::new(size.ws_col.min(Size::MAX), size.ws_row.min(Size::MAX))
}

/// Whether two descriptors are the same terminal.
pub fn same_terminal(one: impl AsFd, other: impl AsFd) -> bool {
    let (Ok(a), Ok(b)) = (rustix::fs::fstat(&one), rustix::fs::fstat(&other)) else { return false };
    isatty(one) && isatty(other) && (a.st_dev, a.st_ino, a.st_rdev) == (b.st_dev, b.st_ino, b.st_rdev)
}

/// Opens a terminal once more, so that O_NONBLOCK on it is nobody else's (T36).
pub fn reopen(fd: impl AsFd) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    // The name in /proc leads to the very terminal, whatever devpts it is of; elsewhere only its own name does.
    let opened = if cfg!(target_os = "linux") {
        rustix::fs::open(format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd()), flags, Mode::empty())?
    } else {
        rustix::fs::open(&*rustix::termios::ttyname(&fd, Vec::new())?, flags, Mode::empty())?
    };
    if !same_terminal(&fd, &opened) {
        return Err(io::Error::other("the terminal's name leads to another one"));
    }
    Ok(opened)
}

/// A terminal in raw mode; dropped, it is as it was before.
pub struct Raw<F: AsFd> {
    fd: F,
    before: Termios,
}

impl<F: AsFd> Raw<F> {
    /// Sets raw mode, flow control off too, so that Ctrl-S reaches the program (T26).
    pub fn enter(fd: F) -> io::Result<Self> {
        let before = tcgetattr(&fd)?;
        set_raw(&fd, &before)?;
        Ok(Self { fd, before })
    }

    /// The same for another descriptor of this terminal, which is raw already.
    pub fn twin<G: AsFd>(&self, fd: G) -> Raw<G> {
        Raw { fd, before: self.before.clone() }
    }

    /// Sets raw mode again after somebody else changed it.
    pub fn again(&self) -> io::Result<()> {
        set_raw(&self.fd, &self.before)
    }

    /// Puts the settings from before back; again does no harm.
    pub fn restore(&self) {
        let _ = tcsetattr(&self.fd, OptionalActions::Now, &self.before);
    }
}

impl<F: AsFd> Drop for Raw<F> {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Has a panic write `reset` to standard output and put the settings back before it is told. A release build aborts on
/// a panic, and runs no destructor: the hook is the only place for it.
pub fn restore_on_panic(raw: Raw<impl AsFd + Send + Sync + 'static>, reset: &'static [u8]) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let mut out = io::stdout().lock();
        let _ = out.write_all(reset).and_then(|()| out.flush());
        raw.restore();
        before(panic);
    }));
}

fn set_raw(fd: impl AsFd, before: &Termios) -> io::Result<()> {
    let mut raw = before.clone();
    raw.make_raw();
    Ok(tcsetattr(fd, OptionalActions::Now, &raw)?)
}

/// Whether a terminal is as [`Raw`] leaves it: no lines, no echo, no signals, output as it is. Line editors of shells
/// keep at least one of them. A terminal that is gone cannot be asked.
pub fn is_raw(fd: impl AsFd) -> io::Result<bool> {
    let edited = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
    let settings = tcgetattr(fd)?;
    Ok(!settings.local_modes.intersects(edited) && !settings.output_modes.contains(OutputModes::OPOST))
}

/// Leaves raw mode where the settings from before are not known: lines, echo and signals, as a shell expects.
pub fn cook(fd: impl AsFd) -> io::Result<()> {
    let mut settings = tcgetattr(&fd)?;
    settings.input_modes |= InputModes::ICRNL | InputModes::IXON | InputModes::BRKINT;
    settings.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    settings.local_modes |= LocalModes::ISIG
        | LocalModes::ICANON
        | LocalModes::IEXTEN
        | LocalModes::ECHO
        | LocalModes::ECHOE
        | LocalModes::ECHOK;
    Ok(tcsetattr(fd, OptionalActions::Now, &settings)?)
}
