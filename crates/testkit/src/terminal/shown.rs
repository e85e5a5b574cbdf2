//! Finds printed characters in a terminal's output, past escape sequences and blanks.
//!
//! Programs that redraw only changed cells print "two words" as `two`, a cursor movement, `words`. Characters that
//! were drawn long apart may thus match, too: fit for words that only one event can bring, not for layout.

/// A search for one text, fed piece by piece.
pub(super) struct Shown {
    wanted: Vec<u8>,
    /// The last printed bytes, one less than are wanted.
    recent: Vec<u8>,
    state: State,
}

/// Where in an escape sequence the output stands.
#[derive(Clone, Copy)]
enum State {
    Text,
    Escape,
    /// Up to the final byte of a CSI sequence.
    Control,
    /// Up to BEL or ST: OSC, DCS, APC and their like.
    Words,
    /// An ESC within those, perhaps the first byte of ST.
    WordsEscape,
    /// One more byte, as in a choice of character set.
    One,
}

impl Shown {
    /// A search for this text; its blanks do not count.
    pub fn of(text: &str) -> Shown {
        let wanted = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        Shown { wanted, recent: Vec::new(), state: State::Text }
    }

    /// Whether the text is complete with this piece.
    pub fn feed(&mut self, piece: &[u8]) -> bool {
        let mut printed = std::mem::take(&mut self.recent);
        for &byte in piece {
            if matches!(self.state, State::Text) && byte > 0x20 && byte != 0x7f {
                printed.push(byte);
            }
            self.state = next(self.state, byte);
        }
        let found = super::contains(&printed, &self.wanted);
        let keep = printed.len().min(self.wanted.len().saturating_sub(1));
        self.recent = printed.split_off(printed.len() - keep);
        found
    }
}

fn next(state: State, byte: u8) -> State {
    match (state, byte) {
        (State::Words, 0x1b) => State::WordsEscape,
        (_, 0x1b) => State::Escape,
        (State::Text, _) => State::Text,
        (State::Escape, b'[') => State::Control,
        (State::Escape, b']' | b'P' | b'_' | b'^' | b'X') => State::Words,
        (State::Escape, 0x20..=0x2f) => State::One,
        (State::Escape | State::One | State::WordsEscape, _) => State::Text,
        (State::Control, 0x40..=0x7e) => State::Text,
        (State::Control, _) => State::Control,
        (State::Words, 0x07) => State::Text,
        (State::Words, _) => State::Words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_between_escape_sequences_in_any_cut() {
        let output = "\x1b]0;two words\x07\x1b[2Jtw\x1b[31mo\x1b[5Cwör\r\n\x1b(Bds".as_bytes();
        for cut in 0..output.len() {
            let mut shown = Shown::of("two wörds");
            assert!(!shown.feed(&output[..cut]), "cut at {cut}");
            assert!(shown.feed(&output[cut..]), "cut at {cut}");
        }
        assert!(!Shown::of("two words").feed(output), "a title is not on the screen");
    }
}
