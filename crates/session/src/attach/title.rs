//! The terminal's title, while it tells what a client is in for. The user's own is kept by the terminal meanwhile.

use super::{Seat, write_out};
use crate::Result;

impl Seat<'_> {
    /// Has the terminal keep its user's title, once.
    pub(super) fn save_title(&mut self) -> Result<()> {
        if self.titled || !rustix::termios::isatty(&self.stdout) {
            return Ok(());
        }
        self.titled = true;
        write_out(self, b"\x1b[22;2t")
    }

    /// Sets the title, where the user's was saved.
    pub(super) fn set_title(&mut self, title: &str) -> Result<()> {
        if self.titled { write_out(self, format!("\x1b]2;{title}\x1b\\").as_bytes()) } else { Ok(()) }
    }

    pub(super) fn restore_title(&mut self) -> Result<()> {
        if std::mem::take(&mut self.titled) { write_out(self, b"\x1b[23;2t") } else { Ok(()) }
    }
}
