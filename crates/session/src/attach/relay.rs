//! Standard input and output are not one terminal: this process reads the journal and writes it out, and sends what
//! it reads as input. So a session can stand in a pipe or run from cron.

use super::{Ours, Outcome, Seat, Step, again_if_gone, write_out};
use crate::client::HostClient;
use crate::{Error, Result};
use journal::{Piece, Shown};
use protocol::frame::{Answer, DetachReason, Event, InputForm, Message, Refusal, Request};
use protocol::{ExitStatus, Offset};
use rustix::event::{PollFd, PollFlags, poll};
use std::io::Read;
use std::time::Instant;
use terminal::key::DetachWatch;

/// Bytes of input sent at once.
const INPUT_BYTES: usize = 16 << 10; // 16 KiB
/// What a terminal that edits lines takes for the end of the input.
const END_OF_FILE: u8 = 4;

struct Relay {
    shown: Shown,
    /// The number of the input that the host has not taken yet. The next is read only after that.
    unanswered: Option<u64>,
    input_ended: bool,
    last_byte: u8,
    detach: DetachWatch,
}

pub(super) fn run(seat: &mut Seat<'_>, client: &mut HostClient, fresh: bool) -> Result<Step> {
    let from = match seat.relayed {
        // A pipe gets every byte once, whatever becomes of hosts.
        Some(offset) if !rustix::termios::isatty(&seat.stdout) => offset,
        _ if fresh => {
            (seat.keep_lines, seat.ours) = (false, Some(Ours::Below));
            Offset::ZERO
        }
        _ => paint(seat, client)?,
    };
    let mut relay = Relay {
        shown: Shown::open(&seat.folder.journal(), from)?,
        unanswered: None,
        input_ended: false,
        last_byte: b'\n',
        detach: DetachWatch::new(seat.detach_key),
    };
    let step = again_if_gone(relay.carry(seat, client));
    match &step {
        Ok(Step::Over(Outcome::Exited(status))) => farewell(seat, *status),
        Ok(Step::Over(_)) => seat.take_off(),
        _ => {}
    }
    step
}

/// What the program left on the terminal is as it would be without us; only one that had no chance to put its modes back
/// is helped.
fn farewell(seat: &mut Seat<'_>, status: ExitStatus) {
    if !matches!(status, ExitStatus::Code(_)) && rustix::termios::isatty(&seat.stdout) {
        // The reset clears the line that it ends on.
        let _ = write_out(seat, b"\r\n").and_then(|()| write_out(seat, terminal::tty::RESET));
    }
}

/// A later join begins with the screen, where there is a terminal to paint it on.
fn paint(seat: &mut Seat<'_>, client: &mut HostClient) -> Result<Offset> {
    let snapshot = client.snapshot(0)?;
    if rustix::termios::isatty(&seat.stdout) {
        seat.clear()?;
        write_out(seat, &snapshot.dump)?;
        seat.ours = Some(Ours::Painted);
    }
    Ok(snapshot.offset)
}

impl Relay {
    fn carry(&mut self, seat: &mut Seat<'_>, client: &mut HostClient) -> Result<Step> {
        loop {
            self.copy(seat)?;
            while let Some(message) = client.incoming()? {
                if let Some(step) = self.heed(seat, message)? {
                    return Ok(step);
                }
            }
            let listen = self.unanswered.is_none() && !self.input_ended;
            let mut fds =
                vec![PollFd::new(&*client, PollFlags::IN), PollFd::new(&seat.signals, PollFlags::IN)];
            if listen {
                fds.push(PollFd::new(&seat.stdin, PollFlags::IN));
            }
            let _ = poll(&mut fds, None);
            let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
            if ready[1]
                && let Some(step) = seat.heed_signals(client)?
            {
                return Ok(step);
            }
            // Before anything is read for it: what a host that died cannot take stays where it is for the next one.
            if ready[0] {
                client.receive(Instant::now())?;
            }
            if ready.get(2) == Some(&true) && self.read(seat, client)? {
                client.call(Request::Release)?;
                return Ok(Step::Over(Outcome::Detached(DetachReason::Key)));
            }
        }
    }

    /// Writes out all that is stored.
    fn copy(&mut self, seat: &mut Seat<'_>) -> Result<()> {
        while let Some(piece) = self.shown.next()? {
            if let Piece::Output { range, bytes, .. } = piece {
                write_out(seat, &bytes)?;
                seat.relayed = Some(range.end);
            }
        }
        Ok(())
    }

    fn heed(&mut self, seat: &mut Seat<'_>, message: Message) -> Result<Option<Step>> {
        match message {
            Message::Answer { id, answer: Answer::Refused { code, message } }
                if self.unanswered == Some(id) && code != Refusal::Ended =>
            {
                // Better no more input than one with a hole in it; the session goes on.
                return Err(Error::Refused { code, message });
            }
            Message::Answer { id, .. } if self.unanswered == Some(id) => self.unanswered = None,
            Message::Event(Event::Exited { status, .. }) => {
                self.copy(seat)?;
                if let Some((_, rest)) = self.shown.rest() {
                    write_out(seat, &rest)?;
                }
                return Ok(Some(Step::Over(Outcome::Exited(status))));
            }
            Message::Event(Event::Detached { reason: DetachReason::Taken }) => return Ok(Some(Step::Watch)),
            Message::Event(Event::Detached { reason: DetachReason::Upgrade }) => {
                return Ok(Some(Step::Again));
            }
            Message::Answer { .. } | Message::Event(_) => {}
        }
        Ok(None)
    }

    /// Sends what was typed; true if it is time to leave: it was the detach key, or the input of somebody who did not
    /// start the session ended.
    fn read(&mut self, seat: &mut Seat<'_>, client: &mut HostClient) -> Result<bool> {
        let mut buffer = [0; INPUT_BYTES];
        let count = seat.stdin.lock().read(&mut buffer).unwrap_or(0);
        if count == 0 {
            self.input_ended = true;
            if !seat.began {
                return Ok(true);
            }
            // The first ends a line that was begun, the second the file.
            let marks = if self.last_byte == b'\n' { 1 } else { 2 };
            client.post(Request::Input { form: InputForm::EndOfFile }, &vec![END_OF_FILE; marks])?;
            return Ok(false);
        }
        let typed = &buffer[..count];
        self.last_byte = typed[count - 1];
        if seat.raw.is_some() && self.detach.detaches(typed) {
            return Ok(true);
        }
        self.unanswered = Some(client.post(Request::Input { form: InputForm::Raw }, typed)?);
        Ok(false)
    }
}
