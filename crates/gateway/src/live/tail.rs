//! The last frames of a session, which all its viewers share, and where each of them is.

use super::Item;
use protocol::Offset;
use std::collections::VecDeque;

/// Bytes of frames that are kept. A viewer that is further behind reads the journal.
const KEPT_BYTES: usize = 4 << 20; // 4 MiB

/// Frames without a gap between them.
pub(super) struct Tail {
    items: VecDeque<Item>,
    /// The number of the first.
    first: u64,
    /// Where the first begins; unknown where what came before it is a note, of which others may stand at the same place.
    start: Option<Offset>,
    end: Offset,
    weight: usize,
    over: bool,
}

/// How far a viewer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cursor {
    /// It read the journal up to here.
    Journal(Offset),
    /// It waits for the item of this number.
    Tail(u64),
}

/// What comes next for a viewer.
#[derive(Debug)]
pub(super) enum After {
    /// This.
    Items(Vec<Item>),
    /// Nothing yet.
    Nothing,
    /// What it needs is not kept any more: it has to read the journal.
    Behind,
    /// Nothing ever.
    Over,
}

impl Tail {
    pub(super) fn new(at: Offset) -> Self {
        Self { items: VecDeque::new(), first: 0, start: Some(at), end: at, weight: 0, over: false }
    }

    pub(super) fn end(&self) -> Offset {
        self.end
    }

    pub(super) fn can_join(&self, at: Offset) -> bool {
        self.number_at(at).is_some()
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn push(&mut self, items: Vec<Item>) {
        for item in items {
            self.end = item.end();
            self.weight += item.weight();
            self.over |= matches!(item, Item::Note { last: true, .. });
            self.items.push_back(item);
        }
        while self.weight > KEPT_BYTES
            && let Some(item) = self.items.pop_front()
        {
            self.weight -= item.weight();
            self.first += 1;
            self.start = matches!(item, Item::Output { .. }).then(|| item.end());
        }
    }

    /// What comes after a cursor, which moves behind it: nothing behind output that reaches `limit`.
    pub(super) fn after(&self, cursor: &mut Cursor, limit: Offset) -> After {
        let next = match *cursor {
            Cursor::Tail(number) if number >= self.first => number,
            Cursor::Tail(_) => return After::Behind,
            Cursor::Journal(at) => match self.number_at(at) {
                Some(number) => number,
                None => return After::Behind,
            },
        };
        let mut full = false;
        let fits = |item: &&Item| {
            let fits = !full;
            full |= matches!(item, Item::Output { end, .. } if *end >= limit);
            fits
        };
        let rest = self.items.iter().skip((next - self.first) as usize);
        let items: Vec<Item> = rest.take_while(fits).cloned().collect();
        *cursor = Cursor::Tail(next + items.len() as u64);
        match items.is_empty() {
            false => After::Items(items),
            true if self.over => After::Over,
            true => After::Nothing,
        }
    }

    /// The number of the item that follows output up to `at`; none where no frame ends or begins there.
    fn number_at(&self, at: Offset) -> Option<u64> {
        if self.start == Some(at) {
            return Some(self.first);
        }
        // Notes of the same place come after the output that ends there.
        let ends_here = |item: &Item| matches!(item, Item::Output { end, .. } if *end == at);
        let place = self.items.iter().position(ends_here)?;
        Some(self.first + place as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;

    const ALL: Offset = Offset(u64::MAX);

    fn output(start: u64, end: u64) -> Item {
        let frame = Bytes::from(vec![0; (end - start) as usize]);
        Item::Output { end: Offset(end), frame }
    }

    fn note(at: u64, last: bool) -> Item {
        Item::Note { at: Offset(at), kind: "test", text: "{}".into(), last }
    }

    fn ends(after: &After) -> Vec<u64> {
        match after {
            After::Items(items) => items.iter().map(|item| item.end().0).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_viewer_joins_where_a_frame_ends_and_goes_on_from_there() {
        let mut tail = Tail::new(Offset(100));
        tail.push(vec![output(100, 150), note(150, false), output(150, 200)]);
        let mut cursor = Cursor::Journal(Offset(100));
        assert_eq!(ends(&tail.after(&mut cursor, ALL)), [150, 150, 200]);
        assert!(matches!(tail.after(&mut cursor, ALL), After::Nothing));
        let mut cursor = Cursor::Journal(Offset(150));
        assert_eq!(ends(&tail.after(&mut cursor, ALL)), [150, 200]);
        let mut cursor = Cursor::Journal(Offset(120));
        assert!(matches!(tail.after(&mut cursor, ALL), After::Behind), "in the middle of a frame");
        tail.push(vec![note(200, true)]);
        let mut cursor = Cursor::Journal(Offset(200));
        assert_eq!(ends(&tail.after(&mut cursor, ALL)), [200]);
        assert!(matches!(tail.after(&mut cursor, ALL), After::Over));
    }

    #[test]
    fn nothing_is_given_behind_output_that_reaches_the_limit() {
        let mut tail = Tail::new(Offset(0));
        tail.push(vec![output(0, 50), note(50, false), output(50, 120), note(120, false), output(120, 130)]);
        let mut cursor = Cursor::Journal(Offset(0));
        assert_eq!(ends(&tail.after(&mut cursor, Offset(100))), [50, 50, 120]);
        assert_eq!(ends(&tail.after(&mut cursor, Offset(121))), [120, 130]);
        assert!(matches!(tail.after(&mut cursor, ALL), After::Nothing));
    }

    #[test]
    fn what_is_kept_has_a_limit_and_who_needs_more_is_behind() {
        let mut tail = Tail::new(Offset(0));
        let mut cursor = Cursor::Tail(0);
        // A frame weighs more than its bytes.
        let step = KEPT_BYTES as u64 / 4 - 1024;
        tail.push((0..8).map(|place| output(place * step, (place + 1) * step)).collect());
        assert!(tail.weight <= KEPT_BYTES);
        assert!(matches!(tail.after(&mut cursor, ALL), After::Behind));
        let mut cursor = Cursor::Journal(Offset(4 * step));
        assert_eq!(ends(&tail.after(&mut cursor, ALL)).len(), 4);
        assert_eq!(tail.end(), Offset(8 * step));
    }

    #[test]
    fn nobody_joins_behind_notes_that_are_not_kept() {
        let mut tail = Tail::new(Offset(0));
        tail.push(vec![output(0, 10), note(10, false), note(10, false), output(10, 10 + KEPT_BYTES as u64)]);
        assert!(matches!(tail.after(&mut Cursor::Journal(Offset(10)), ALL), After::Behind));
    }
}
