//! Who answers the questions in one piece of output, and what a terminal is shown in their place.

use super::asking::{FENCE, Who};
use protocol::Offset;
use std::ops::Range;

/// Who answers the questions in one read.
#[derive(Default)]
pub(super) struct Questions {
    /// Whether the program stopped to wait for the answers, and there is a terminal that may be asked.
    pub wait: bool,
    /// Those that the host answers. They are not shown.
    pub answered: Vec<Range<Offset>>,
    /// Where those end that the terminal answers, with a fence behind each.
    pub fences: Vec<Offset>,
}

impl Questions {
    pub(super) fn are_none(&self) -> bool {
        self.answered.is_empty() && self.fences.is_empty()
    }

    pub(super) fn who(&self, query: &Range<Offset>, terminal: bool) -> Who {
        if self.answered.contains(query) {
            Who::Host
        } else if terminal {
            Who::Terminal { fenced: self.fences.contains(&query.end) }
        } else {
            Who::Nobody
        }
    }

    /// What stands in the output instead of what the program wrote, in order.
    pub(super) fn changes(&self) -> Vec<(Range<Offset>, &'static [u8])> {
        let without = self.answered.iter().map(|query| (query.clone(), [].as_slice()));
        let fences = self.fences.iter().map(|end| (*end..*end, FENCE));
        let mut changes: Vec<_> = without.chain(fences).collect();
        // A fence stands before the query right behind it.
        changes.sort_by_key(|(place, _)| (place.start, place.end));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_stands_right_behind_its_question_and_before_the_next() {
        let [first, second, end] = [3, 6, 9].map(|at| Offset::ZERO + at);
        let questions = Questions { wait: true, answered: vec![first..second], fences: vec![first, end] };
        let nothing: &[u8] = b"";
        let changes = [(first..first, FENCE), (first..second, nothing), (end..end, FENCE)];
        assert_eq!(questions.changes(), changes);
    }
}
