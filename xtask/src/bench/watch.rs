//! Finds a marker in a stream of reads. Costs next to nothing on bytes without the marker's first byte, because
//! it runs in the outer loop whose speed is part of every throughput figure.

/// Looks for one text across reads of any size.
pub struct Watch {
    text: Vec<u8>,
    /// The last bytes before the next read, at most one fewer than the text has.
    tail: Vec<u8>,
}

impl Watch {
    pub fn new(text: &str) -> Watch {
        assert!(!text.is_empty(), "a marker has at least one byte");
        Watch { text: text.as_bytes().to_vec(), tail: Vec::new() }
    }

    /// Takes the next read; true once the text is complete.
    pub fn feed(&mut self, read: &[u8]) -> bool {
        let found = self.at_the_seam(read) || self.inside(read);
        self.remember(read);
        found
    }

    fn at_the_seam(&self, read: &[u8]) -> bool {
        if !self.tail.contains(&self.text[0]) {
            return false;
        }
        let ahead = read.len().min(self.text.len() - 1);
        let seam = [&self.tail[..], &read[..ahead]].concat();
        holds(&seam, &self.text)
    }

    fn inside(&self, read: &[u8]) -> bool {
        read.contains(&self.text[0]) && holds(read, &self.text)
    }

    fn remember(&mut self, read: &[u8]) {
        let keep = self.text.len() - 1;
        self.tail.extend_from_slice(&read[read.len().saturating_sub(keep)..]);
        let surplus = self.tail.len().saturating_sub(keep);
        self.tail.drain(..surplus);
    }
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_however_it_is_cut() {
        let stream = b"abc@@cf-end@xyz";
        for size in 1..=stream.len() {
            let mut watch = Watch::new("@cf-end@");
            let found = stream.chunks(size).any(|read| watch.feed(read));
            assert!(found, "reads of {size} bytes");
        }
    }

    #[test]
    fn a_torn_marker_is_not_a_marker() {
        let mut watch = Watch::new("@cf-end@");
        assert!(!watch.feed(b"@cf-e"));
        assert!(!watch.feed(b"\x1b[m"));
        assert!(!watch.feed(b"nd@"));
    }
}
