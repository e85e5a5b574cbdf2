//! The first bytes say the size, the next size, and where reads end; the rest is what a program writes.

use crate::{first, pieces, scan};
use protocol::Size;
use terminal::Screen;

/// Lines that the screen keeps: more than an input can make.
const HISTORY: usize = 20_000;
/// Lines that a short-lived one keeps.
const SHORT: usize = 5;
/// Bytes of memory at most, for inputs of 16 KiB on screens of this size.
const MEMORY: usize = 8 << 20;

const WORDS: &[&[u8]] = &[
    b"\x1b[2J",
    b"\x1b[H",
    b"\x1b[5;9H",
    b"\x1b[K",
    b"\x1b[3L",
    b"\x1b[2M",
    b"\x1b[4@",
    b"\x1b[4P",
    b"\x1b[2;5r",
    b"\x1b[?6h",
    b"\x1b[?7l",
    b"\x1b[4h",
    b"\x1b[?1049h",
    b"\x1b[?1049l",
    b"\x1b[?47h",
    b"\x1b[?1048h",
    b"\x1b7",
    b"\x1b8",
    b"\x1bM",
    b"\x1bD",
    b"\x1bH\t",
    b"\x1b[3g",
    b"\x1b(0",
    b"\x0e",
    b"\x1b[1;31;48;5;7m",
    b"\x1b[38:2::1:2:3m",
    b"\x1b[4:3;58;5;9m",
    b"\x1b[7m",
    b"\x1b[m",
    b"\x1b]8;;http://a\x07",
    b"\x1b]8;;\x07",
    b"\x1b]4;1;#123456\x07",
    b"\x1b[>5u",
    b"\x1b[<u",
    b"\x1b[22t",
    b"\x1b[23t",
    b"\x1b[5b",
    b"\x1b[!p",
    b"\x1bc",
    b"\x1b#8",
    b"\x1b[3J",
    "世".as_bytes(),
    "e\u{301}".as_bytes(),
    "😀\u{fe0f}".as_bytes(),
    b"\r\n",
    b"\xc2\x9b2C",
    b"long text that goes over the margin ",
    "┌Password┐".as_bytes(),
    "│ > ****".as_bytes(),
    b"token (hidden): ",
    b"\x1b[?25l",
];

#[test]
fn a_screen_takes_anything_and_its_dump_rebuilds_it() {
    let words: &'static [&'static [u8]] = [WORDS, scan::WORDS].concat().leak();
    testkit::fuzz::attack("screen", env!("CARGO_MANIFEST_DIR"), words, |bytes| {
        let (cols, bytes) = first(bytes);
        let (rows, bytes) = first(bytes);
        let (next, bytes) = first(bytes);
        let (how, stream) = first(bytes);
        let size = Size { cols: 2 + u16::from(cols % 100), rows: 1 + u16::from(rows % 40) };
        let mut screen = fed(size, HISTORY, std::iter::once(stream));
        let split = fed(size, HISTORY, pieces(stream, how));
        assert_eq!(split.pending(), screen.pending());
        assert_eq!(split, screen, "where reads end changed the screen");
        rebuilt(&screen);
        assert!(screen.memory() < MEMORY, "{} bytes", screen.memory());

        let next = Size { cols: 1 + u16::from(next % 110), rows: 1 + u16::from(next / 6) };
        resized(&mut screen, next, stream);
        assert!(screen.memory() < MEMORY, "{} bytes", screen.memory());
        short(size, next, stream);
    });
}

fn fed<'a>(size: Size, history: usize, pieces: impl Iterator<Item = &'a [u8]>) -> Screen {
    let mut screen = Screen::new(size, history);
    pieces.for_each(|piece| screen.feed(piece));
    screen
}

fn rebuilt(screen: &Screen) {
    let dump = screen.dump(usize::MAX);
    let copy = fed(screen.size(), HISTORY, std::iter::once(&dump[..]));
    assert_eq!(&copy, screen, "dump b\"{}\"", dump.escape_ascii());
}

/// Another size, more of the same, and back: everything stays within the screen.
fn resized(screen: &mut Screen, next: Size, stream: &[u8]) {
    let before = screen.size();
    for size in [next, before] {
        screen.resize(size);
        sound(screen, size);
        screen.feed(stream);
        sound(screen, size);
        screen.dump(usize::MAX);
        screen.feed(&screen.reset_sequence());
    }
}

/// The same where history is short and falls out at its end.
fn short(size: Size, next: Size, stream: &[u8]) {
    let mut screen = fed(size, SHORT, std::iter::once(stream));
    assert!(screen.history_len() <= SHORT);
    screen.resize(next);
    screen.feed(stream);
    assert!(screen.history_len() <= SHORT);
    screen.dump(SHORT / 2);
    sound(&screen, next);
}

fn sound(screen: &Screen, size: Size) {
    assert_eq!(screen.size(), size);
    let cursor = screen.cursor();
    assert!(cursor.row < size.rows && cursor.col < size.cols, "{cursor:?} in {size:?}");
    let (top, bottom) = screen.scroll_region();
    assert!(top <= bottom && bottom < size.rows, "{top} to {bottom} in {size:?}");
    assert_eq!(screen.lines().len(), usize::from(size.rows));
    terminal::secret::asks(screen);
    for row in 0..size.rows {
        let width: usize = screen.runs(row).iter().map(|run| usize::from(run.width)).sum();
        assert!(width <= usize::from(size.cols), "row {row} is {width} wide in {size:?}");
    }
}
