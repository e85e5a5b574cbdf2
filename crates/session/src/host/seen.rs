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
}

impl Host {
    /// When to look again without an event.
    pub(super) fn seen_deadline(&self) -> Option<Instant> {
        self.only_dialogs()?;
        self.approvals.seen.deadline(self.is_touched(), self.recording.offset())
    }

    /// The dialogs of a CLI that tells of its questions in no other way.
    fn only_dialogs(&self) -> Option<&'static dyn Dialogs> {
        let is_wanted = self.args.shared.settings.screen_questions;
        self.agent.dialogs().filter(|dialogs| is_wanted && dialogs.are_all())
    }

    /// Whether somebody typed since a question began to wait.
    fn is_touched(&self) -> bool {
        self.approvals.seen.since.is_some_and(|since| self.input.typed_since(since))
    }

    /// Looks at the screen, if there is reason to.
    pub(super) fn tend_seen(&mut self) {
        let Some(dialogs) = self.only_dialogs() else { return };
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
                let is_it = self.approvals.any_typed(|ask| dialogs.dialog(ask, &lines).is_some());
                self.follow_seen(waits, shown, is_it, now);
            }
            None => self.take_up_seen(shown.filter(|_| !self.is_answered(dialogs, &lines)), now),
        }
    }

    /// Whether the lines show the dialog for which a key was typed just now.
    fn is_answered(&self, dialogs: &dyn Dialogs, lines: &[String]) -> bool {
        self.approvals.typing.answered().is_some_and(|ask| dialogs.dialog(ask, lines).is_some())
    }

    /// A question waits.
    fn follow_seen(&mut self, waits: u32, shown: Option<Ask>, is_it: bool, now: Instant) {
        let touched = self.is_touched();
        let seen = &mut self.approvals.seen;
        seen.since.get_or_insert(now);
        if is_it {
            (seen.glimpse, seen.gone) = (None, 0);
            return;
        }
        let is_other = shown.is_some() && seen.glimpse == shown;
        (seen.glimpse, seen.gone) = (shown, seen.gone + 1);
        if touched || is_other || seen.gone == GONE_AFTER {
            seen.gone = 0;
            let by = if is_other && !touched { CHANGED } else { TERMINAL };
            self.settle(waits, by.to_owned(), None);
        }
    }

    /// None does.
    fn take_up_seen(&mut self, shown: Option<Ask>, now: Instant) {
        let seen = &mut self.approvals.seen;
        seen.gone = 0;
        if shown.is_none() || seen.glimpse != shown {
            (seen.glimpse, seen.glimpsed) = (shown, Some(now));
            return;
        }
        if seen.glimpsed.is_some_and(|since| now.saturating_duration_since(since) < STANDS_FOR) {
            return;
        }
        seen.since = Some(now);
        if let Some(ask) = seen.glimpse.take() {
            self.ask(ClientNumber::default(), ask);
        }
    }
}
