//! Looks for a line on the screen, as it is painted from the journal.
//!
//! A line counts that stood there for a moment: the screen is not only looked at after each piece of output, of which
//! the next line may have scrolled away another, but also the line under the cursor before anything but text or colour
//! comes.

use journal::{Piece, Shown};
use protocol::frame::{Answer, Request};
use protocol::{Body, Offset};
use regex::Regex;
use session::client::HostClient;
use session::registry::Entry;
use terminal::Screen;

/// What looks for a line.
pub(super) struct TextWatch<'a> {
    screen: Screen,
    shown: Shown,
    pattern: &'a Regex,
    looked: bool,
}

impl<'a> TextWatch<'a> {
    /// From now on, the present screen included.
    pub(super) fn from_now(
        client: &mut HostClient,
        entry: &Entry,
        pattern: &'a Regex,
    ) -> anyhow::Result<Self> {
        let request = Request::Snapshot { history: 0 };
        let (answer, dump) = client.call_with(request, &[], None, session::client::PATIENCE)?;
        let Answer::Snapshot(snapshot) = answer else { anyhow::bail!("no screen") };
        let mut screen = Screen::new(snapshot.size, 0);
        screen.feed(&dump);
        let shown = Shown::open(&entry.folder.journal(), snapshot.offset).map_err(session::Error::from)?;
        Ok(Self { screen, shown, pattern, looked: false })
    }

    /// From an offset on, the screen of that moment left out.
    pub(super) fn since(entry: &Entry, pattern: &'a Regex, since: Offset) -> anyhow::Result<Self> {
        let shown = Shown::open(&entry.folder.journal(), since).map_err(session::Error::from)?;
        // The size of that moment is not known without reading all that came before; the present one is the best guess.
        let size = entry.status.as_ref().map_or(entry.meta.size, |status| status.size);
        Ok(Self { screen: Screen::new(size, 0), shown, pattern, looked: true })
    }

    /// The first line that fits in what is stored by now, and the offset by which it was there.
    pub(super) fn look(&mut self) -> anyhow::Result<Option<(String, Offset)>> {
        if !std::mem::replace(&mut self.looked, true)
            && let Some(line) = self.line()
        {
            return Ok(Some((line, self.shown.position())));
        }
        while let Some(piece) = self.shown.next().map_err(session::Error::from)? {
            match piece {
                Piece::Output { range, bytes, .. } => {
                    if let Some(line) = self.paint(&bytes) {
                        return Ok(Some((line, range.end)));
                    }
                }
                Piece::Other(record) => {
                    if let Body::Resize(size) = record.body {
                        self.screen.resize(size);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Paints a piece of output step by step.
    fn paint(&mut self, mut bytes: &[u8]) -> Option<String> {
        while !bytes.is_empty() {
            let (step, rest) = bytes.split_at(step(bytes));
            self.screen.feed(step);
            // The cursor may stand in the next row already.
            let row = self.screen.cursor().row;
            let rows = [Some(row), row.checked_sub(1)].into_iter().flatten();
            if let Some(line) = self.fits(rows.map(|row| self.screen.row_text(row))) {
                return Some(line);
            }
            bytes = rest;
        }
        self.line()
    }

    fn line(&self) -> Option<String> {
        self.fits(self.screen.lines().into_iter())
    }

    fn fits(&self, mut lines: impl Iterator<Item = String>) -> Option<String> {
        lines.find(|line| self.pattern.is_match(line))
    }
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
