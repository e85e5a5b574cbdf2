//! Learning what the user's real terminal is: the questions an attach client writes, and the reader of its answers.
//!
//! DA1 is asked last, as a fence: every terminal answers it, and in order, so what has not come before it will not
//! come. What the user types meanwhile is handed on untouched and in order.

use crate::profile::{OPTIONAL_MODES, Pixels, Profile, Rgb};
use crate::reply::{Reply, ReplyFilter, ReplyKind};
use protocol::Size;

/// Bytes of a terminal's name that are believed.
const MAX_NAME: usize = 128;
/// The id in the graphics query; any number that the reply repeats.
const GRAPHICS_ID: &str = "31";

const VERSION: ReplyKind = ReplyKind::Dcs(b">|");
const PRIMARY: ReplyKind = ReplyKind::csi(b"?", b"c");
const SECONDARY: ReplyKind = ReplyKind::csi(b">", b"c");
const MODE: ReplyKind = ReplyKind::csi(b"?", b"$y");
const KEYBOARD: ReplyKind = ReplyKind::csi(b"?", b"u");
const WINDOW: ReplyKind = ReplyKind::csi(b"", b"t");

/// Each question, the fence last, with the reply it gets.
const QUESTIONS: [(&[u8], ReplyKind); 13] = [
    (b"\x1b[>0q", VERSION),
    (b"\x1b[>c", SECONDARY),
    (b"\x1b]10;?\x1b\\", ReplyKind::Osc(10)),
    (b"\x1b]11;?\x1b\\", ReplyKind::Osc(11)),
    (b"\x1b]12;?\x1b\\", ReplyKind::Osc(12)),
    (b"\x1b[?2026$p", MODE),
    (b"\x1b[?2027$p", MODE),
    (b"\x1b[?2031$p", MODE),
    (b"\x1b[?1016$p", MODE),
    (b"\x1b[?u", KEYBOARD),
    (b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", ReplyKind::Graphics),
    (b"\x1b[16t", WINDOW),
    (b"\x1b[14t", WINDOW),
];

/// The bytes to write to the terminal.
pub fn probe() -> Vec<u8> {
    let mut bytes: Vec<u8> = QUESTIONS.iter().flat_map(|(question, _)| question.iter().copied()).collect();
    bytes.extend_from_slice(b"\x1b[c");
    bytes
}

/// Reads what the terminal says after [`probe`] was written to it.
pub struct ProbeReader {
    filter: ReplyFilter,
    profile: Profile,
    size: Size,
    done: bool,
}

impl ProbeReader {
    /// A reader for a terminal of this size.
    pub fn new(size: Size) -> Self {
        let mut filter = ReplyFilter::new();
        QUESTIONS.iter().for_each(|(_, reply)| filter.expect(*reply));
        filter.expect(PRIMARY);
        Self { filter, profile: Profile::unknown(), size, done: false }
    }

    /// Reads bytes from the terminal; returns those that were typed.
    pub fn feed(&mut self, read: &[u8]) -> Vec<u8> {
        let mut replies = Vec::new();
        let mut typed = self.filter.feed(read, &mut replies).into_owned();
        for reply in &replies {
            self.learn(reply);
        }
        if self.done {
            self.filter.forget();
            typed.extend_from_slice(&self.filter.release());
        }
        typed
    }

    /// Whether the last read ended in what may be the beginning of a reply, or an Escape key.
    pub fn holds(&self) -> bool {
        self.filter.holds()
    }

    /// What is held, as typed: no more of it came in time.
    pub fn release(&mut self) -> Vec<u8> {
        self.filter.release()
    }

    /// Whether the fence came: there is nothing more to wait for.
    pub fn done(&self) -> bool {
        self.done
    }

    /// What was learned, and what was held as the beginning of a reply and is typing after all.
    pub fn finish(mut self) -> (Profile, Vec<u8>) {
        (self.profile, self.filter.release())
    }

    fn learn(&mut self, reply: &Reply) {
        let body = body(&reply.bytes);
        match reply.kind {
            VERSION => self.profile.name = Some(name(&body)),
            SECONDARY => self.profile.secondary = Some(body),
            ReplyKind::Osc(10) => self.profile.foreground = Rgb::parse(&body),
            ReplyKind::Osc(11) => self.profile.background = Rgb::parse(&body),
            ReplyKind::Osc(12) => self.profile.cursor = Rgb::parse(&body),
            MODE => self.learn_mode(&body),
            KEYBOARD => self.profile.kitty_keyboard = true,
            ReplyKind::Graphics => {
                self.profile.kitty_graphics = body == format!("i={GRAPHICS_ID};OK");
            }
            WINDOW => self.learn_pixels(&body),
            PRIMARY => {
                self.profile.primary = body;
                self.done = true;
            }
            _ => {}
        }
    }

    /// `mode;state`: 0 is unknown to the terminal, 4 is always off.
    fn learn_mode(&mut self, body: &str) {
        if let [mode, 1..=3] = numbers(body)[..]
            && OPTIONAL_MODES.contains(&mode)
        {
            self.profile.modes.insert(mode);
        }
    }

    /// `6;height;width` is a cell, `4;height;width` the whole text area.
    fn learn_pixels(&mut self, body: &str) {
        let cell = match numbers(body)[..] {
            [6, height, width] => Pixels { width, height },
            [4, height, width] if self.profile.cell.is_none() => {
                Pixels { width: width / self.size.cols, height: height / self.size.rows }
            }
            _ => return,
        };
        if cell.width > 0 && cell.height > 0 {
            self.profile.cell = Some(cell);
        }
    }
}

/// What a reply says: without introducer, prefix, number of the OSC, final bytes.
fn body(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches("\x1b\\").trim_end_matches('\x07');
    let said = match bytes.get(1) {
        Some(b'[') => {
            text.trim_start_matches(['\x1b', '[', '?', '>']).trim_end_matches(|c: char| !c.is_ascii_digit())
        }
        Some(b']') => text.split_once(';').map_or("", |(_, rest)| rest),
        Some(b'P') => text.trim_start_matches("\x1bP>|"),
        _ => text.trim_start_matches("\x1b_G"),
    };
    said.to_owned()
}

/// A name that can be repeated inside a reply of ours.
fn name(body: &str) -> String {
    let mut name: String = body.chars().filter(|c| !c.is_control()).collect();
    name.truncate(name.floor_char_boundary(MAX_NAME));
    name
}

fn numbers(body: &str) -> Vec<u16> {
    body.split(';').map_while(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Item, Scanner};
    use proptest::prelude::*;
    use protocol::Offset;

    const REPLIES: [&[u8]; 14] = [
        b"\x1bP>|GPterm 1.2.3\x1b\\",
        b"\x1b[>1;10;0c",
        b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
        b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
        b"\x1b]12;rgb:f5f5/e0e0/dcdc\x07",
        b"\x1b[?2026;2$y",
        b"\x1b[?2027;3$y",
        b"\x1b[?2031;0$y",
        b"\x1b[?1016;4$y",
        b"\x1b[?0u",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1b[6;18;9t",
        b"\x1b[4;540;900t",
        b"\x1b[?62;22c",
    ];

    const SIZE: Size = Size { cols: 100, rows: 30 };

    fn expected() -> Profile {
        let mut profile = Profile::unknown();
        profile.name = Some("GPterm 1.2.3".into());
        profile.primary = "62;22".into();
        profile.secondary = Some("1;10;0".into());
        profile.foreground = Some(Rgb(0xffff, 0xffff, 0xffff));
        profile.background = Some(Rgb(0x1e1e, 0x1e1e, 0x2e2e));
        profile.cursor = Some(Rgb(0xf5f5, 0xe0e0, 0xdcdc));
        profile.modes = [2026, 2027].into();
        profile.kitty_keyboard = true;
        profile.kitty_graphics = true;
        profile.cell = Some(Pixels { width: 9, height: 18 });
        profile
    }

    #[test]
    fn a_rich_terminal_is_learned() {
        let mut reader = ProbeReader::new(SIZE);
        for reply in &REPLIES[..13] {
            assert_eq!(reader.feed(reply), b"");
            assert!(!reader.done());
        }
        assert_eq!(reader.feed(REPLIES[13]), b"");
        assert!(reader.done());
        assert_eq!(reader.feed(b"\x1b[?62;22c"), b"\x1b[?62;22c");
        assert_eq!(reader.finish(), (expected(), Vec::new()));
    }

    #[test]
    fn a_poor_terminal_is_believed_too() {
        let mut reader = ProbeReader::new(SIZE);
        assert_eq!(reader.feed(b"\x1b[4;540;900t\x1b[?1;2cls\x1b"), b"ls\x1b");
        let (profile, typed) = reader.finish();
        assert_eq!((profile.primary.as_str(), profile.name, profile.kitty_keyboard), ("1;2", None, false));
        assert_eq!(profile.cell, Some(Pixels { width: 9, height: 18 }));
        assert_eq!(typed, b"");
    }

    #[test]
    fn a_lone_escape_key_is_given_back() {
        let mut reader = ProbeReader::new(SIZE);
        assert_eq!(reader.feed(b"a\x1b"), b"a");
        assert_eq!(reader.finish().1, b"\x1b");
    }

    #[test]
    fn every_question_is_one_we_would_find_ourselves() {
        let mut found = Vec::new();
        assert_eq!(Scanner::new(Offset::ZERO).scan(&probe(), &mut found), 0);
        let kinds: Vec<_> = found
            .iter()
            .map(|found| match &found.what {
                Item::Query(query) => query.reply(),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected: Vec<_> =
            QUESTIONS.iter().map(|(_, reply)| Some(*reply)).chain([Some(PRIMARY)]).collect();
        assert_eq!(kinds, expected);
    }

    proptest! {
        /// T14: whatever is typed between the replies, and wherever reads end, comes out untouched.
        #[test]
        fn typing_comes_out_untouched(
            typed in proptest::collection::vec(
                proptest::sample::select(vec!["", "a", "ls -l\r", "é漢", "\x1b[A", "\x1bx", "\x1b[1;5C", "\x1bOP", "\x03",
                    "\x1b[97;5u", "\x1b[<0;3;4M", "\x1b[I", "\x1b[200~hi\x1b[201~", "\x1b[1;2R"]), 14),
            chunk in 1..40_usize,
        ) {
            let input: Vec<u8> =
                typed.iter().zip(REPLIES).flat_map(|(keys, reply)| [keys.as_bytes(), reply].concat()).collect();
            let mut reader = ProbeReader::new(SIZE);
            let mut passed = Vec::new();
            for part in input.chunks(chunk) {
                passed.extend_from_slice(&reader.feed(part));
            }
            prop_assert!(reader.done());
            prop_assert_eq!(String::from_utf8_lossy(&passed), typed.concat());
            prop_assert_eq!(reader.finish(), (expected(), Vec::new()));
        }
    }
}
