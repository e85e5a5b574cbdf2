//! Questions that only the screen tells of: a dialog that stands for a while is a question, and one that is gone is over.
//!
//! What was answered by a key of ours is in [`super::dialog`]. Nothing tells two dialogs of the same words apart but that
//! there was none between them. Where nobody typed, that may be a picture half painted; where somebody did, one look is
//! enough, and each piece of output is looked at.

use super::Host;
use super::approvals::TERMINAL;
use adapter::dialog::Dialogs;
use protocol::approval::Ask;
use protocol::{ClientNumber, Offset};
use std::time::{Duration, Instant};

/// Between two looks at the screen.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a dialog stands unchanged before it is a question: a large one is drawn in steps, each of which has another.
const STANDS_FOR: Duration = Duration::from_millis(400);
/// Looks in a row without a dialog that nobody answered until its question is over.
const GONE_AFTER: u8 = 10;
/// Who settles a question in whose place another one stands, though nobody typed: its terminal became narrower, or more of
/// it was shown.
const CHANGED: &str = "another dialog in its place";

/// What was seen at the last look.
#[derive(Default)]
pub(super) struct Seen {
    /// A dialog that is no question yet.
    glimpse: Option<Ask>,
    /// Since when it is there.
    glimpsed: Option<Instant>,
    /// Since when the question waits, as far as this host knows.
    since: Option<Instant>,
    /// Looks in a row that did not show its dialog.
    gone: u8,
    looked: Option<(Instant, Offset)>,
    /// There was output before the last look, and the screen may be painted a moment behind it.
    again: bool,
}

impl Seen {
    fn deadline(&self, touched: bool, offset: Offset) -> Option<Instant> {
        let Some((looked, at)) = self.looked else { return Some(Instant::now()) };
        let is_new = at != offset;
        let is_due = is_new || self.again || self.gone > 0 || self.glimpse.is_some();
        let wait = if is_new && touched { Duration::ZERO } else { LOOK_EVERY };
        is_due.then_some(looked + wait)
    }

    /// A question waits; gives who settles it, if it is over.
    fn follow(
        &mut self,
        shown: Option<Ask>,
        is_it: bool,
        touched: bool,
        now: Instant,
    ) -> Option<&'static str> {
        self.since.get_or_insert(now);
        if is_it {
            (self.glimpse, self.gone) = (None, 0);
            return None;
        }
        let is_other = shown.is_some() && self.glimpse == shown;
        self.gone += 1;
        self.glimpse(shown, now);
        if !touched && !is_other && self.gone < GONE_AFTER {
            return None;
        }
        self.gone = 0;
        Some(if is_other && !touched { CHANGED } else { TERMINAL })
    }

    /// None does; gives the one that is to be asked.
    fn take_up(&mut self, shown: Option<Ask>, now: Instant) -> Option<Ask> {
        (self.since, self.gone) = (None, 0);
        if self.glimpse(shown, now) < STANDS_FOR {
            return None;
        }
        let ask = self.glimpse.take()?;
        self.since = Some(now);
        Some(ask)
    }

    /// Takes a look at what is no question yet; gives how long it stands there.
    fn glimpse(&mut self, shown: Option<Ask>, now: Instant) -> Duration {
        if self.glimpse != shown {
            (self.glimpse, self.glimpsed) = (shown, Some(now));
        }
        self.glimpsed.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

impl Host {
    /// When to look again without an event.
    pub(super) fn seen_deadline(&self) -> Option<Instant> {
        self.read_dialogs()?;
        self.approvals.seen.deadline(self.is_touched(), self.recording.offset())
    }

    /// The dialogs that are read off the screen: all of a CLI that tells of its questions in no other way, or those that its
    /// hooks leave out.
    fn read_dialogs(&self) -> Option<&'static dyn Dialogs> {
        let settings = &self.args.shared.settings;
        let is_wanted = |dialogs: &dyn Dialogs| {
            if dialogs.are_all() { settings.screen_questions } else { settings.screen_forms }
        };
        self.agent.dialogs().filter(|dialogs| is_wanted(*dialogs))
    }

    /// Whether somebody typed since a question began to wait.
    fn is_touched(&self) -> bool {
        self.approvals.seen.since.is_some_and(|since| self.input.typed_since(since))
    }

    /// Looks at the screen, if there is reason to.
    pub(super) fn tend_seen(&mut self) {
        let Some(dialogs) = self.read_dialogs() else { return };
        let (due, now) = (self.seen_deadline(), Instant::now());
        if due.is_none_or(|due| now < due) || self.output.canvas.is_behind() {
            return;
        }
        let lines = self.output.canvas.screen().lines();
        let offset = self.recording.offset();
        let seen = &mut self.approvals.seen;
        seen.again = seen.looked.is_none_or(|(_, before)| before != offset);
        seen.looked = Some((now, offset));
        let shown = dialogs.asked(&lines);
        match self.approvals.typed_like(|ask| ask.screen) {
            Some(waits) => {
                let is_it =
                    self.approvals.any_typed(|ask| ask.screen && dialogs.dialog(ask, &lines).is_some());
                let touched = self.is_touched();
                if let Some(by) = self.approvals.seen.follow(shown, is_it, touched, now) {
                    self.settle(waits, by.to_owned(), None);
                }
            }
            None => {
                let is_answered = self.is_answered(dialogs, &lines);
                // What stands there once its key is given up, no output tells.
                self.approvals.seen.again |= is_answered;
                if let Some(ask) = self.approvals.seen.take_up(shown.filter(|_| !is_answered), now) {
                    self.ask(ClientNumber::default(), ask);
                }
            }
        }
    }

    /// Whether the lines show the dialog for which a key was typed just now.
    fn is_answered(&self, dialogs: &dyn Dialogs, lines: &[String]) -> bool {
        self.approvals.typing.answered().is_some_and(|ask| dialogs.dialog(ask, lines).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::BlockKind;
    use serde_json::json;

    fn asks(command: &str) -> Option<Ask> {
        let ask = json!({ "kind": BlockKind::Permission, "tool": "Shell", "input": { "command": command } });
        Some(serde_json::from_value(ask).unwrap())
    }

    #[test]
    fn a_dialog_behind_another_is_asked_once_it_stands_for_a_while() {
        let (mut seen, begin) = (Seen::default(), Instant::now());
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        assert_eq!((seen.take_up(asks("a"), at(0)), seen.take_up(asks("a"), at(400))), (None, asks("a")));
        assert_eq!(seen.follow(asks("a"), true, false, at(900)), None);
        assert_eq!(seen.follow(asks("half of b"), false, true, at(1000)), Some(TERMINAL));
        for (shown, milliseconds) in [("half of b", 1100), ("b", 1200), ("b", 1500)] {
            assert_eq!(seen.take_up(asks(shown), at(milliseconds)), None, "{shown} at {milliseconds}");
        }
        assert_eq!(seen.take_up(asks("b"), at(1600)), asks("b"));
    }

    /// Each piece of output is looked at only while a question waits that somebody may have answered.
    #[test]
    fn what_was_typed_for_a_question_that_is_over_is_forgotten() {
        let (mut seen, begin) = (Seen::default(), Instant::now());
        seen.take_up(asks("a"), begin);
        seen.take_up(asks("a"), begin + STANDS_FOR);
        assert!(seen.since.is_some());
        seen.take_up(None, begin + 2 * STANDS_FOR);
        assert_eq!(seen.since, None);
    }
}
