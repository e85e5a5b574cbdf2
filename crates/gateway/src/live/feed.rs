//! One reader of a session that is watched: the shared frames where it is near the end, else the journal.

use super::{After, Cursor, Frames, Item, Live};
use protocol::Offset;
use session::Result;
use session::source::{Kind, Source};
use std::sync::Arc;
use tokio::sync::watch;

/// A reader, and how far it is.
pub(crate) struct Feed {
    live: Arc<Live>,
    cursor: Cursor,
    position: Offset,
    /// The journal, while it is behind what is shared.
    behind: Option<Frames>,
    changes: watch::Receiver<u64>,
}

/// What there is for a reader now.
pub(crate) enum Step {
    /// This comes next.
    Items(Vec<Item>),
    /// Nothing yet: [`Feed::changed`] tells when to look again.
    Nothing,
    /// The session is over, and everything was given.
    Over,
}

impl Feed {
    /// One that has everything before `from`.
    pub(crate) fn new(live: Arc<Live>, from: Offset) -> Self {
        let changes = live.changes();
        Self { live, cursor: Cursor::Journal(from), position: from, behind: None, changes }
    }

    /// Goes to another place.
    pub(crate) fn seek(&mut self, to: Offset) {
        (self.cursor, self.position, self.behind) = (Cursor::Journal(to), to, None);
    }

    /// Up to where it was given everything.
    pub(crate) fn position(&self) -> Offset {
        self.position
    }

    /// Bytes that are stored and were not given yet.
    pub(crate) fn lag(&self) -> u64 {
        self.live.end().since(self.position)
    }

    /// What comes next, without waiting.
    pub(crate) fn step(&mut self) -> Result<Step> {
        // A change that comes from now on is not missed.
        self.changes.mark_unchanged();
        match self.live.after(&mut self.cursor) {
            After::Items(items) => {
                self.behind = None;
                Ok(self.give(items))
            }
            After::Nothing => Ok(Step::Nothing),
            After::Over => Ok(Step::Over),
            After::Behind => self.read(),
        }
    }

    /// Waits for a change; false if none will come.
    pub(crate) async fn changed(&mut self) -> bool {
        self.changes.changed().await.is_ok()
    }

    /// Reads a few frames of the journal.
    fn read(&mut self) -> Result<Step> {
        let entry = &self.live.entry;
        let frames = match self.behind.take() {
            Some(frames) => frames,
            None => Frames::new(Source::of(&entry.folder, &entry.meta, self.position, Kind::Shown)?),
        };
        let frames = self.behind.insert(frames);
        if frames.ended() {
            return Ok(Step::Over);
        }
        let items = frames.read()?;
        if items.is_empty() {
            return Ok(Step::Nothing);
        }
        let step = self.give(items);
        self.cursor = Cursor::Journal(self.position);
        Ok(step)
    }

    fn give(&mut self, items: Vec<Item>) -> Step {
        if let Some(last) = items.last() {
            self.position = last.end();
        }
        Step::Items(items)
    }
}
