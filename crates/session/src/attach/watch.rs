//! Looks on while somebody else controls the session: never a key, never a size, never a byte of the program's
//! time. A terminal of the session's size gets its bytes; another one gets pictures of the screen, cut to fit.

use super::{Outcome, Seat, Step, again_if_gone, write_out};
use crate::Result;
use crate::client::HostClient;
use crate::poll::poll_until;
use crate::source::{Kind, Source};
use crate::view::View;
use protocol::frame::{DetachReason, Event};
use protocol::{Body, Size};
use rustix::event::{PollFd, PollFlags};
use std::io::Read;
use std::time::{Duration, Instant};
use terminal::key::DetachWatch;

/// Pictures a second at most.
const FRAME: Duration = Duration::from_millis(33);

struct Watch {
    show: Show,
    changed: bool,
    painted: Instant,
    detach: DetachWatch,
}

/// What our terminal gets.
enum Show {
    /// It has the session's size: the bytes.
    Bytes(Box<Source>),
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
    let show = if seat.size() == snapshot.size {
        write_out(seat, &snapshot.dump)?;
        // What the program asked of its terminal is not asked of ours.
        write_out(seat, QUIET_MODES)?;
        Show::Bytes(Box::new(source))
    } else {
        Show::Pictures(Box::new(View::new(source, &snapshot, 0)))
    };
    Ok(Watch {
        show,
        changed: true,
        painted: Instant::now() - FRAME,
        detach: DetachWatch::new(seat.detach_key),
    })
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
                    Event::Detached { .. } | Event::Head { .. } | Event::Program { .. } => {}
                }
            }
            self.paint(seat)?;
            if let Some(step) = self.wait(seat, client)? {
                return Ok(step);
            }
        }
    }

    fn copy(&mut self, seat: &mut Seat<'_>) -> Result<()> {
        match &mut self.show {
            Show::Bytes(source) => {
                while let Some(record) = source.next()? {
                    if let Body::Output { bytes, .. } = record.body {
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
            Show::Bytes(_) => Ok(()),
            Show::Pictures(view) => write_out(seat, &view.screen().picture(seat.size())),
        }
    }
}
