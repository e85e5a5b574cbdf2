//! The screen of a session. It is painted behind the byte path: what the program wrote is stored and shown by then, and
//! waits here until the host would sleep, or somebody looks at the screen.

use super::backlog::{self, Backlog};
use super::worker::{Priority, Worker};
use crate::folder::Folder;
use crate::replay;
use protocol::Offset;
use terminal::Screen;

/// The screen is written down after this much output, and in a pause after at least the second.
const CHECKPOINT_EVERY_BYTES: u64 = 8 << 20; // 8 MiB
const CHECKPOINT_MIN_BYTES: u64 = 256 << 10; // 256 KiB
/// Painted at once when there is time for it: some 10 µs, in which no key is seen.
const SLICE_BYTES: usize = 4 << 10; // 4 KiB

/// The screen, and how far it is painted.
pub(super) struct Canvas {
    screen: Screen,
    /// Output that is not painted yet.
    backlog: Backlog,
    /// Where the backlog begins.
    painted: Offset,
    checkpointed: Offset,
    folder: Folder,
    /// Writes the checkpoints; nobody else does while there is one.
    clerk: Worker<Errand>,
}

/// What the disk is needed for, which may be slow.
#[derive(Default)]
struct Errand {
    checkpoint: Option<Vec<u8>>,
    chore: Option<Chore>,
}

/// What is done in a pause, when the screen is written down.
type Chore = fn(&Folder);

impl Canvas {
    pub(super) fn new(folder: &Folder, screen: Screen, at: Offset) -> Self {
        let (folder, clerk) = (folder.clone(), clerk(folder));
        Self { screen, backlog: Backlog::default(), painted: at, checkpointed: at, folder, clerk }
    }

    /// Takes output that begins where the last ended.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.paint((self.backlog.len() + bytes.len()).saturating_sub(backlog::BYTES));
        self.backlog.push(bytes);
    }

    /// Paints a little of what waits; false if nothing does.
    pub(super) fn catch_up_some(&mut self) -> bool {
        let waits = self.backlog.len() > 0;
        self.paint(SLICE_BYTES);
        self.backlog.rest();
        waits
    }

    /// The screen as the program left it.
    pub(super) fn screen(&mut self) -> &Screen {
        self.screen_mut()
    }

    pub(super) fn screen_mut(&mut self) -> &mut Screen {
        self.paint(self.backlog.len());
        &mut self.screen
    }

    /// The offset that a dump of the screen stands for: a sequence that is not complete is not painted.
    pub(super) fn shown(&mut self) -> Offset {
        let pending = self.screen().pending();
        self.painted - pending
    }

    /// Paints so much of what waits, at most.
    fn paint(&mut self, bytes: usize) {
        let Self { screen, backlog, painted, .. } = self;
        backlog.pop(bytes, |bytes| {
            screen.feed(bytes);
            *painted += bytes.len() as u64;
        });
        self.write_down_after(CHECKPOINT_EVERY_BYTES);
    }

    /// A second of output is over: time to write the screen down, and then for a chore.
    pub(super) fn pause(&mut self, chore: Chore) {
        self.write_down_after(CHECKPOINT_MIN_BYTES);
        self.clerk.order(|errand| errand.get_or_insert_default().chore = Some(chore));
    }

    /// Writes the screen down for the next host, once the clerk is done with what it is writing: two at once would
    /// write into one draft. There is another clerk then, in case that this host goes on.
    pub(super) fn hand_over(&mut self) {
        self.paint(self.backlog.len());
        self.clerk.withdraw();
        self.clerk = clerk(&self.folder);
        let checkpoint = self.checkpoint();
        replay::write_checkpoint(&self.folder, &checkpoint);
    }

    /// The screen as it is painted now.
    fn checkpoint(&mut self) -> Vec<u8> {
        self.checkpointed = self.painted - self.screen.pending();
        replay::checkpoint(self.checkpointed, &self.screen)
    }

    /// Has the screen written down if so much output came since the last time. A slow disk does not hold up a key.
    fn write_down_after(&mut self, bytes: u64) {
        if self.painted.since(self.checkpointed) < bytes {
            return;
        }
        let checkpoint = self.checkpoint();
        self.clerk.order(|errand| errand.get_or_insert_default().checkpoint = Some(checkpoint));
    }
}

fn clerk(folder: &Folder) -> Worker<Errand> {
    let folder = folder.clone();
    Worker::new("cf-clerk", Priority::Lowest, move |errand| run(errand, &folder))
}

fn run(errand: Errand, folder: &Folder) {
    if let Some(checkpoint) = errand.checkpoint {
        replay::write_checkpoint(folder, &checkpoint);
    }
    if let Some(chore) = errand.chore {
        chore(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Checkpoint;
    use protocol::Size;

    #[test]
    fn the_clerk_is_gone_before_the_screen_is_handed_over_and_comes_again() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let size = Size { cols: 80, rows: 24 };
        let mut canvas = Canvas::new(&folder, Screen::new(size, 0), Offset::ZERO);
        let flood = vec![b'x'; CHECKPOINT_EVERY_BYTES as usize];
        canvas.take(&flood);
        canvas.screen();
        assert!(canvas.clerk.has_thread(), "a flood is written down beside the loop");
        canvas.take(b"last");
        canvas.hand_over();
        assert!(!canvas.clerk.has_thread());
        let written = || Checkpoint::from_bytes(&std::fs::read(folder.checkpoint()).unwrap());
        assert_eq!(written().map(|checkpoint| checkpoint.offset), Some(canvas.shown()));
        canvas.take(&flood);
        let end = canvas.shown();
        drop(canvas);
        assert_eq!(written().map(|checkpoint| checkpoint.offset), Some(end));
    }
}
