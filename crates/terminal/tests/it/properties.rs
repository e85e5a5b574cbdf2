//! Promises that hold for every input.

use crate::generate::anything;
use proptest::prelude::*;
use protocol::Size;
use terminal::Screen;

/// History of the screens under test, lines: long enough that nothing generated here is cut.
const HISTORY: usize = 2_000;

fn fed(size: Size, bytes: &[u8]) -> Screen {
    let mut screen = Screen::new(size, HISTORY);
    screen.feed(bytes);
    screen
}

/// The same screen made from its dump.
fn rebuilt(screen: &Screen) -> Screen {
    fed(screen.size(), &screen.dump(usize::MAX))
}

fn size() -> impl Strategy<Value = Size> {
    (2..40u16, 1..12u16).prop_map(|(cols, rows)| Size { cols, rows })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_dump_rebuilds_the_screen(size in size(), bytes in anything()) {
        let screen = fed(size, &bytes);
        let dump = screen.dump(usize::MAX);
        prop_assert!(!dump.windows(4).any(|four| four == b"\x1b[3J"), "it erases the scrollback");
        prop_assert!(!dump.windows(2).any(|two| two == b"\x1bc"), "it resets the terminal");
        prop_assert_eq!(rebuilt(&screen), screen);
    }

    #[test]
    fn a_dump_with_less_history_has_the_newest_lines(size in size(), bytes in anything(), lines in 0..6usize) {
        let screen = fed(size, &bytes);
        let copy = fed(size, &screen.dump(lines));
        prop_assert_eq!(copy.history_lines(usize::MAX), screen.history_lines(lines));
        prop_assert_eq!(copy.lines(), screen.lines());
        prop_assert_eq!(copy.cursor(), screen.cursor());
    }

    #[test]
    fn where_the_input_is_cut_makes_no_difference(size in size(), bytes in anything(), cuts in any::<u64>()) {
        let whole = fed(size, &bytes);
        let mut parts = Screen::new(size, HISTORY);
        let mut start = 0;
        for end in 0..bytes.len() {
            if cuts >> (end % 64) & 1 == 1 {
                parts.feed(&bytes[start..end]);
                start = end;
            }
        }
        parts.feed(&bytes[start..]);
        prop_assert_eq!(parts.pending(), whole.pending());
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn a_dump_and_the_pending_bytes_go_on_like_the_original(
        size in size(), bytes in anything(), cut in 0.0..1.0, more in anything()
    ) {
        let bytes = &bytes[..(bytes.len() as f64 * cut) as usize];
        let mut screen = fed(size, bytes);
        let mut copy = rebuilt(&screen);
        copy.feed(&bytes[bytes.len() - screen.pending() as usize..]);
        prop_assert_eq!(copy.pending(), screen.pending());
        screen.feed(&more);
        copy.feed(&more);
        prop_assert_eq!(copy, screen);
    }

    #[test]
    fn no_bytes_and_no_sizes_make_it_panic(
        steps in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), anything(), 1..50u16, 1..20u16), 1..12)
    ) {
        let mut screen = Screen::new(Size { cols: 10, rows: 4 }, 20);
        for (noise, bytes, cols, rows) in steps {
            screen.feed(&noise);
            screen.feed(&bytes);
            screen.resize(Size { cols, rows });
            prop_assert!(screen.cursor().row < rows && screen.cursor().col < cols);
            prop_assert!(screen.history_len() <= 20);
            prop_assert_eq!(screen.lines().len(), usize::from(rows));
            screen.dump(usize::MAX);
            screen.runs(0);
        }
    }

    #[test]
    fn the_reset_leaves_a_terminal_clean(size in size(), bytes in anything()) {
        let mut screen = fed(size, &bytes);
        if screen.pending() > 0 {
            screen.feed(b"\x18");
        }
        screen.feed(&screen.reset_sequence());
        let fresh = Screen::new(size, 0);
        for (private, mode) in [(false, 4), (false, 20)].into_iter().chain((1..3_000).map(|mode| (true, mode))) {
            prop_assert_eq!(screen.mode(private, mode), fresh.mode(private, mode), "mode {}", mode);
        }
        prop_assert_eq!(screen.keyboard_flags(), 0);
        prop_assert_eq!(screen.modify_other_keys(), 0);
        prop_assert_eq!(screen.scroll_region(), fresh.scroll_region());
        prop_assert_eq!(screen.cursor().style, 0);
        prop_assert_eq!(screen.sgr(), "0");
        prop_assert_eq!(screen.background_override(), None);
        screen.feed(b"\x1b[2J\x1b[Hqx");
        prop_assert_eq!(&screen.runs(0)[0], &terminal::screen::Run { text: "qx".into(), width: 2, style: Default::default() });
    }
}

#[test]
fn memory_stays_bounded_whatever_comes() {
    let mut screen = Screen::new(Size { cols: 120, rows: 40 }, 2_000);
    for round in 0..400_000u32 {
        let (r, g, b) = (round >> 16 & 255, round >> 8 & 255, round & 255);
        let marks = char::from_u32(0x300 + round % 100).expect("a combining mark");
        screen.feed(
            format!(
                "\x1b]8;;http://host/{round}\x07\x1b[38;2;{r};{g};{b}mab{marks}{marks}\x1b]2;{round}\x07"
            )
            .as_bytes(),
        );
        screen.feed(b"\x1b[22t\x1b[>1u\x1b]4;7;#123456\x07");
    }
    screen.feed(b"\x1b]0;");
    for _ in 0..100 {
        screen.feed(&[b'x'; 100_000]);
    }
    assert!(screen.memory() < 4 << 20, "{} bytes", screen.memory());
    assert_eq!(screen.pending(), 4 + 10_000_000);
}

#[test]
fn a_fresh_screen_is_small_and_a_full_history_is_packed() {
    let mut screen = Screen::new(Size { cols: 120, rows: 40 }, 2_000);
    assert!(screen.memory() < 4 << 10, "{} bytes fresh", screen.memory());
    for line in 0..4_000 {
        screen.feed(
            format!("\x1b[32m   Compiling\x1b[0m unit \x1b[1;34m{line}\x1b[0m of something larger\r\n")
                .as_bytes(),
        );
    }
    assert_eq!(screen.history_len(), 2_000);
    assert!(screen.memory() < 256 << 10, "{} bytes", screen.memory());
}
