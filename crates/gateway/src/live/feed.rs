//! One reader of a session that is watched: the shared frames where it is near the end, else the journal.

use super::{After, Cursor, Frames, Item, Live};
use crate::ApiError;
use crate::routes::blocking;
use protocol::Offset;
use session::source::{Kind, Source};
use std::sync::Arc;
use tokio::sync::watch;

/// A reader, and how far it is.
pub(crate) struct Feed {
    live: Arc<Live>,
    cursor: Cursor,
    /// Up to where output was given.
    position: Offset,
    /// Notes that were given since, which stand at the same place.
    notes: usize,
    behind: Option<Behind>,
    over: bool,
    changes: watch::Receiver<u64>,
}

/// The journal, while a reader is behind what is shared.
struct Behind {
    frames: Frames,
    /// Notes at the place where it began that were given before.
    known_notes: usize,
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
        Self {
            live,
            cursor: Cursor::Journal(from),
            position: from,
            notes: 0,
            behind: None,
            over: false,
            changes,
        }
    }

    /// Goes to another place.
    pub(crate) fn seek(&mut self, to: Offset) {
        (self.cursor, self.position) = (Cursor::Journal(to), to);
        (self.notes, self.behind, self.over) = (0, None, false);
    }

    /// Up to where it was given everything.
    pub(crate) fn position(&self) -> Offset {
        self.position
    }

    /// Bytes that are stored and were not given yet.
    pub(crate) fn lag(&self) -> u64 {
        self.live.end().since(self.position)
    }

    /// What comes next, without waiting; nothing behind output that reaches `limit`.
    pub(crate) async fn step(&mut self, limit: Offset) -> Result<Step, ApiError> {
        if self.over {
            return Ok(Step::Over);
        }
        // A change that comes from now on is not missed.
        self.changes.mark_unchanged();
        // The cursor stands where this reading began. What is shared may have come there by now, and would be given again:
        // only who reads knows where to join.
        if self.behind.is_some() {
            return self.read(limit).await;
        }
        match self.live.after(&mut self.cursor, limit) {
            After::Items(items) => {
                items.iter().for_each(|item| self.count(item));
                Ok(Step::Items(items))
            }
            After::Nothing => Ok(Step::Nothing),
            After::Over => Ok(Step::Over),
            After::Behind => self.read(limit).await,
        }
    }

    /// Waits for a change; false if none will come.
    pub(crate) async fn changed(&mut self) -> bool {
        self.changes.changed().await.is_ok()
    }

    /// Reads a few frames of the journal, up to where the shared ones begin.
    async fn read(&mut self, limit: Offset) -> Result<Step, ApiError> {
        let all_is_stored = self.live.is_over();
        let mut behind = match self.behind.take() {
            Some(behind) => behind,
            None => self.go_behind().await?,
        };
        let items = behind.frames.read(None)?;
        self.over = behind.frames.ended();
        if items.is_empty() {
            if all_is_stored {
                // A recording that does not tell its end.
                self.over = true;
                let status = self.live.entry.folder.exit()?.map(|exit| exit.status);
                return Ok(Step::Items(vec![Item::exited(status, self.position)]));
            }
            // Bytes that may become a query stand between this place and the next.
            self.behind = Some(behind);
            return Ok(Step::Nothing);
        }
        let mut given = Vec::with_capacity(items.len());
        for item in items {
            let output = matches!(item, Item::Output { .. });
            if !output && behind.known_notes > 0 {
                behind.known_notes -= 1;
                continue;
            }
            behind.known_notes = 0;
            self.count(&item);
            given.push(item);
            // Behind output all notes of its place are still to come, here and there.
            if output && (self.position >= limit || self.live.can_join(self.position)) {
                (self.cursor, self.over) = (Cursor::Journal(self.position), false);
                return Ok(Step::Items(given));
            }
        }
        self.behind = Some(behind);
        Ok(Step::Items(given))
    }

    async fn go_behind(&self) -> Result<Behind, ApiError> {
        let (live, position) = (Arc::clone(&self.live), self.position);
        // Where records are not packed, all of a segment before that place is read.
        let open = move || Ok(Source::of(&live.entry.folder, &live.entry.meta, position, Kind::Shown)?);
        Ok(Behind { frames: Frames::new(blocking(open).await?), known_notes: self.notes })
    }

    fn count(&mut self, item: &Item) {
        match item {
            Item::Output { end, .. } => (self.position, self.notes) = (*end, 0),
            Item::Note { .. } => self.notes += 1,
        }
    }
}
