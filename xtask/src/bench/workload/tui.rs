//! Output like that of a full-screen coding CLI, from a fixed seed: coloured words, cursor moves, erased line
//! ends, boxes and wide characters, and runs of scrolling lines. The same bytes on every machine.

/// Rows and columns that the pattern draws on; every peer's window is at least that large.
const ROWS: u64 = 38;
const COLUMNS: u64 = 100;

/// Words of a coding session, with some that are not ASCII.
const WORDS: [&str; 16] = [
    "fn",
    "return",
    "src/lib.rs",
    "error",
    "warning",
    "let",
    "✓ passed",
    "── ",
    "│",
    "naïve",
    "日本語",
    "0x7f",
    "match",
    "=>",
    "Ok(())",
    "…",
];

/// Small deterministic random numbers (xorshift64*).
pub struct Numbers(u64);

impl Numbers {
    pub fn new() -> Numbers {
        Numbers(0x9e37_79b9_7f4a_7c15)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Exactly `length` bytes of such output.
pub fn pattern(length: usize) -> Vec<u8> {
    let mut numbers = Numbers::new();
    let mut text = String::with_capacity(length + 4096);
    while text.len() < length {
        match numbers.below(4) {
            0 => scroll(&mut text, &mut numbers),
            _ => repaint_row(&mut text, &mut numbers),
        }
    }
    let mut bytes = text.into_bytes();
    bytes.truncate(length);
    bytes
}

/// Some lines at the bottom of the screen, as of a log or a diff.
fn scroll(text: &mut String, numbers: &mut Numbers) {
    *text += &format!("\x1b[{ROWS};1H");
    for _ in 0..1 + numbers.below(8) {
        coloured_words(text, numbers, 12);
        *text += "\r\n";
    }
}

/// One row drawn anew somewhere, as of a status line or a spinner.
fn repaint_row(text: &mut String, numbers: &mut Numbers) {
    *text += &format!("\x1b[{};{}H", 1 + numbers.below(ROWS), 1 + numbers.below(COLUMNS / 2));
    coloured_words(text, numbers, 6);
    *text += "\x1b[K";
}

fn coloured_words(text: &mut String, numbers: &mut Numbers, most: u64) {
    for _ in 0..1 + numbers.below(most) {
        match numbers.below(3) {
            0 => *text += &format!("\x1b[38;5;{}m", numbers.below(256)),
            1 => *text += &format!("\x1b[1;3{}m", numbers.below(8)),
            _ => *text += "\x1b[0m",
        }
        *text += WORDS[numbers.below(WORDS.len() as u64) as usize];
        text.push(' ');
    }
    *text += "\x1b[0m";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_the_same_every_time_and_of_the_asked_length() {
        let pattern_a = pattern(100_000);
        assert_eq!(pattern_a.len(), 100_000);
        assert_eq!(pattern_a, pattern(100_000));
    }

    #[test]
    fn the_pattern_never_holds_the_first_byte_of_a_marker() {
        assert!(!pattern(1 << 20).contains(&b'@'));
    }
}
