//! Bytes that wait to be painted, in order. It takes memory only while some wait.

/// Room for bytes that wait: some 170 µs of painting, which is what whoever looks at the screen waits for at most.
pub(super) const BYTES: usize = 64 << 10; // 64 KiB

#[derive(Default)]
pub(super) struct Backlog {
    bytes: Vec<u8>,
    /// Bytes at the front that were taken out.
    taken: usize,
}

impl Backlog {
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(BYTES);
        }
        if self.bytes.len() + bytes.len() > self.bytes.capacity() {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Gives up to so many bytes from the front to `take`.
    pub(super) fn pop(&mut self, most: usize, take: impl FnOnce(&[u8])) {
        let front = &self.bytes[self.taken..];
        let front = &front[..most.min(front.len())];
        take(front);
        self.taken += front.len();
    }

    /// Gives back the memory, if nothing waits.
    pub(super) fn rest(&mut self) {
        if self.len() == 0 {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_the_order_in_which_they_went_in_and_the_room_is_used_again() {
        let mut backlog = Backlog::default();
        let mut out = Vec::new();
        let sent: Vec<u8> = (0..8 * BYTES).map(|index| (index / 7) as u8).collect();
        for (index, piece) in sent.chunks(5_000).enumerate() {
            if backlog.len() + piece.len() > BYTES {
                backlog.pop(piece.len() + index, |bytes| out.extend_from_slice(bytes));
            }
            backlog.push(piece);
            assert_eq!(backlog.bytes.capacity(), BYTES);
        }
        backlog.rest();
        assert_ne!(backlog.len(), 0);
        backlog.pop(usize::MAX, |bytes| out.extend_from_slice(bytes));
        assert!(out == sent);
        backlog.rest();
        assert_eq!(backlog.bytes.capacity(), 0);
    }
}
