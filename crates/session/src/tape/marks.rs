//! Places of a tape to go on from, so that winding back paints little again. They take so much memory at most: when it
//! is full every second one is dropped, and from then on they lie twice as far apart.

use super::Clock;
use crate::view::Checkpoint;
use protocol::Offset;

/// Bytes of output between two marks at first: winding back paints no more than these again, in some ten milliseconds.
const EVERY_BYTES: u64 = 2 << 20; // 2 MiB
/// Bytes of all dumps at most: some thousand screens of usual size.
const DUMPS_MAX_BYTES: usize = 8 << 20; // 8 MiB

pub(super) struct Marks {
    /// In order, the start first.
    marks: Vec<Mark>,
    every_bytes: u64,
    dumps_bytes: usize,
}

pub(super) struct Mark {
    pub clock: Clock,
    pub screen: Checkpoint,
}

impl Marks {
    pub(super) fn new(start: Mark) -> Self {
        Self { marks: vec![start], every_bytes: EVERY_BYTES, dumps_bytes: 0 }
    }

    /// Whether a mark is wanted at an offset.
    pub(super) fn wants(&self, offset: Offset) -> bool {
        let last = self.marks.last().map_or(Offset::ZERO, |mark| mark.screen.offset);
        offset.since(last) >= self.every_bytes
    }

    pub(super) fn add(&mut self, mark: Mark) {
        self.dumps_bytes += mark.screen.dump.len();
        self.marks.push(mark);
        if self.dumps_bytes > DUMPS_MAX_BYTES {
            self.thin();
        }
    }

    /// The last one that lies before a place.
    pub(super) fn last_before(&self, is_before: impl Fn(&Mark) -> bool) -> &Mark {
        let found = self.marks.iter().rfind(|mark| is_before(mark));
        found.expect("the first mark is before everything")
    }

    fn thin(&mut self) {
        let mut at = 0;
        self.marks.retain(|_| {
            at += 1;
            at % 2 == 1
        });
        self.every_bytes *= 2;
        self.dumps_bytes = self.marks.iter().map(|mark| mark.screen.dump.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Size, Time};
    use std::time::Duration;

    #[test]
    fn marks_take_bounded_memory_and_the_start_stays() {
        let mark = |offset: u64, bytes: usize| Mark {
            clock: Clock { idle_limit: Duration::MAX, last: Time(0), played: Duration::ZERO },
            screen: Checkpoint {
                offset: Offset(offset),
                size: Size { cols: 80, rows: 24 },
                resizes: None,
                dump: vec![0; bytes],
            },
        };
        let mut marks = Marks::new(mark(0, 0));
        for megabyte in 1..10_000 {
            let offset = Offset(megabyte << 20);
            if marks.wants(offset) {
                marks.add(mark(offset.0, 100_000));
            }
            assert!(marks.dumps_bytes <= DUMPS_MAX_BYTES);
        }
        assert_eq!(marks.last_before(|mark| mark.screen.offset <= Offset(5)).screen.offset, Offset::ZERO);
        let middle = Offset(5_000 << 20);
        let found = marks.last_before(|mark| mark.screen.offset <= middle).screen.offset;
        assert!(middle.since(found) <= marks.every_bytes, "{found}");
    }
}
