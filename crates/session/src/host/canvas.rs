//! The screen of a session. It is painted behind the byte path: what the program wrote is stored and shown by then, and
//! while the terminal takes it and the program writes more, there is time for it. In a flood there is none: that is put off
//! ([`super::backlog`]), and whoever looks at the screen finds it painted all the same.

use super::backlog::Backlog;
use super::worker::{Priority, Worker};
use crate::folder::Folder;
use crate::{log, replay};
use journal::Place;
use protocol::{Offset, Size};
use std::time::Instant;
use terminal::{Screen, secret};

/// The screen is written down after this much output, and in a pause after at least the second.
const CHECKPOINT_EVERY_BYTES: u64 = 8 << 20; // 8 MiB
const CHECKPOINT_MIN_BYTES: u64 = 256 << 10; // 256 KiB

/// The screen, and how far it is painted.
pub(super) struct Canvas {
    screen: Screen,
    /// Whether it asks for a secret; nothing until somebody wants to know.
    asks: Option<bool>,
    /// Where the painted output ends.
    end: Offset,
    /// Where the size was set last, and how often.
    resized: (Offset, u32),
    backlog: Backlog,
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
    /// A screen that shows the output up to there, where its size was set so many times.
    pub(super) fn new(folder: &Folder, screen: Screen, at: Offset, resizes: u32) -> Self {
        let (folder, clerk) = (folder.clone(), clerk(folder));
        let resized = (at, resizes);
        Self {
            screen,
            asks: None,
            end: at,
            resized,
            backlog: Backlog::default(),
            checkpointed: at,
            folder,
            clerk,
        }
    }

    /// Paints output that begins where the last ended.
    pub(super) fn paint(&mut self, bytes: &[u8]) {
        self.screen_mut().feed(bytes);
        self.end += bytes.len() as u64;
        self.write_down_after(CHECKPOINT_EVERY_BYTES);
    }

    /// Takes note of output that is stored at a place, and where it ends; true if it is painted later, from there.
    pub(super) fn put_off(&mut self, place: Place, end: Offset, bytes: &[u8]) -> bool {
        self.backlog.put_off(place, end, bytes, self.screen.size(), Instant::now())
    }

    /// The screen as far as it is painted. Whether a query has an answer here, if not which, is told by any.
    pub(super) fn glance(&self) -> &Screen {
        &self.screen
    }

    /// Whether there is output that is not painted yet. It is soon: who only watches the screen waits for that.
    pub(super) fn is_behind(&self) -> bool {
        self.backlog.is_some()
    }

    /// Bytes of a sequence that is not complete; nothing where the end of the output is not painted yet.
    pub(super) fn pending(&self) -> Option<u64> {
        (!self.is_behind()).then(|| self.screen.pending())
    }

    /// When a part of what was put off is painted, if nothing happens before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.backlog.due().filter(|_| self.is_behind())
    }

    /// Paints a part of what was put off, if it is time.
    pub(super) fn tend(&mut self) {
        if self.is_behind()
            && let Some(goal) = self.backlog.goal(self.end, Instant::now())
        {
            self.catch_up(goal);
        }
    }

    /// The screen as the output so far painted it.
    pub(super) fn screen(&mut self) -> &Screen {
        if let Some(end) = self.backlog.end() {
            self.catch_up(end);
        }
        &self.screen
    }

    pub(super) fn screen_mut(&mut self) -> &mut Screen {
        self.screen();
        self.asks = None;
        &mut self.screen
    }

    /// Changes its size where the output ends now.
    pub(super) fn resize(&mut self, size: Size) {
        self.screen_mut().resize(size);
        let (at, times) = self.resized;
        self.resized = (self.end, if at == self.end { times + 1 } else { 1 });
    }

    /// Paints what was put off, up to `goal` at least.
    fn catch_up(&mut self, goal: Offset) {
        self.asks = None;
        let painted = self.backlog.paint(&self.folder.journal(), &mut self.screen, self.end, goal);
        self.end = painted.unwrap_or_else(|error| {
            log::error("host", format_args!("the screen lacks output that cannot be read again: {error}"));
            self.backlog.give_up().unwrap_or(goal)
        });
        self.write_down_after(CHECKPOINT_EVERY_BYTES);
    }

    /// Whether the screen asks for a secret where the cursor is.
    pub(super) fn asks(&mut self) -> bool {
        self.screen();
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
        let (at, times) = self.resized;
        let resizes = if at == self.painted() { times } else { 0 };
        replay::checkpoint(self.painted(), resizes, &self.screen)
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
    use crate::source::{Kind, Source};
    use crate::view::{Checkpoint, View};

    /// A program that scrolls through its colours, and a session's journal.
    struct Flood {
        canvas: Canvas,
        /// The same output, painted at once.
        screen: Screen,
        writer: journal::Writer,
        place: tempfile::TempDir,
    }

    impl Flood {
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            let folder = Folder::at(place.path());
            let writer = journal::Writer::create(&folder.journal(), protocol::SessionId::generate()).unwrap();
            let screen = || Screen::new(Size { cols: 80, rows: 24 }, 100);
            let canvas = Canvas::new(&folder, screen(), Offset::ZERO, 0);
            Self { canvas, screen: screen(), writer, place }
        }

        /// The program writes; true if that was put off.
        fn write(&mut self, bytes: &[u8]) -> bool {
            let place = self.writer.place();
            self.writer.append(&[protocol::Body::Output { bytes, held: 0 }]).unwrap();
            self.screen.feed(bytes);
            let later = self.canvas.put_off(place, self.writer.offset(), bytes);
            if !later {
                self.canvas.paint(bytes);
            }
            later
        }

        /// The program writes so much, in reads that end anywhere, and its lines are numbered.
        fn write_lines(&mut self, bytes: usize) -> usize {
            let lines = (0..).map(|line| format!("\x1b[38;5;{}m{line}\x1b[0m naïve 日本\r\n", line % 256));
            let text: Vec<u8> = lines.flat_map(String::into_bytes).take(bytes).collect();
            text.chunks(4093).filter(|piece| self.write(piece)).count()
        }

        fn assert_painted(&mut self) {
            assert_eq!(self.canvas.screen().dump(usize::MAX), self.screen.dump(usize::MAX));
            assert!(!self.canvas.is_behind());
            assert_eq!(self.canvas.painted(), self.writer.offset() - self.screen.pending());
        }
    }

    #[test]
    fn a_flood_is_painted_later_and_whoever_looks_finds_it_painted() {
        let mut flood = Flood::new();
        // More than a segment of the journal.
        assert!(flood.write_lines(20 << 20) > 0);
        assert!(flood.canvas.is_behind() && flood.canvas.pending().is_none());
        assert!(flood.canvas.painted() < flood.writer.offset());
        flood.assert_painted();
        flood.write_lines(3 << 20);
        flood.write(b"\x1b[2J");
        assert!(flood.canvas.is_behind());
        flood.canvas.resize(Size { cols: 40, rows: 10 });
        flood.screen.resize(Size { cols: 40, rows: 10 });
        flood.assert_painted();
    }

    #[test]
    fn a_pause_paints_what_was_put_off_piece_by_piece() {
        let mut flood = Flood::new();
        flood.write_lines(1 << 20);
        let mut pieces = 0;
        while flood.canvas.is_behind() {
            let due = flood.canvas.deadline().expect("who is behind looks again");
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            flood.canvas.tend();
            pieces += 1;
        }
        assert!(pieces > 8, "{pieces} pieces");
        assert_eq!(flood.canvas.deadline(), None);
        flood.assert_painted();
        assert!(!flood.write(b"prompt"), "what comes after a pause is painted at once");
    }

    #[test]
    fn a_backlog_ends_though_the_flood_does_not() {
        let mut flood = Flood::new();
        let end = Instant::now() + std::time::Duration::from_secs(60);
        let mut was_behind = false;
        while flood.canvas.is_behind() || !was_behind {
            assert!(Instant::now() < end, "it never ends");
            was_behind |= flood.write_lines(4 << 10) > 0;
            flood.canvas.tend();
        }
        flood.assert_painted();
    }

    #[test]
    fn what_cannot_be_read_again_ends_the_backlog() {
        let mut flood = Flood::new();
        flood.write_lines(1 << 20);
        std::fs::remove_dir_all(flood.place.path()).unwrap();
        flood.canvas.screen();
        assert!(!flood.canvas.is_behind());
        assert_eq!(flood.canvas.painted(), flood.writer.offset() - flood.canvas.screen().pending());
    }

    /// Sizes that are set where nothing is written: those before the checkpoint are in it, and what comes after is not.
    #[test]
    fn a_screen_that_was_written_down_between_two_sizes_goes_on_with_the_second() {
        let mut flood = Flood::new();
        flood.write_lines(40 << 10);
        let resize = |flood: &mut Flood, cols: u16, rows: u16| {
            let size = Size { cols, rows };
            flood.writer.append(&[protocol::Body::Resize(size)]).unwrap();
            flood.canvas.resize(size);
        };
        resize(&mut flood, 40, 5);
        resize(&mut flood, 70, 30);
        flood.canvas.hand_over();
        resize(&mut flood, 30, 10);
        resize(&mut flood, 50, 20);
        let folder = Folder::at(flood.place.path());
        let written = Checkpoint::from_bytes(&std::fs::read(folder.checkpoint()).unwrap()).unwrap();
        let source = Source::open(&folder.journal(), written.offset, Kind::Stored).unwrap();
        let mut view = View::new(source, &written, 100);
        view.go_to_end().unwrap();
        assert_eq!((written.resizes, view.resizes()), (Some(2), 4));
        assert_eq!(view.screen().dump(usize::MAX), flood.canvas.screen().dump(usize::MAX));
    }

    #[test]
    fn the_clerk_is_gone_before_the_screen_is_handed_over_and_comes_again() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let size = Size { cols: 80, rows: 24 };
        let mut canvas = Canvas::new(&folder, Screen::new(size, 0), Offset::ZERO, 0);
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
