//! Output as programs write it, for the property tests: pieces of text and sequences, not only random bytes.

use proptest::prelude::*;

/// Output that a failing test shows as text.
#[derive(Clone)]
pub struct Bytes(pub Vec<u8>);

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Output of a program: pieces that each make sense alone.
pub fn output() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(piece(), 0..60).prop_map(|pieces| Bytes(pieces.concat().into_bytes()))
}

/// The same with sequences in which xterm.js goes its own way (listed in `xterm.rs`), and broken ones.
pub fn anything() -> impl Strategy<Value = Bytes> {
    let broken = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::sample::select(BROKEN).prop_map(|text| text.as_bytes().to_vec()),
    ];
    let piece = prop_oneof![
        6 => piece().prop_map(String::into_bytes),
        2 => prop::sample::select(PRIVATE).prop_map(|text| text.as_bytes().to_vec()),
        1 => broken,
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| Bytes(pieces.concat()))
}

/// Sequences cut short, controls inside sequences, strings that are aborted.
const BROKEN: &[&str] = &[
    "\x1b[",
    "\x1b[3",
    "\x1b]0;title",
    "\x1bP1$q",
    "\x1b[1\n2;3H",
    "\x1b[5\x18",
    "\x1b]8;;uri\x1a",
    "\u{9b}",
    "\x1b_Gi=1;",
    "\x1b[1\x1b[2C",
    "\x1b]2;a\u{85}b\x07",
    "\x1b[\r\r31m",
];

/// Sequences that xterm.js does not know or reads in its own way.
const PRIVATE: &[&str] = &[
    "\x1b7",
    "\x1b8",
    "\x1b[s",
    "\x1b[u",
    "\x1b[?6h",
    "\x1b[?6l",
    "\x1b[3;5r",
    "\x1b[?1048h",
    "\x1b[?1048l",
    "\x1b[>1u",
    "\x1b[>5u",
    "\x1b[<u",
    "\x1b[=7;2u",
    "\x1b[>4;2m",
    "\x1b[>4;1m",
    "\x1b[>4n",
    "\x1b[?1005h",
    "\x1b[?1015h",
    "\x1b[?1001h",
    "\x1b[?2027h",
    "\x1b[?2031h",
    "\x1b[?5h",
    "\x1b[22t",
    "\x1b[23t",
    "\x1b[22;1t",
    "\x1b]1;icon\x07",
    "\x1b[59m",
    "\x1b[38:2:1:2:3m",
    "\x1b]104\x07",
    "\x1b]4;1;rgb:11/22/33\x07",
    "\x1b]11;#102030\x1b\\",
    "\x1b]112\x07",
    "\x1b[m\u{301}",
    "\x1b[?45h",
    "\x1b[?7l",
    "\x1bc",
    "\x1b[1J",
    "\x1b[?47h",
    "\x1b[?47l",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b)0",
    "\x1b*A",
    "\x1bn",
    "\x1bo",
    "\x1b~",
    "\x0e",
    "\x0f",
    "\x1b[4:9m",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => text(),
        4 => prop::sample::select(FIXED).prop_map(str::to_owned),
        4 => style(),
        3 => (0..12u16, 0..30u16).prop_map(|(row, col)| format!("\x1b[{row};{col}H")),
        3 => (prop::sample::select(&b"@ABCDEFGILMPSTXZ`adeb"[..]), 0..6u16)
            .prop_map(|(last, count)| format!("\x1b[{count}{}", char::from(last))),
        2 => (prop::sample::select(&b"JK"[..]), prop::sample::select(&["", "0", "2"][..]))
            .prop_map(|(last, what)| format!("\x1b[{what}{}", char::from(last))),
        1 => (1..5u16, 1..9u16).prop_map(|(top, more)| format!("\x1b[{top};{}r", top + more)),
        1 => (prop::sample::select(&["47", "1047", "1049"][..]), any::<bool>()).prop_map(|(mode, on)| match on {
            true => format!("\x1b[m\x1b[?{mode}h"),
            false => format!("\x1b[?{mode}l\x1b[m\x0f\x1b(B\x1b)B\x1b[H\x1b7"),
        }),
        1 => (prop::sample::select(MODES), any::<bool>())
            .prop_map(|(mode, on)| format!("\x1b[{mode}{}", if on { 'h' } else { 'l' })),
        // The row ends at the top: xterm.js lets a saved row move with the scrollback.
        1 => Just("\x1b[m\x1b7\x1b[31m\x1b[1;2Hs\x1b8\x1b[m\x0f\x1b(B\x1b)By\x1b[H\x1b7".to_owned()),
        1 => (1..6u16).prop_map(|row| format!("\x1b[{row};8r\x1b[?6h\x1b[2;2Horigin\x1b[?6l\x1b[r")),
        1 => "[a-z]{1,4}".prop_map(|uri| format!("\x1b]8;;http://{uri}\x1b\\link\x1b]8;;\x1b\\")),
        1 => "[a-z ]{0,9}".prop_map(|title| format!("\x1b]2;{title}\x07")),
    ]
}

/// Words, wide characters, marks after a letter, lines.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{1,40}",
        2 => "[a-z]{1,12}(\r\n|\n|\r)",
        2 => "[a-z世界😀─é]{1,14}",
        1 => "[a-z]\u{301}[a-z]{0,3}",
        1 => "(世|e)\u{301}\u{308}",
        1 => Just("\r\n\r\n".to_owned()),
        1 => "\t[a-z]{1,3}",
    ]
}

fn style() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&[0u8, 0, 1, 2, 3, 4, 5, 7, 8, 9, 21, 22, 23, 24, 25, 27, 28, 29, 39, 49, 53, 55][..])
            .prop_map(|one| format!("\x1b[{one}m")),
        2 => (30..38u8, 40..48u8).prop_map(|(text, back)| format!("\x1b[{text};{back}m")),
        1 => (90..98u8).prop_map(|text| format!("\x1b[{text};1m")),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(text, back)| format!("\x1b[38;5;{text};48:5:{back}m")),
        1 => any::<(u8, u8, u8)>().prop_map(|(r, g, b)| format!("\x1b[48;2;{r};{g};{b}m\x1b[38:2::{b}:{g}:{r}m")),
        1 => (0..6u8, any::<u8>()).prop_map(|(kind, color)| format!("\x1b[4:{kind};58:5:{color}m")),
    ]
}

/// Modes whose switching both sides know alike.
const MODES: &[&str] = &[
    "4", "20", "?1", "?12", "?25", "?66", "?9", "?1000", "?1002", "?1003", "?1004", "?1006", "?1016",
    "?2004", "?2026",
];

/// Sequences without parameters.
const FIXED: &[&str] = &[
    "\n",
    "\r",
    "\x08",
    "\t",
    "\x0b",
    "\r\n",
    "\x1bD",
    "\x1bE",
    "\x1bM",
    "\x1bH",
    "\x1b[g",
    "\x1b[3g",
    "\x1b(0",
    "\x1b(B",
    "\x1b(A",
    "\x0e",
    "\x0f",
    "\x1b)0",
    "\x1b=",
    "\x1b>",
    "\x1b[!p",
    "\x1b[r",
    "\x1b[m\x1b#8",
    "\x1b[3 q",
    "\x1b[0 q",
    "\x1b[1\"q",
    "\x1b[?J",
    "\x1b[?K",
    "\x1b[3J\x1b[H\x1b7",
    "\x1b[1K",
    "\u{84}",
    "\u{85}",
    "\u{9b}2C",
    "\x1b[2 @",
    "\x1b[2 A",
    "\x1b[2'}",
    "\x1b[2'~",
    "\x07",
    "\x1b[?2h",
    "\x1bP1$qm\x1b\\",
    "\x1b_apc\x1b\\",
    "\x1b]4;5;rgb:12/34/56\x07",
];
