//! What the signals ask for that a client at a terminal gets: to leave, to follow the size, to stop and to go on. While
//! it is stopped the terminal is its shell's.

use super::{Outcome, Seat, Step};
use crate::client::HostClient;
use crate::{Result, signals};
use protocol::frame::Request;

impl Seat<'_> {
    /// Does what the signals that came ask for; a step if that ends this way of joining.
    pub(super) fn heed_signals(&mut self, client: &mut HostClient) -> Result<Option<Step>> {
        let mut came = signals::drain(&self.signals);
        // Whoever is told to leave does not sit down again first.
        came.sort_by_key(|signal| matches!(*signal, libc::SIGWINCH | libc::SIGTSTP | libc::SIGCONT));
        for signal in came {
            match signal {
                libc::SIGWINCH => {
                    client.post(Request::Resize { size: self.size() }, &[])?;
                }
                libc::SIGTSTP => {
                    client.call(Request::Release)?;
                    self.pause();
                    return Ok(Some(Step::Again));
                }
                libc::SIGCONT if std::mem::take(&mut self.paused) => {}
                // We were stopped without being asked, and the shell had the terminal.
                libc::SIGCONT if self.direct => {
                    client.call(Request::Release)?;
                    self.keep_lines = true;
                    return Ok(Some(Step::Again));
                }
                libc::SIGCONT => self.resume(),
                signal => {
                    // The terminal may be the very thing that is gone: leave without waiting for it.
                    let _ = client.call(Request::Release);
                    return Ok(Some(Step::Over(Outcome::Signalled(signal))));
                }
            }
        }
        Ok(None)
    }

    /// Stops like any program that is put in the background, the terminal as it was; comes back in raw mode.
    fn pause(&mut self) {
        self.take_off();
        if let Some(raw) = &self.raw {
            raw.restore();
        }
        // SIGSTOP, because SIGTSTP is ours; a job control shell sees the same.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
        self.resume();
        self.paused = true;
    }

    /// Whether nobody had the terminal while this process was stopped: a shell would have put its own settings there.
    pub(super) fn was_left_alone(&self) -> bool {
        self.raw.is_none() || terminal::tty::is_raw(&self.stdin).is_ok_and(|raw| raw)
    }

    /// Goes on in a terminal that the shell had meanwhile.
    pub(super) fn resume(&mut self) {
        self.keep_lines = true;
        if let Some(raw) = &self.raw {
            let _ = raw.again();
        }
    }
}
