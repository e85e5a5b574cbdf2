//! Each query through the scanner, with and without a terminal.

use super::*;
use crate::profile::{Pixels, Rgb};
use crate::scan::{Item, Scanner};
use protocol::{Offset, Size};

/// Scans what a program writes and answers all of it; `None` where one answer is not known.
fn answers(asked: &str, profile: &Profile) -> Option<String> {
    let (mut found, mut out) = (Vec::new(), Vec::new());
    Scanner::new(Offset::ZERO).scan(asked.as_bytes(), &mut found);
    assert!(!found.is_empty(), "{asked:?}");
    let screen = Screen::new(Size { cols: 100, rows: 30 }, 0);
    for found in found {
        let Item::Query(query) = found.what else { panic!("{asked:?}: {:?}", found.what) };
        let before = out.len();
        if !answer(&query, &Seen::at(&query, &screen), profile, &mut out) {
            assert_eq!(out.len(), before, "an unknown answer was begun: {query:?}");
            return None;
        }
    }
    Some(String::from_utf8(out).unwrap())
}

fn rich() -> Profile {
    let mut rich = Profile::unknown();
    rich.name = Some("ghostty 1.2.3".into());
    rich.kitty_keyboard = true;
    rich.kitty_graphics = true;
    rich.modes = [1016, 2026, 2031].into();
    rich.cell = Some(Pixels { width: 9, height: 18 });
    rich.background = Some(Rgb(0xffff, 0xffff, 0xffff));
    rich
}

#[test]
fn a_session_without_a_terminal_answers_for_itself() {
    let plain = Profile::plain("0.1.0");
    for (asked, expect) in [
        ("\x1b[c", "\x1b[?62;22c"),
        ("\x1b[>c", "\x1b[>0;100;0c"),
        ("\x1b[=c", "\x1bP!|00000000\x1b\\"),
        ("\x1b[5n", "\x1b[0n"),
        ("\x1b[6n", "\x1b[1;1R"),
        ("\x1b[?6n", "\x1b[?1;1R"),
        ("\x1b[?15n", "\x1b[?13n"),
        ("\x1b[?996n", ""),
        ("\x1b[>0q", "\x1bP>|Centerfire(0.1.0)\x1b\\"),
        ("\x1b[?u", ""),
        ("\x1b[?2026$p", "\x1b[?2026;0$y"),
        ("\x1b[4444$p", "\x1b[4444;0$y"),
        ("\x1b[16t", ""),
        ("\x1b[18t", "\x1b[8;30;100t"),
        ("\x1b[21t", "\x1b]l\x1b\\"),
        ("\x1b[x", "\x1b[2;1;1;128;128;1;0x"),
        ("\x1b]11;?\x07", "\x1b]11;rgb:0000/0000/0000\x07"),
        ("\x1b]10;?;?\x1b\\", "\x1b]10;rgb:e5e5/e5e5/e5e5\x1b\\\x1b]11;rgb:0000/0000/0000\x1b\\"),
        ("\x1b]4;1;?;15;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x07\x1b]4;15;rgb:ffff/ffff/ffff\x07"),
        ("\x1b]7501;?\x07", "\x1b]7501;?\x1b\\"),
        ("\x1bP$q q\x1b\\", "\x1bP1$r0 q\x1b\\"),
        ("\x1bP$qm\x1b\\", "\x1bP0$r\x1b\\"),
        ("\x1bP+q544e;4d73\x1b\\", "\x1bP1+r544e=787465726d2d323536636f6c6f72\x1b\\\x1bP0+r4d73\x1b\\"),
        ("\x1b_Gi=31,a=q;AAAA\x1b\\", ""),
    ] {
        assert_eq!(answers(asked, &plain).as_deref(), Some(expect), "{asked:?}");
    }
    for asked in ["\x1b]52;c;?\x07", "\x1b]12;?;?\x07", "\x1b]1337;ReportCellSize\x07", "\x1b[1$w"] {
        assert_eq!(answers(asked, &plain), None, "{asked:?}");
    }
}

#[test]
fn with_a_terminal_its_facts_are_told_and_no_others() {
    for (asked, expect) in [
        ("\x1b[>0q", Some("\x1bP>|ghostty 1.2.3\x1b\\")),
        ("\x1b[?u", Some("\x1b[?0u")),
        ("\x1b[?2026$p", Some("\x1b[?2026;2$y")),
        ("\x1b[?2027$p", Some("\x1b[?2027;0$y")),
        ("\x1b[?996n", Some("\x1b[?997;2n")),
        ("\x1b[16t", Some("\x1b[6;18;9t")),
        ("\x1b[14t", Some("\x1b[4;540;900t")),
        ("\x1b]10;?\x07", Some("")),
        ("\x1b]4;1;?\x07", None),
        ("\x1bP$qm\x1b\\", None),
        ("\x1bP+q544e\x1b\\", None),
        ("\x1b[=c", None),
        ("\x1b_Gi=31,a=q;AAAA\x1b\\", Some("\x1b_Gi=31;OK\x1b\\")),
        ("\x1b_Gi=31,a=q,q=1;AAAA\x1b\\", Some("")),
        ("\x1b_Gi=31,a=q,t=f;AAAA\x1b\\", None),
    ] {
        assert_eq!(answers(asked, &rich()).as_deref(), expect, "{asked:?}");
    }
}

/// T37: Claude Code's burst gets its answers in the order asked, DA1 last.
#[test]
fn answers_come_in_the_order_asked() {
    let all = answers("\x1b[>0q\x1b[?u\x1b]7501;?\x07\x1b[c", &rich()).unwrap();
    assert_eq!(all, "\x1bP>|ghostty 1.2.3\x1b\\\x1b[?0u\x1b]7501;?\x1b\\\x1b[?62;22c");
}
