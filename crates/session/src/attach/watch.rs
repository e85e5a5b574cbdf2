//! Looks on while somebody else controls the session: never a key, never a size, never a byte of the program's
//! time. A terminal of the session's size gets its bytes; another one gets pictures of the screen, cut to fit.

use super::{Outcome, Seat, Step, again_if_gone, write_out};
use crate::Result;
use crate::client::{HostClient, unexpected};
use crate::poll::poll_until;
use crate::source::{Kind, Source};
use crate::view::View;
use protocol::frame::{Answer, DetachReason, Event, Request};
use protocol::{Body, Size};
use rustix::event::{PollFd, PollFlags};
use std::io::Read;
use std::time::{Duration, Instant};
use terminal::Screen;
use terminal::key::DetachWatch;

/// Pictures a second at most.
const FRAME: Duration = Duration::from_millis(33);

/// What follows only sequences needs no more room than a wide character.
const SMALLEST: Size = Size { cols: 2, rows: 1 };

struct Watch {
    show: Show,
    /// Whether nobody controls the session.
    free: bool,
    /// What the title says of that, and the program's own title that it took the place of.
    told: Option<(bool, String)>,
    changed: bool,
    painted: Instant,
    detach: DetachWatch,
}

/// What our terminal gets.
enum Show {
    /// It has the session's size: the bytes. The stream knows where a sequence of theirs is open, and their title.
    Bytes {
        source: Box<Source>,
        stream: Box<Screen>,
    },
    Pictures(Box<View>),
}

pub(super) fn run(seat: &mut Seat<'_>, client: &mut HostClient, history: usize) -> Result<Step> {
    let step = again_if_gone(begin(seat, client, history).and_then(|mut watch| watch.look(seat, client)));
    if let Ok(Step::Over(outcome)) = &step
        && rustix::termios::isatty(&seat.stdout)
    {
        write_out(seat, terminal::tty::RESET)?;
        write_out(seat, &last_words(outcome, seat.size()))?;
    }
    step
}

/// The end of a program stays in view. What goes on is taken away, to be painted by the next join (T12).
fn last_words(outcome: &Outcome, terminal: Size) -> Vec<u8> {
    match outcome {
        Outcome::Exited(_) => format!("\x1b[{};1H\r\n", terminal.rows).into_bytes(),
        Outcome::Detached(_) | Outcome::Signalled(_) => b"\x1b[H\x1b[J".to_vec(),
    }
}

fn begin(seat: &mut Seat<'_>, client: &mut HostClient, history: usize) -> Result<Watch> {
    let snapshot = client.snapshot(history)?;
    let source = Source::of(seat.folder, seat.meta, snapshot.offset, Kind::Shown)?;
    seat.clear()?;
    seat.save_title()?;
    let show = if seat.size() == snapshot.size {
        write_out(seat, &snapshot.dump)?;
        // What the program asked of its terminal is not asked of ours.
        write_out(seat, QUIET_MODES)?;
        Show::Bytes { source: Box::new(source), stream: Box::new(Screen::new(SMALLEST, 0)) }
    } else {
        Show::Pictures(Box::new(View::new(source, &snapshot, 0)))
    };
    Ok(Watch {
        show,
        free: is_free(client)?,
        told: None,
        changed: true,
        painted: Instant::now() - FRAME,
        detach: DetachWatch::new(seat.detach_key),
    })
}

/// Whether nobody controls the session.
fn is_free(client: &mut HostClient) -> Result<bool> {
    match client.call(Request::Status)? {
        Answer::Status(status) => Ok(!status.clients.iter().any(|client| client.control)),
        other => Err(unexpected(&other)),
    }
}

/// Mouse, focus and paste reports are for who types.
const QUIET_MODES: &[u8] = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[>4m";

impl Watch {
    fn look(&mut self, seat: &mut Seat<'_>, client: &mut HostClient) -> Result<Step> {
        loop {
            self.copy(seat)?;
            while let Some(event) = client.event()? {
                match event {
                    Event::Exited { status, .. } => {
                        self.copy(seat)?;
                        self.paint_now(seat)?;
                        return Ok(Step::Over(Outcome::Exited(status)));
                    }
                    Event::Detached { reason: DetachReason::Upgrade } | Event::Resized { .. } => {
                        return Ok(Step::Watch);
                    }
                    Event::Control { client } => self.free = client.is_none(),
                    Event::Detached { .. }
                    | Event::Head { .. }
                    | Event::Program { .. }
                    | Event::State { .. }
                    | Event::Asked { .. }
                    | Event::Settled { .. } => {}
                }
            }
            self.paint(seat)?;
            self.say_who_types(seat)?;
            if let Some(step) = self.wait(seat, client)? {
                return Ok(step);
            }
        }
    }

    fn copy(&mut self, seat: &mut Seat<'_>) -> Result<()> {
        match &mut self.show {
            Show::Bytes { source, stream } => {
                while let Some(record) = source.next()? {
                    if let Body::Output { bytes, .. } = record.body {
                        stream.feed(bytes);
                        write_out(seat, bytes)?;
                    }
                }
            }
            Show::Pictures(view) => {
                while let Some(record) = view.step()? {
                    self.changed |= matches!(record.body, Body::Output { .. } | Body::Resize(_));
                }
            }
        }
        Ok(())
    }

    fn wait(&mut self, seat: &mut Seat<'_>, client: &mut HostClient) -> Result<Option<Step>> {
        let mut fds = [
            PollFd::new(&*client, PollFlags::IN),
            PollFd::new(&seat.signals, PollFlags::IN),
            PollFd::new(&seat.stdin, PollFlags::IN),
        ];
        let _ = poll_until(&mut fds, self.changed.then(|| self.painted + FRAME));
        let ready = [0, 1, 2].map(|at| !fds[at].revents().is_empty());
        if ready[1] {
            return Ok(match crate::signals::drain(&seat.signals).first() {
                None | Some(&libc::SIGWINCH) => Some(Step::Watch),
                Some(&libc::SIGCONT) if seat.was_left_alone() => None,
                Some(&libc::SIGCONT) => {
                    seat.resume();
                    Some(Step::Watch)
                }
                Some(&signal) => Some(Step::Over(Outcome::Signalled(signal))),
            });
        }
        if ready[2] && self.wants_out(seat) {
            return Ok(Some(Step::Over(Outcome::Detached(DetachReason::Key))));
        }
        if ready[0] {
            client.receive(Instant::now())?;
        }
        Ok(None)
    }

    /// Keys go nowhere; `q`, Ctrl-C and the detach key leave.
    fn wants_out(&mut self, seat: &mut Seat<'_>) -> bool {
        let mut buffer = [0; 256];
        let count = seat.stdin.lock().read(&mut buffer).unwrap_or(0);
        let typed = &buffer[..count];
        matches!(typed, [] | b"q" | [3]) || self.detach.detaches(typed)
    }

    fn paint(&mut self, seat: &mut Seat<'_>) -> Result<()> {
        if self.changed && self.painted.elapsed() >= FRAME { self.paint_now(seat) } else { Ok(()) }
    }

    fn paint_now(&mut self, seat: &mut Seat<'_>) -> Result<()> {
        self.changed = false;
        self.painted = Instant::now();
        match &self.show {
            Show::Bytes { .. } => Ok(()),
            Show::Pictures(view) => write_out(seat, &view.screen().picture(seat.size())),
        }
    }

    /// Says in the title that nothing is typed here, and how it would be. A line of its own before the painting would
    /// have to scroll off with the lines of the terminal's user, unread, and once more with every painting (T12); a line
    /// in the painting would hide one of the program's.
    fn say_who_types(&mut self, seat: &mut Seat<'_>) -> Result<()> {
        let theirs = match &self.show {
            // Nothing of ours goes into a sequence that is open.
            Show::Bytes { stream, .. } if stream.pending() > 0 => return Ok(()),
            // The program's own title took the place of ours.
            Show::Bytes { stream, .. } => stream.title(),
            Show::Pictures(_) => "",
        };
        if self.told.as_ref().is_some_and(|(free, title)| *free == self.free && title == theirs) {
            return Ok(());
        }
        self.told = Some((self.free, theirs.to_owned()));
        let name = seat.folder.name().unwrap_or_else(|_| seat.meta.id.short());
        seat.set_title(&match self.free {
            true => format!("watching {name}: control is free, `attach {name}` takes it; q leaves"),
            false => {
                format!("watching {name}: keys are not typed, `attach --take {name}` takes control; q leaves")
            }
        })
    }
}
