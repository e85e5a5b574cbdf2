//! Output as it was to be seen.

use protocol::Size;
use serde::{Deserialize, Serialize};
use terminal::Screen;

/// Of what was shown in one go, so much of its begin and of its end is kept: work and memory stay bounded whatever comes.
const HEAD_MAX_BYTES: usize = 16 << 10; // 16 KiB
const TAIL_MAX_BYTES: usize = 48 << 10; // 48 KiB
/// Of the text that comes of it.
const TEXT_MAX_BYTES: usize = 64 << 10; // 64 KiB
/// What goes its way line by line is painted on a screen so wide that few lines break.
const WIDE: Size = Size { cols: 500, rows: 100 };
/// Lines that scroll off and are kept: more than there are bytes of lines.
const HISTORY_LINES: usize = HEAD_MAX_BYTES + TAIL_MAX_BYTES;

/// What was shown in one go.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    /// Where and when it began.
    pub offset: u64,
    pub time: u64,
    head: String,
    tail: String,
    left_out_bytes: u64,
    /// The begin of a character.
    partial: Vec<u8>,
}

impl Shown {
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.left_out_bytes == 0
    }

    /// Takes more of it.
    pub fn push(&mut self, bytes: &[u8], offset: u64, time: u64) {
        if self.is_empty() && self.partial.is_empty() {
            (self.offset, self.time) = (offset, time);
        }
        let mut all = std::mem::take(&mut self.partial);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.push_text(text);
                    return;
                }
                Err(error) => {
                    let (valid, other) = rest.split_at(error.valid_up_to());
                    self.push_text(&String::from_utf8_lossy(valid));
                    let Some(length) = error.error_len() else {
                        self.partial = other.to_vec();
                        return;
                    };
                    self.push_text("\u{fffd}");
                    rest = &other[length..];
                }
            }
        }
    }

    /// Takes what came behind it.
    pub fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        self.push_text(&other.head);
        self.left_out_bytes += other.left_out_bytes;
        self.push_text(&other.tail);
        self.partial = other.partial;
    }

    /// Leaves out a text with which it begins, but for ends of lines.
    pub fn leave_out_begin(&mut self, text: &str) {
        let at = self.head.len() - self.head.trim_start_matches(['\r', '\n']).len();
        if self.head[at..].starts_with(text) {
            self.head.replace_range(at..at + text.len(), "");
        }
    }

    /// Output that was not recorded.
    pub fn miss(&mut self, bytes: u64) {
        self.left_out_bytes += bytes;
    }

    fn push_text(&mut self, text: &str) {
        let room = if self.tail.is_empty() && self.left_out_bytes == 0 {
            text.floor_char_boundary(HEAD_MAX_BYTES.saturating_sub(self.head.len()))
        } else {
            0
        };
        let (head, tail) = text.split_at(room);
        self.head.push_str(head);
        self.tail.push_str(tail);
        // Not at every byte: to move the rest costs as much as it has.
        if self.tail.len() > 2 * TAIL_MAX_BYTES {
            let cut = self.tail.ceil_char_boundary(self.tail.len() - TAIL_MAX_BYTES);
            self.left_out_bytes += cut as u64;
            self.tail.drain(..cut);
        }
    }

    /// Whether its last line has no end: a prompt, perhaps.
    pub fn is_open(&self) -> bool {
        let end = if self.tail.is_empty() { &self.head } else { &self.tail };
        !end.ends_with('\n')
    }

    /// Its lines as they were to be seen, without blank ones before and behind.
    pub fn lines(&self, size: Size) -> Vec<String> {
        // Where the cut is depends on how it came; what is told does not.
        let cut = self.tail.ceil_char_boundary(self.tail.len().saturating_sub(TAIL_MAX_BYTES));
        let left_out_bytes = self.left_out_bytes + cut as u64;
        let tail = &self.tail[cut..];
        let mut lines = if left_out_bytes == 0 {
            painted(&format!("{}{tail}", self.head), size)
        } else {
            let mut lines = painted(&self.head, size);
            lines.push(format!("… {left_out_bytes} bytes are left out …"));
            lines.extend(painted(tail, size));
            lines
        };
        let blank = lines.iter().take_while(|line| line.trim().is_empty()).count();
        lines.drain(..blank);
        let used = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
        lines.truncate(used);
        lines
    }
}

/// Lines as one text, which is not too long.
pub(super) fn text(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    text.truncate(text.floor_char_boundary(TEXT_MAX_BYTES));
    text
}

fn painted(text: &str, size: Size) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    if text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t') {
        return text.lines().map(|line| line.trim_end().to_owned()).collect();
    }
    let size = if moves(&text) { size } else { WIDE };
    let mut screen = Screen::new(size, HISTORY_LINES);
    screen.feed(text.replace('\n', "\r\n").as_bytes());
    let mut lines = screen.take_history(0);
    lines.extend(screen.lines());
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Whether it goes to other lines than the next: then it counts on how wide the screen is.
fn moves(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_move = |at: usize| match bytes.get(at + 1) {
        Some(b'M') => true,
        Some(b'[') => {
            let end = bytes[at + 2..].iter().find(|byte| (0x40..=0x7e).contains(*byte));
            end.is_some_and(|end| b"ABEFHLMSTdfr".contains(end))
        }
        _ => false,
    };
    bytes.iter().enumerate().any(|(at, byte)| *byte == 0x1b && is_move(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_over_is_not_there_and_a_flood_is_cut_in_its_middle() {
        let mut shown = Shown::default();
        for byte in "10%\r20%\r\x1b[32mdone\x1b[0m ✓\r\nbye\r\n".as_bytes() {
            shown.push(&[*byte], 0, 0);
        }
        assert_eq!(shown.lines(Size::DEFAULT), ["done ✓", "bye"]);
        for number in 0..100_000 {
            shown.push(format!("line {number}\r\n").as_bytes(), 0, 0);
        }
        let lines = shown.lines(Size::DEFAULT);
        assert!(lines.len() < 10_000 && lines.iter().any(|line| line.ends_with("bytes are left out …")));
        assert_eq!((lines[0].as_str(), lines[lines.len() - 1].as_str()), ("done ✓", "line 99999"));
    }

    #[test]
    fn a_picture_that_is_drawn_again_and_again_is_read_as_it_was_last() {
        let mut shown = Shown::default();
        for frame in ["one", "two", "three"] {
            shown.push(format!("\x1b[2K┌ {frame}\r\n\x1b[2K└ wait\r\n\x1b[2A").as_bytes(), 0, 0);
        }
        assert_eq!(shown.lines(Size::DEFAULT), ["┌ three", "└ wait"]);
    }
}
