//! Looks for a line on the screen, as it is painted from the journal.
//!
//! A line counts that stood there for a moment: the screen is not only looked at after each piece of output, of which
//! the next line may have scrolled away another, but also the line under the cursor before anything but text or colour
//! comes.

use protocol::{Body, Offset};
use regex::Regex;
use session::Result;
use session::client::HostClient;
use session::registry::Entry;
use session::source::{Kind, Source};
use session::view::{Checkpoint, View, paint};
use terminal::Screen;

/// What looks for a line.
pub(super) struct TextWatch<'a> {
    view: View,
    pattern: &'a Regex,
    looked: bool,
}

impl<'a> TextWatch<'a> {
    /// From now on, the present screen included.
    pub(super) fn from_now(client: &mut HostClient, entry: &Entry, pattern: &'a Regex) -> Result<Self> {
        Self::begin(entry, pattern, &client.snapshot(0)?, false)
    }

    /// From an offset on, the screen of that moment left out.
    pub(super) fn since(entry: &Entry, pattern: &'a Regex, since: Offset) -> Result<Self> {
        // The size of that moment is not known without reading all that came before; the present one is the best guess.
        let size = entry.status.as_ref().map_or(entry.meta.size, |status| status.size);
        Self::begin(entry, pattern, &Checkpoint::empty(since, size), true)
    }

    fn begin(entry: &Entry, pattern: &'a Regex, from: &Checkpoint, looked: bool) -> Result<Self> {
        let source = Source::of(&entry.folder, &entry.meta, from.offset, Kind::Shown)?;
        Ok(Self { view: View::new(source, from, 0), pattern, looked })
    }

    /// The first line that fits in what is stored by now, and the offset by which it was there.
    pub(super) fn look(&mut self) -> Result<Option<(String, Offset)>> {
        if !std::mem::replace(&mut self.looked, true)
            && let Some(line) = find(self.pattern, self.view.screen().lines())
        {
            return Ok(Some((line, self.view.position())));
        }
        while let Some((record, screen)) = self.view.read()? {
            let found = match record.body {
                Body::Output { bytes, .. } => paint_and_look(self.pattern, screen, bytes),
                _ => {
                    paint(screen, &record.body);
                    None
                }
            };
            if let Some(line) = found {
                return Ok(Some((line, self.view.position())));
            }
        }
        Ok(None)
    }
}

/// Paints a piece of output step by step.
fn paint_and_look(pattern: &Regex, screen: &mut Screen, mut bytes: &[u8]) -> Option<String> {
    while !bytes.is_empty() {
        let (step, rest) = bytes.split_at(step(bytes));
        screen.feed(step);
        // The cursor may stand in the next row already.
        let row = screen.cursor().row;
        let rows = [Some(row), row.checked_sub(1)].into_iter().flatten();
        if let Some(line) = find(pattern, rows.map(|row| screen.row_text(row))) {
            return Some(line);
        }
        bytes = rest;
    }
    find(pattern, screen.lines())
}

fn find(pattern: &Regex, lines: impl IntoIterator<Item = String>) -> Option<String> {
    lines.into_iter().find(|line| pattern.is_match(line))
}

/// How many bytes lie before the next text that follows something else: colours belong to the text.
fn step(bytes: &[u8]) -> usize {
    let mut text = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            0x1b => match colour(&bytes[at..]) {
                Some(length) => at += length,
                None if text => return at,
                None => at += 1,
            },
            ..0x20 if text => return at,
            ..0x20 => at += 1,
            _ => (text, at) = (true, at + 1),
        }
    }
    at
}

/// The length of the sequence that begins here, if it changes only the look of what follows.
fn colour(bytes: &[u8]) -> Option<usize> {
    let body = bytes.strip_prefix(b"\x1b[")?;
    let length = body.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'))?;
    (body[length] == b'm').then_some(2 + length + 1)
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn a_step_ends_before_what_may_take_its_text_away() {
        let mut bytes: &[u8] = b"one\x1b[1;31mtwo\x1b[0m\r\n\x1b[2Kthree\x1b[Kfour\x07\x1b[";
        let mut steps = Vec::new();
        while !bytes.is_empty() {
            let (head, rest) = bytes.split_at(step(bytes));
            steps.push(head.escape_ascii().to_string());
            bytes = rest;
        }
        let expect = [r"one\x1b[1;31mtwo\x1b[0m", r"\r\n\x1b[2Kthree", r"\x1b[Kfour", r"\x07\x1b["];
        assert_eq!(steps, expect);
    }
}
