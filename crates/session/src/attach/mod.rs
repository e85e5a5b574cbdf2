//! A person's terminal joins a session.
//!
//! Three ways, chosen by what is there: `direct`, the host itself writes the terminal; `relay`, standard input
//! and output are pipes or two different terminals, and this process carries the bytes; `watch`, somebody else
//! controls the session. In all of them this process keeps the terminal's settings and puts them back.

mod direct;
mod job;
mod nesting;
mod relay;
mod title;
mod watch;

use crate::client::{HostClient, reach, unexpected};
use crate::folder::Folder;
use crate::role::AttachArgs;
use crate::{Error, Result, signals};
use journal::{Piece, Shown};
use protocol::frame::{Answer, Attach, DetachReason, Request};
use protocol::{ExitStatus, Meta, Offset, SessionId, Size};
use serde::{Deserialize, Serialize};
use std::io::{self, Stdin, Stdout, Write};
use std::os::fd::OwnedFd;
use terminal::key::DetachKey;
use terminal::tty::{self, Raw};

/// How to join.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Options {
    /// Whether to type and to set the size, if nobody else does.
    pub control: bool,
    /// Whether to take control from whoever has it.
    #[serde(default)]
    pub take: bool,
    /// Whether this terminal sees the session from its very beginning.
    #[serde(default)]
    pub fresh: bool,
    /// The key that detaches.
    pub detach_key: DetachKey,
    /// Lines of history to show first.
    #[serde(default)]
    pub history: usize,
    /// The session whose program was started in this terminal, if it is one's: what its environment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<SessionId>,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The program ended.
    Exited(ExitStatus),
    /// The session goes on without us.
    Detached(DetachReason),
    /// A signal told us to leave; the session goes on.
    Signalled(i32),
}

/// What a way of joining came to.
enum Step {
    Over(Outcome),
    /// The host is gone or makes room: connect again.
    Again,
    /// Somebody took control: go on watching.
    Watch,
}

/// What all three ways need.
struct Seat<'a> {
    meta: &'a Meta,
    folder: &'a Folder,
    stdin: Stdin,
    stdout: Stdout,
    /// The terminal's settings, where standard input is one.
    raw: Option<Raw<Stdin>>,
    signals: OwnedFd,
    detach_key: DetachKey,
    /// Whether this process started the session: then the end of its input is the end of the program's. For anybody
    /// else it is time to leave.
    began: bool,
    /// Up to where this process wrote the output itself: there it goes on when a new host takes over.
    relayed: Option<Offset>,
    /// What the last host that took us in made of us.
    place: Option<Place>,
    /// Whether that host writes and reads the terminal itself.
    direct: bool,
    /// Whether the terminal shows its user's lines, such as the shell's, which must not be painted over.
    keep_lines: bool,
    /// Whether the next SIGCONT is the end of a pause of our own.
    paused: bool,
    /// What this process shows there as a relay, until it is taken off.
    ours: Option<Ours>,
    /// Whether the terminal's title is one of ours, and its user's is saved.
    titled: bool,
}

/// How a relay began to show the session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ours {
    /// With the session's first byte, below what was there.
    Below,
    /// With a painting of the whole screen.
    Painted,
}

/// Where a client sits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Controls,
    Watches,
}

/// Runs the process at a person's terminal: [`crate::role::ATTACH`].
pub fn main(args: &AttachArgs) -> Result<Outcome> {
    crate::role::set_name(c"cf-attach");
    let folder = Folder::at(&args.folder);
    attach(&folder.meta()?, &folder, &args.options)
}

/// Joins a session with this process's standard input and output, until one of them ends.
fn attach(meta: &Meta, folder: &Folder, options: &Options) -> Result<Outcome> {
    // A new session shows nobody yet.
    if let Some(inside) = options.inside.filter(|_| !options.fresh) {
        nesting::refuse_loop(folder, meta.id, inside)?;
    }
    let leave = [libc::SIGTERM, libc::SIGHUP, libc::SIGINT, libc::SIGQUIT];
    let signals = [&leave[..], &[libc::SIGWINCH, libc::SIGTSTP, libc::SIGCONT]].concat();
    let mut seat = Seat {
        meta,
        folder,
        stdin: io::stdin(),
        stdout: io::stdout(),
        raw: None,
        signals: signals::pipe(&signals).map_err(Error::system("take signals"))?,
        detach_key: options.detach_key,
        began: options.fresh,
        relayed: None,
        place: None,
        direct: false,
        keep_lines: true,
        paused: false,
        ours: None,
        titled: false,
    };
    // A pipe that nobody reads any more is an error of a write, not the end of this process.
    signals::ignore(&[libc::SIGPIPE]);
    if rustix::termios::isatty(&seat.stdin) {
        let raw = Raw::enter(io::stdin()).map_err(Error::system("set up the terminal"))?;
        tty::restore_on_panic(raw.twin(io::stdin()), b"");
        seat.raw = Some(raw);
    }
    let outcome = seat.join(options);
    if outcome.is_err() && seat.place.is_some() && rustix::termios::isatty(&seat.stdout) {
        // Nobody is left who knows which modes the program switched on.
        let _ = write_out(&mut seat, tty::RESET);
    }
    // A terminal that is gone has no title either.
    let _ = seat.restore_title();
    if let Some(raw) = &seat.raw {
        raw.restore();
    }
    outcome
}

impl Seat<'_> {
    fn join(&mut self, options: &Options) -> Result<Outcome> {
        let mut options = options.clone();
        loop {
            let mut client = match reach(self.folder, self.meta, "attach") {
                Ok(client) => client,
                Err(error @ Error::NoHost(_)) => match self.folder.exit()? {
                    Some(exit) => return self.show_ended(exit.status, options.fresh),
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            };
            let step = self.sit_down(&mut client, &options)?;
            match step {
                Step::Over(outcome) => return Ok(outcome),
                Step::Again => {}
                Step::Watch => (options.control, options.take) = (false, false),
            }
            options.fresh &= self.place.is_none();
            // A new host must not take a watcher, who may be the first to come, for the controller.
            options.control &= self.place != Some(Place::Watches);
            // A host that follows another paints the screen; the history is in the terminal's own by now.
            options.history = 0;
        }
    }

    /// The program ended before we could join, or join again: what we missed is in the journal, and the status too.
    fn show_ended(&mut self, status: ExitStatus, fresh: bool) -> Result<Outcome> {
        let terminal = rustix::termios::isatty(&self.stdout);
        if fresh || !terminal {
            let from = self.relayed.unwrap_or(Offset::ZERO);
            let mut shown = Shown::open(&self.folder.journal(), from)?;
            while let Some(piece) = shown.next()? {
                if let Piece::Output { bytes, .. } = piece {
                    write_out(self, &bytes)?;
                }
            }
            if let Some((_, rest)) = shown.rest() {
                write_out(self, &rest)?;
            }
        } else {
            let view = crate::replay::view(self.folder, self.meta, 0)?;
            self.clear()?;
            write_out(self, &view.screen().dump(0))?;
        }
        if terminal && !matches!(status, ExitStatus::Code(_)) {
            write_out(self, tty::RESET)?;
            write_out(self, b"\r\n")?;
        }
        Ok(Outcome::Exited(status))
    }

    fn sit_down(&mut self, client: &mut HostClient, options: &Options) -> Result<Step> {
        let one_terminal = tty::same_terminal(&self.stdin, &self.stdout);
        let attach = Attach {
            control: options.control,
            take: options.take,
            size: self.size(),
            tty: one_terminal,
            fresh: options.fresh,
            keep_lines: self.keep_lines,
            detach_key: options.detach_key.to_string(),
            history: options.history,
            inside: options.inside,
        };
        // The host may have cooked this terminal after we set raw mode: the client before us was killed. By the time
        // it welcomed us that is done.
        if let Some(raw) = &self.raw {
            let _ = raw.again();
        }
        let pass = (one_terminal && options.control).then(|| std::os::fd::AsFd::as_fd(&self.stdout));
        let request = Request::Attach(attach);
        let answer = match client.call_with(request, &[], pass, crate::client::PATIENCE) {
            Ok((answer, _)) => answer,
            Err(error) if error.is_gone() => return Ok(Step::Again),
            Err(error) => return Err(error),
        };
        if let Answer::Attached { control, direct } = answer {
            self.place = Some(if control { Place::Controls } else { Place::Watches });
            self.direct = direct;
        }
        match answer {
            Answer::Attached { direct: true, .. } => {
                self.keep_lines = false;
                direct::run(self, client)
            }
            Answer::Attached { control: true, .. } => relay::run(self, client, options.fresh),
            Answer::Attached { .. } => watch::run(self, client, options.history),
            other => Err(unexpected(&other)),
        }
    }

    /// The size of our terminal, or the session's own where there is none.
    fn size(&self) -> Size {
        tty::size(&self.stdout).or_else(|| tty::size(&self.stdin)).unwrap_or(self.meta.size)
    }

    /// Makes room for a screen that this process paints.
    fn clear(&mut self) -> Result<()> {
        if std::mem::take(&mut self.keep_lines) && rustix::termios::isatty(&self.stdout) {
            write_out(self, &tty::scroll_off(self.size()))?;
        }
        write_out(self, tty::REPAINT)
    }

    /// Takes off the terminal what this process showed there as a relay, as the host does where it has the terminal: no
    /// mode of the program stays, and no line that the next join would paint again (T12, T25).
    fn take_off(&mut self) {
        let words: &[&[u8]] = match self.ours.take() {
            Some(_) if !rustix::termios::isatty(&self.stdout) => return,
            None => return,
            Some(Ours::Painted) => &[tty::RESET, b"\x1b[H\x1b[J"],
            // Which lines are the session's is known to nobody here.
            Some(Ours::Below) => &[b"\r\n", tty::RESET, b"\x1b[J"],
        };
        // A terminal that is gone needs nothing.
        let _ = write_out(self, &words.concat());
    }
}

/// Errors of a connection mean that the host is gone; all others stand.
fn again_if_gone(result: Result<Step>) -> Result<Step> {
    match result {
        Err(error) if error.is_gone() => Ok(Step::Again),
        other => other,
    }
}

/// Writes to our standard output. A pipe that nobody reads any more ends this process as it ends any other; the
/// session goes on.
fn write_out(seat: &mut Seat<'_>, bytes: &[u8]) -> Result<()> {
    let mut out = seat.stdout.lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Error::OutputClosed,
        _ => Error::System { doing: "write to standard output", source: error },
    })
}
