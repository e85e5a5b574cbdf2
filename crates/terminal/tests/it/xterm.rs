//! Our screen against xterm: the same bytes into both, and our dump into xterm.
//!
//! The judge is a Node script with @xterm/headless (`tests/xterm/judge.mjs`). What it says of a terminal is compared
//! as a whole: cells with styles, wrapped rows, cursor, modes, scroll region, title, scrollback.
//!
//! Where we do not follow xterm.js 6, on purpose (none of it is generated here):
//! - marks after a sequence join the character left of the cursor; xterm.js gives them a cell without width.
//! - SGR 59 takes the underline's colour away; xterm.js makes it white.
//! - SGR 38:2:r:g:b without colour space is red, green, blue, as in all other terminals.
//! - CHA, CUU, CUD, CUF, VPR in origin mode move from where the cursor is; xterm.js adds the region's top once more.
//! - DECSC keeps the row of the screen and all character sets, and the kind of underline; in xterm.js the row moves
//!   with the scrollback while that is not full, and only the set in use is kept.
//! - a wide character cut in two by DECAWM off or ICH becomes blanks; xterm.js leaves half of it behind.
//! - ED 1 on the last cell unwraps the row below; xterm.js unwraps a row of the scrollback or throws.
//! - RIS shows the cursor and resets LNM and ?12; xterm.js forgets these.
//! - APC, PM and SOS strings may contain other than ASCII; xterm.js ends them there and prints the rest.
//! - DECALN takes the whole style of the pen; xterm.js loses the kind and colour of its underline.
//! - reverse wrap skips a blank at the margin only before a wide character; xterm.js skips every erased cell.
//! - the first line there is continues no other; xterm.js may still call it wrapped.
//! - a wide character that wraps on a screen of one row leaves no blank in the new row.
//! - REP repeats one screenful at most; the Dutch set has its ij as one character.
//! - modes 5, 1001, 1005, 1015, 2027 and 2031, the Kitty keyboard, modifyOtherKeys and the title stack are kept here
//!   and unknown to xterm.js.

use crate::generate::{Bytes, output};
use crate::recordings;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use protocol::Size;
use serde_json::{Value, json};
use terminal::Screen;
use terminal::screen::{Color, ModeState, Style};
use testkit::xterm::{Judge, Window};

/// Lines of scrollback on both sides: more than any case has.
const SCROLLBACK: usize = 10_000;
/// Generated cases.
const CASES: usize = 400;
/// The seed of the generated cases, unless `XTERM_SEED` names another.
const SEED: u64 = 1;

/// A plain style in the judge's words.
const PLAIN: &str = "d,d,,0,-,";

/// Sequences by hand, each for one thing terminals differ in. Screens are 20x6.
const PROBES: &[&str] = &[
    // Wrapping.
    "0123456789abcdefghij",
    "0123456789abcdefghijk",
    "0123456789abcdefghij\r\nx",
    "0123456789abcdefghij\x08x",
    "0123456789abcdefghij\x1b[Kx",
    "0123456789abcdefghij\x1b[1Kx",
    "0123456789abcdefghij\x1b[Jx",
    "0123456789abcdefghij\tx",
    "0123456789abcdefghij\x1b[Cx",
    "\x1b[?7l0123456789abcdefghijkl",
    "0123456789abcdefghij\x1b7\x1b[H\x1b8x",
    "0123456789abcdefghij\x1b[1mx",
    "\x1b[41m0123456789abcdefghijk\x1b[m",
    "\x1b[6;1H\x1b[41m0123456789abcdefghijklm",
    "0123456789abcdefghij\x1b[20Gx",
    "0123456789abcdefghijk\x1b[2;1H\x1b[K",
    "0123456789abcdefghij\nx",
    "0123456789abcdefghij\x1bDx",
    "0123456789abcdefghij\x1b[Xx",
    "0123456789abcdefghij\x1b[@x",
    "0123456789abcdefghij\x1b[Px",
    // Wide characters and marks.
    "0123456789abcdefghi世",
    "\x1b[42m0123456789abcdefghi世",
    "世世\x1b[1;2Hx",
    "世世\x1b[1;3Hx",
    "世\x1b[1;2H\x1b[K",
    "世世\x1b[1;2H\x1b[X",
    "a世b\x1b[1;2H\x1b[P",
    "a世b\x1b[1;3H\x1b[P",
    "世世\x1b[1;1H\x1b[@",
    "e\u{301}\u{308}x",
    "世\u{301}x",
    "\u{1f600}\u{200d}\u{1f600}",
    "❤\u{fe0f}x",
    "0123456789abcdefghi\u{301}jk\u{301}",
    "\x1b[4h世\x1b[1;1Hab",
    "\x1b[4h0123456789abcdefg世\x1b[1;1Hx",
    "世\x1b[1;2H世",
    "\u{feff}a\u{ad}b\u{200b}c",
    // Erasing.
    "a\r\nb\r\nc\x1b[2;1H\x1b[44m\x1b[J",
    "abc\x1b[44m\x1b[1K",
    "abc\x1b[1;2H\x1b[44m\x1b[2K",
    "abc\x1b[44m\x1b[2J",
    "1\n2\n3\n4\n5\n6\n7\n8\x1b[3J",
    "1\n2\n3\n4\n5\n6\n7\x1b[2J",
    "abcdef\x1b[1;3H\x1b[45;1;4m\x1b[2X",
    "abcdef\x1b[1;3H\x1b[45m\x1b[2P",
    "abcdef\x1b[1;3H\x1b[45m\x1b[2@",
    "\x1b[1\"qkeep\x1b[0\"qgo\x1b[1;1H\x1b[?J",
    "\x1b[1\"qkeep\x1b[0\"qgo\x1b[?2K",
    "abc\x1b[2;2H\x1b[1J",
    "\x1b#8\x1b[2;2H\x1b[1J",
    "\x1b[31m\x1b#8",
    // Scrolling and what becomes history.
    "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8",
    "1\n2\n3\n4\n5\n6\x1b[42m\n7",
    "\x1b[2;4rA\nB\nC\nD\nE\nF",
    "\x1b[1;4rA\nB\nC\nD\nE\nF\nG",
    "1\r\n2\r\n3\x1b[43m\x1b[S",
    "1\r\n2\r\n3\x1b[43m\x1b[T",
    "1\r\n2\r\n3\x1b[H\x1bM",
    "1\r\n2\r\n3\x1b[43m\x1b[H\x1bM",
    "1\r\n2\r\n3\x1b[2;1H\x1b[L",
    "1\r\n2\r\n3\x1b[2;1H\x1b[44m\x1b[2M",
    "\x1b[3;5r\x1b[1;1H\x1b[L",
    "\x1b[6;1Hx\x1b[2;4r\x1b[6;1H\n\n",
    "\x1b[2;3r\x1b[6;20Habc",
    "0123456789abcdefghijklmnopqrstuvwxyz0123456789\n\n\n\n\n\n\n",
    "abc\x1b[2 @",
    "abc\x1b[2 A",
    "abcdef\x1b[1;3H\x1b[2'}",
    "abcdef\x1b[1;3H\x1b[2'~",
    "\x1b[20h1\n2\x1b[20l\n3",
    "\x1b[99S\x1b[99T\x1b[99L\x1b[99M",
    // The alternate screen.
    "main\x1b[?1049halt",
    "main\x1b[?1049halt\x1b[?1049l",
    "main\x1b[?47halt\x1b[?47lx",
    "main\x1b[?1047halt\x1b[?1047lx",
    "main\x1b[44m\x1b[?1049halt",
    "main\x1b[?1049h\n\n\n\n\n\n\n\nalt",
    "\x1b[2;4r\x1b[?1049h\x1b[3;5rx",
    "main\x1b[?1049h\x1b[?1049hx\x1b[?1049l",
    "x\x1b[?1049ly",
    "\x1b[31m\x1b[2;2H\x1b[?1048h\x1b[m\x1b[Hx\x1b[?1048ly",
    "main\x1b[?1049h\x1b7\x1b[3;3Hx\x1b8y",
    // Cursor and tabs.
    "\x1b[3;5H\x1b[A\x1b[2B\x1b[3C\x1b[Dx",
    "\x1b[3;5Hx\x1b[E\x1b[Fy\x1b[10Gz\x1b[4dw",
    "\x1b[99;99Hx",
    "\x1b[0;0Hx",
    "\x1b[;5Hx",
    "\x1b[3;4r\x1b[?6h\x1b[1;1Hx\x1b[9;9Hy",
    "\ta\tb\x1b[Zc",
    "\x1b[3g\tx\r\x1b[5G\x1bH\r\ty",
    "\x1b[9G\x1b[g\r\tx",
    "\x1b[2Ix\x1b[2Zy",
    "\x1b[5a\x1b[2ex\x1b[3`y",
    "\x1b[2;4r\x1b[6;1H\x1b[9Ax\x1b[1;1H\x1b[9By",
    "a\x1b[s\x1b[5;5H\x1b[ub",
    "0123456789abcdefghijkl\x1b[?45h\x08\x08\x08\x08x",
    "\u{84}a\u{85}b\u{8d}c",
    "\x1b[5 q",
    "\x1b[?25l",
    "\x1b[?12h",
    // Character sets.
    "\x1b(0lqqk\x1b(Bx",
    "\x1b)0a\x0eq\x0fq",
    "\x1b*0\x1bnq\x1b+A\x1bo#",
    "\x1b(0\x1b7\x1b(Bq\x1b8q",
    "\x1b(K[\\]\x1b(R{|}",
    "\x1b(0q\x1b[!pq",
    "\x1b%Gq\x1b(0q\x1b%@q",
    "\x1b-0\x0eq",
    "\x1b(Zq#",
    // Styles.
    "\x1b[1;2;3;4;5;7;8;9;53mx\x1b[22;23;24;25;27;28;29;55my",
    "\x1b[31;42mx\x1b[91;102my\x1b[39;49mz",
    "\x1b[38;5;200;48;5;100mx",
    "\x1b[38;2;1;2;3;48;2;4;5;6mx",
    "\x1b[38:2::1:2:3;48:5:7mx",
    "\x1b[4:3mx\x1b[4:0my\x1b[21mz\x1b[4:5mw",
    "\x1b[4;58;5;9mx\x1b[58:2::9:8:7my",
    "\x1b[1;31mx\x1b[0;4my\x1b[mz",
    "\x1b[38;5mx\x1b[38;2;1mx",
    "\x1b[6;10;50mx",
    "\x1b[38;2;300;256;1mx",
    "\x1b]8;;http://a\x1b\\x\x1b]8;id=1;http://b\x07y\x1b]8;;\x07z",
    "\x1b]8;;http://a\x07\x1b[mx\x1b]8;id=9;\x07y",
    "\x1b]8;;http://a\x07\x1b[4mx",
    // Repeating, modes, resets.
    "a\x1b[3bb",
    "世\x1b[2b",
    "e\u{301}\x1b[2b",
    "a\x1b[m\x1b[3b",
    "\x1b[2b",
    "0123456789abcdefghij\x1b[3b",
    "\x1b[4habc\x1b[1;2Hx\x1b[2b",
    "abc\x1b[31m\x1b[!pd",
    "abc\x1bcd",
    "\x1b[?1;66;1004;2004;2026h\x1b[?1003;1006h",
    "\x1b[?1000h\x1b[?1016h\x1b[?1002l",
    "\x1b=\x1b[?1h\x1b[!p",
    "\x1b[?9h",
    // Broken and foreign sequences.
    "a\x1b[1\n2Cb",
    "a\x1b[5\x18b",
    "a\x1b[?x\x1b[;;;mb",
    "a\x1b[1:2:3zb",
    "\x1b[38:5:1:2:3mx",
    "a\x1bP1$qm\x1b\\b",
    "a\x1b_G\x1b\\b",
    "a\x1b]2;title\x07b",
    "a\x1b]2;ti\x18b",
    "a\x1b]0;tit\u{85}b",
    "a\x1b[<1;2Mb",
    "a\x1b[1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7;8;9;1;2;3;4;5;31mb",
    "a\u{9b}31mb\u{9d}2;t\u{9c}c",
    "a\x7fb\x00c",
    "a\x1bé b",
    "a\x1b[3éb",
    "\x1b]4;1;#123;2;rgb:a/b/c\x07\x1b]10;#fff;#000\x07",
];

#[test]
fn the_screen_is_what_xterm_shows_and_a_dump_rebuilds_it_there() {
    let mut cases: Vec<(Size, Bytes)> =
        PROBES.iter().map(|probe| (Size { cols: 20, rows: 6 }, Bytes(probe.as_bytes().to_vec()))).collect();
    cases.push((
        Size { cols: 20, rows: 6 },
        Bytes(b"a\xc3b\xe4\xb8c\xf0\x9f\x98d\xffe\xc0\xafg\xed\xa0\x80h\xf5".to_vec()),
    ));
    cases.extend(recordings::all().into_iter().map(|(_, bytes)| (Size { cols: 80, rows: 24 }, Bytes(bytes))));
    let seed = std::env::var("XTERM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    println!("seed {seed}");
    cases.extend(generated(seed));
    let screens: Vec<Screen> = cases
        .iter()
        .map(|(size, bytes)| {
            let mut screen = Screen::new(*size, SCROLLBACK);
            screen.feed(bytes);
            screen
        })
        .collect();
    let direct = judge(&cases, |_| 0);
    let dumps: Vec<_> =
        screens.iter().map(|screen| (screen.size(), Bytes(screen.dump(usize::MAX)))).collect();
    let dumped = judge(&dumps, |_| 0);
    let mut wrong = Vec::new();
    for (place, (size, bytes)) in cases.iter().enumerate() {
        let ours = look(&screens[place]);
        let same = |key: &&String| ours[key.as_str()] != direct[place][key.as_str()];
        for key in ours.as_object().expect("an object").keys().filter(same) {
            wrong.push(format!(
                "{size} {bytes:?}\n  {key} ours  {}\n  {key} xterm {}",
                ours[key], direct[place][key]
            ));
        }
        let (direct, dumped) = (&direct[place], &dumped[place]);
        for key in direct.as_object().expect("an object").keys().filter(|key| direct[*key] != dumped[*key]) {
            let dump = &dumps[place].1;
            wrong.push(format!(
                "{size} {bytes:?}\n  {key} direct {}\n  {key} dumped {}\n  {dump:?}",
                direct[key], dumped[key]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}

#[test]
fn another_number_of_rows_moves_lines_as_in_xterm() {
    let cases = generated(SEED);
    let resized = |size: Size| (size.rows * 7 + size.cols) % 11 + 1;
    let mut wrong = Vec::new();
    for ((size, bytes), xterm) in cases.iter().zip(judge(&cases, resized)) {
        let mut screen = Screen::new(*size, SCROLLBACK);
        screen.feed(bytes);
        screen.resize(Size { cols: size.cols, rows: resized(*size) });
        let ours = look(&screen);
        let cursor = screen.cursor();
        // Behind the last column is a pending wrap, for us the last column.
        let theirs = xterm["cursor"][1].as_u64().expect("a column").min(u64::from(size.cols) - 1);
        for key in ["rows", "historyText", "region"].iter().filter(|key| ours[**key] != xterm[**key]) {
            wrong
                .push(format!("{size} {bytes:?}\n  {key} ours  {}\n  {key} xterm {}", ours[key], xterm[key]));
        }
        if json!([cursor.row, cursor.col]) != json!([xterm["cursor"][0], theirs]) {
            wrong.push(format!("{size} {bytes:?}\n  cursor ours {cursor:?}, xterm {}", xterm["cursor"]));
        }
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}

#[test]
fn every_character_is_as_wide_as_in_xterm() {
    let mut width = 0;
    let mut ranges = testkit::xterm::widths().into_iter().peekable();
    for code in 0xa0..0x11_0000 {
        while let Some((_, next)) = ranges.next_if(|(start, _)| *start <= code) {
            width = next;
        }
        let Some(char) = char::from_u32(code).filter(|char| *char != '\u{feff}') else { continue };
        let mut screen = Screen::new(Size { cols: 10, rows: 1 }, 0);
        screen.feed(format!("a{char}").as_bytes());
        assert_eq!(screen.cursor().col, 1 + width, "{code:#x}");
    }
}

/// Generated cases, the same for the same seed.
fn generated(seed: u64) -> Vec<(Size, Bytes)> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let strategy = ((2..30u16, 2..10u16).prop_map(|(cols, rows)| Size { cols, rows }), output());
    (0..CASES).map(|_| strategy.new_tree(&mut runner).expect("a case").current()).collect()
}

/// What the judge says of each case.
fn judge(cases: &[(Size, Bytes)], resized: impl Fn(Size) -> u16) -> Vec<Value> {
    let mut judge = Judge::default();
    for (size, bytes) in cases {
        let resized = Some(resized(*size)).filter(|rows| *rows > 0);
        judge.fresh(Window { resized, ..Window::new(size.cols, size.rows, SCROLLBACK as u32) }, bytes);
    }
    judge.judge()
}

/// Our screen in the judge's words.
fn look(screen: &Screen) -> Value {
    let rows = screen.size().rows;
    let on = |mode: u16| screen.mode(!matches!(mode, 4 | 20), mode) == ModeState::Set;
    let modes: serde_json::Map<_, _> = [1, 6, 7, 12, 45, 66, 1004, 2004, 2026, 4, 20]
        .map(|mode| (mode.to_string(), json!(on(mode))))
        .into_iter()
        .collect();
    let named = |names: &[(u16, &'static str)], other| {
        names.iter().find(|(mode, _)| on(*mode)).map_or(other, |(_, name)| *name)
    };
    let row = |row| {
        let mut runs: Vec<(String, String)> = Vec::new();
        for run in screen.runs(row) {
            let look = style(&run.style);
            match runs.last_mut() {
                // Styles may differ in what nobody sees, such as the colour of no underline.
                Some((text, last)) if *last == look => text.push_str(&run.text),
                _ => runs.push((run.text, look)),
            }
        }
        while let Some((text, look)) = runs.last_mut().filter(|(_, look)| look == PLAIN) {
            text.truncate(text.trim_end_matches(' ').len());
            if !text.is_empty() || look != PLAIN {
                break;
            }
            runs.pop();
        }
        runs
    };
    json!({
        "rows": (0..rows).map(row).collect::<Vec<_>>(),
        "wrapped": (0..rows).map(|row| continues(screen, row)).collect::<Vec<_>>(),
        "historyText": screen.history_lines(usize::MAX),
        "visible": screen.cursor().visible,
        "alternate": screen.alternate(),
        "region": screen.scroll_region(),
        "title": screen.title(),
        "modes": modes,
        "mouse": named(&[(9, "X10"), (1000, "VT200"), (1002, "DRAG"), (1003, "ANY")], "NONE"),
        "mouseEncoding": named(&[(1006, "SGR"), (1016, "SGR_PIXELS")], "DEFAULT"),
    })
}

/// Whether a row continues the one above, by the judge's measure: text reaches the margin above it.
fn continues(screen: &Screen, row: u16) -> bool {
    let above = match row.checked_sub(1) {
        Some(above) => screen.runs(above).iter().map(|run| run.text.clone()).collect::<String>(),
        None => screen.history_lines(1).pop().unwrap_or_default(),
    };
    let mut probe = Screen::new(Size { cols: 1_000, rows: 1 }, 0);
    probe.feed(above.as_bytes());
    let full = probe.cursor().col == screen.size().cols && !above.ends_with(' ');
    screen.wrapped(row) && full
}

/// A style in the judge's words.
fn style(style: &Style) -> String {
    let flags: String = [
        (style.bold, 'b'),
        (style.dim, 'd'),
        (style.italic, 'i'),
        (style.blink, 'k'),
        (style.inverse, 'r'),
        (style.invisible, 'h'),
        (style.strikethrough, 's'),
        (style.overline, 'o'),
        (style.protected, 'p'),
    ]
    .iter()
    .filter_map(|(set, name)| set.then_some(*name))
    .collect();
    // xterm.js draws every underlined link dashed.
    let kind = match (style.underline as u8, &style.link) {
        (0, _) => 0,
        (_, Some(_)) => 5,
        (kind, None) => kind,
    };
    let line = match style.underline_color {
        line if kind > 0 && line != Color::Default => color(line),
        _ => "-".to_owned(),
    };
    let link = style.link.as_ref().map(|link| format!("{}|{}", link.id, link.uri)).unwrap_or_default();
    format!("{},{},{flags},{kind},{line},{link}", color(style.foreground), color(style.background))
}

fn color(color: Color) -> String {
    match color {
        Color::Default => "d".to_owned(),
        Color::Ansi(index) => format!("a{index}"),
        Color::Indexed(index) => format!("i{index}"),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}
