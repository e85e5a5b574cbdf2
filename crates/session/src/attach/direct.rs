//! The host has our terminal: this process only waits, passes signals on, and puts the terminal back.

use super::{Outcome, Seat, Step, again_if_gone};
use crate::Result;
use crate::client::HostClient;
use protocol::frame::{DetachReason, Event};
use rustix::event::{PollFd, PollFlags, poll};
use std::time::Instant;

pub(super) fn run(seat: &mut Seat<'_>, client: &mut HostClient) -> Result<Step> {
    again_if_gone(wait(seat, client))
}

fn wait(seat: &mut Seat<'_>, client: &mut HostClient) -> Result<Step> {
    loop {
        while let Some(event) = client.event()? {
            match event {
                Event::Exited { status, .. } => return Ok(Step::Over(Outcome::Exited(status))),
                Event::Detached { reason: DetachReason::Upgrade } => return Ok(Step::Again),
                Event::Detached { reason: DetachReason::Taken } => return Ok(Step::Watch),
                Event::Detached { reason } => return Ok(Step::Over(Outcome::Detached(reason))),
                Event::Head { .. }
                | Event::Asked { .. }
                | Event::Settled { .. }
                | Event::Resized { .. }
                | Event::Control { .. }
                | Event::Program { .. }
                | Event::State { .. } => {}
            }
        }
        let mut fds = [PollFd::new(&*client, PollFlags::IN), PollFd::new(&seat.signals, PollFlags::IN)];
        let _ = poll(&mut fds, None);
        let (host, signal) = (!fds[0].revents().is_empty(), !fds[1].revents().is_empty());
        if signal && let Some(step) = seat.heed_signals(client)? {
            return Ok(step);
        }
        if host {
            client.receive(Instant::now())?;
        }
    }
}
