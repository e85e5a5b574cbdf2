//! The screen of a session. It is painted behind the byte path: what the program wrote is stored and shown by then, and
//! while the terminal takes it and the program writes more, there is time for it.

use super::worker::{Priority, Worker};
use crate::folder::Folder;
use crate::replay;
use protocol::Offset;
use terminal::{Screen, secret};

/// The screen is written down after this much output, and in a pause after at least the second.
const CHECKPOINT_EVERY_BYTES: u64 = 8 << 20; // 8 MiB
const CHECKPOINT_MIN_BYTES: u64 = 256 << 10; // 256 KiB

/// The screen, and how far it is painted.
pub(super) struct Canvas {
    screen: Screen,
    /// Whether it asks for a secret; nothing until somebody wants to know.
    asks: Option<bool>,
    /// The output so far.
    end: Offset,
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
        Self { screen, asks: None, end: at, checkpointed: at, folder: folder.clone(), clerk: clerk(folder) }
    }

    /// Paints output that begins where the last ended.
    pub(super) fn paint(&mut self, bytes: &[u8]) {
        self.screen_mut().feed(bytes);
        self.end += bytes.len() as u64;
        self.write_down_after(CHECKPOINT_EVERY_BYTES);
    }

    pub(super) fn screen(&self) -> &Screen {
        &self.screen
    }

    pub(super) fn screen_mut(&mut self) -> &mut Screen {
        self.asks = None;
        &mut self.screen
    }

    /// Whether the screen asks for a secret where the cursor is.
    pub(super) fn asks(&mut self) -> bool {
        *self.asks.get_or_insert_with(|| secret::asks(&self.screen))
    }

    /// The offset that a dump of the screen stands for: a sequence that is not complete is not painted.
    pub(super) fn painted(&self) -> Offset {
        self.end - self.screen.pending()
    }

    /// A second of output is over: time to write the screen down, and then for a chore.
    pub(super) fn pause(&mut self, chore: Chore) {
        self.write_down_after(CHECKPOINT_MIN_BYTES);
        self.clerk.order(|errand| errand.get_or_insert_default().chore = Some(chore));
    }

    /// Writes the screen down for the next host, once the clerk is done with what it is writing: two at once would
    /// write into one draft. There is another clerk then, in case that this host goes on.
    pub(super) fn hand_over(&mut self) {
        self.clerk.withdraw();
        self.clerk = clerk(&self.folder);
        self.checkpointed = self.painted();
        replay::write_checkpoint(&self.folder, &self.checkpoint());
    }

    fn checkpoint(&self) -> Vec<u8> {
        replay::checkpoint(self.painted(), &self.screen)
    }

    /// Has the screen written down if so much output came since the last time. A slow disk does not hold up a key.
    fn write_down_after(&mut self, bytes: u64) {
        if self.painted().since(self.checkpointed) < bytes {
            return;
        }
        self.checkpointed = self.painted();
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
        canvas.paint(&vec![b'x'; CHECKPOINT_EVERY_BYTES as usize]);
        assert!(canvas.clerk.has_thread(), "a flood is written down beside the loop");
        canvas.paint(b"last");
        canvas.hand_over();
        assert!(!canvas.clerk.has_thread());
        let written = || Checkpoint::from_bytes(&std::fs::read(folder.checkpoint()).unwrap());
        assert_eq!(written().map(|checkpoint| checkpoint.offset), Some(canvas.painted()));
        canvas.paint(&vec![b'x'; CHECKPOINT_EVERY_BYTES as usize]);
        let end = canvas.painted();
        drop(canvas);
        assert_eq!(written().map(|checkpoint| checkpoint.offset), Some(end));
    }
}
