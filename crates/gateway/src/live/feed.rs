//! One reader of a session that is watched: the shared frames where it is near the end, else the journal.

use super::{After, Cursor, Frames, Item, Live};
use crate::ApiError;
use crate::blocking::blocking;
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

#[cfg(test)]
mod tests {
    use super::super::tail::Tail;
    use super::*;
    use journal::Writer;
    use protocol::{Body, Phase};
    use session::folder::Folder;
    use session::registry::Entry;
    use std::path::Path;
    use std::sync::Mutex;

    const META: &str = r#"{"version":1,"id":"01a1fd8e-d0f9-75a2-ac16-15a3f4e38958","command":["sh"],"cwd":"/","size":{"cols":80,"rows":24},"created":1,"boot":"b","machine":"m","socket":"/s"}"#;

    /// A session, its journal, and who makes the shared frames of it.
    struct Scene {
        live: Arc<Live>,
        journal: Writer,
        follower: Frames,
    }

    impl Scene {
        fn new(folder: &Path) -> Self {
            let (folder, meta) = (Folder::at(folder), serde_json::from_str(META).unwrap());
            let entry =
                Entry { folder, meta, name: String::new(), phase: Phase::Running, exit: None, status: None };
            let path = entry.folder.journal();
            let journal = Writer::create(&path, entry.meta.id).unwrap();
            let follower = Frames::new(Source::open(&path, Offset::ZERO, Kind::Shown).unwrap());
            let live = Arc::new(Live {
                entry,
                tail: Mutex::new(Tail::new(Offset::ZERO)),
                changes: watch::Sender::new(0),
                host: Mutex::default(),
            });
            Self { live, journal, follower }
        }

        /// Stores output; what is to be shared of it.
        fn store(&mut self, bytes: &[u8]) -> Vec<Item> {
            self.journal.append(&[Body::Output { bytes, held: 0 }]).unwrap();
            self.follower.read(None).unwrap()
        }
    }

    /// Takes all output that there is.
    async fn take(feed: &mut Feed, output: &mut Vec<u8>) {
        while let Step::Items(items) = feed.step(Offset(u64::MAX)).await.unwrap() {
            for item in items {
                let Item::Output { frame, .. } = item else { panic!("{item:?}") };
                output.extend_from_slice(&super::super::output_of(&frame));
            }
        }
    }

    /// A viewer that has what was not shared yet reads the journal, where it is ahead of what is shared. What is shared then
    /// comes to where its reading began, and is not given again.
    #[tokio::test]
    async fn who_read_ahead_of_what_is_shared_gets_nothing_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut scene = Scene::new(folder.path());
        let mut late = scene.store(b"first ");
        let mut feed = Feed::new(Arc::clone(&scene.live), Offset(6));
        let mut output = Vec::new();
        late.extend(scene.store(b"second "));
        take(&mut feed, &mut output).await;
        assert_eq!(output, b"second ", "from the journal");
        scene.live.push(late);
        take(&mut feed, &mut output).await;
        assert_eq!(output, b"second ", "nothing new is stored");
        for part in [&b"third "[..], b"fourth"] {
            let items = scene.store(part);
            scene.live.push(items);
            take(&mut feed, &mut output).await;
        }
        assert_eq!(output.escape_ascii().to_string(), "second third fourth");
        assert!(feed.behind.is_none(), "it shares with the others by now");
    }
}
