//! The Kitty keyboard protocol's flags and their stack; each of the two screens has its own.

/// Saved flags at most, as the protocol's authors have it; the oldest are given up.
const DEPTH_MAX: usize = 16;
/// The flags that exist.
const KNOWN: u8 = 0b1_1111;

/// Flags in force and those saved below them.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Keyboard {
    flags: u8,
    saved: Vec<u8>,
}

impl Keyboard {
    /// The flags in force.
    pub(super) fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether a fresh terminal has the same.
    pub(super) fn is_default(&self) -> bool {
        self.flags == 0 && self.saved.is_empty()
    }

    /// `CSI > flags u`
    pub(super) fn push(&mut self, flags: u32) {
        if self.saved.len() == DEPTH_MAX {
            self.saved.remove(0);
        }
        self.saved.push(self.flags);
        self.flags = flags as u8 & KNOWN;
    }

    /// `CSI < count u`
    pub(super) fn pop(&mut self, count: u32) {
        for _ in 0..count.min(DEPTH_MAX as u32 + 1) {
            self.flags = self.saved.pop().unwrap_or(0);
        }
    }

    /// `CSI = flags ; how u`
    pub(super) fn set(&mut self, flags: u32, how: u32) {
        let flags = flags as u8 & KNOWN;
        match how {
            1 => self.flags = flags,
            2 => self.flags |= flags,
            3 => self.flags &= !flags,
            _ => {}
        }
    }

    /// The sequences that lead a fresh terminal here.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut levels = self.saved.iter().chain([&self.flags]);
        if let Some(base) = levels.next().filter(|base| **base != 0) {
            out.extend(format!("\x1b[={base};1u").bytes());
        }
        for flags in levels {
            out.extend(format!("\x1b[>{flags}u").bytes());
        }
    }

    /// The sequence that leaves nothing behind.
    pub(super) fn write_reset(&self, out: &mut Vec<u8>) {
        if !self.saved.is_empty() {
            out.extend(format!("\x1b[<{}u", self.saved.len()).bytes());
        }
        if *self.saved.first().unwrap_or(&self.flags) != 0 {
            out.extend(b"\x1b[=0;1u");
        }
    }
}
