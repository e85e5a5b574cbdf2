//! `text`: the whole history as a person saw it, without colours: the lines that scrolled off, then the last screen.
//!
//! What stood on the alternate screen (editors, pagers) is left out, as it is in a terminal's own scrollback. A
//! program that erases the scrollback erases it here too, up to [`KEPT_LINES`] back.

use super::Encoder;
use crate::view::paint;
use protocol::{Body, Meta, Record};
use terminal::Screen;

/// Lines that are still held when older ones are written, so that a taller screen can pull them back and a program
/// can erase and draw them anew: about 10 MB of usual text.
const KEPT_LINES: usize = 50_000;
/// Lines that are written at once.
const STEP_LINES: usize = 10_000;
/// The limit of the screen itself, never reached: it also allows 512 bytes for each of its lines, so that the lines
/// held here may take 4 KB each.
const SCREEN_LINES: usize = 8 * (KEPT_LINES + 2 * STEP_LINES);

/// Cancels a sequence that was begun, and leaves the alternate screen.
const TO_PRIMARY_SCREEN: &[u8] = b"\x18\x1b[?1049l";

pub(super) struct Text {
    screen: Screen,
}

impl Text {
    pub(super) fn new(meta: &Meta) -> Self {
        Self { screen: Screen::new(meta.size, SCREEN_LINES) }
    }

    fn write_history(&mut self, keep: usize, out: &mut Vec<u8>) {
        for line in self.screen.take_history(keep) {
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
    }
}

impl Encoder for Text {
    fn encode(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        match record.body {
            // A step of lines at most can come of as many bytes.
            Body::Output { bytes, .. } => {
                for part in bytes.chunks(STEP_LINES) {
                    self.screen.feed(part);
                    if self.screen.history_len() > KEPT_LINES + STEP_LINES {
                        self.write_history(KEPT_LINES, out);
                    }
                }
            }
            _ => paint(&mut self.screen, &record.body),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.screen.feed(TO_PRIMARY_SCREEN);
        self.write_history(0, out);
        let lines = self.screen.lines();
        let used = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        for line in &lines[..used] {
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
    }
}
