//! What real programs ask when they start.

use super::super::{Found, Item};
use super::{scan, shown};
use crate::query::{Query, Terminator};

fn queries(found: &[Found]) -> Vec<Query> {
    let query = |found: &Found| match &found.what {
        Item::Query(query) => Some(query.clone()),
        _ => None,
    };
    found.iter().filter_map(query).collect()
}

fn mode(mode: u16) -> Query {
    Query::Mode { private: true, mode }
}

/// Claude Code 2.1.329, both of its bursts.
#[test]
fn claude_code_asks_and_nothing_of_it_is_left() {
    let before = "\x1b7\x1b[r\x1b8\x1b[?25h\x1b[?2004h\x1b[?2031h\x1b[?1004h\x1b]0;✳ Claude Code\x07\x1b[?1049h\
        \x1b[2J\x1b[H\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[?25l";
    let first = "\x1b[>0q\x1b[?u\x1b]7501;?\x07\x1b[c";
    let keys = "\x1b[<u\x1b[>5u\x1b[>4;2m";
    let second = "\x1b[?2026$p\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[?1016$p\x1b[c";
    let stream = [before, first, keys, second].concat();
    let found = scan(stream.as_bytes());
    let graphics = Query::Graphics { id: Some(31), direct: true, quiet: 0 };
    let expect = [
        Query::Version,
        Query::KeyboardFlags,
        Query::ProgramStatus(Terminator::Bel),
        Query::PrimaryAttributes,
        mode(2026),
        graphics,
        Query::Window { report: 16, of: 0 },
        mode(1016),
        Query::PrimaryAttributes,
    ];
    assert_eq!(queries(&found), expect);
    assert_eq!(shown(stream.as_bytes(), &found), [before, keys].concat().as_bytes());
    assert_eq!(found[0].what, Item::Title("✳ Claude Code".into()));
}

/// Codex 0.169.
#[test]
fn codex_asks_for_keys_attributes_cursor_and_colours() {
    let found = scan(b"\x1b[?2004h\x1b[?u\x1b[c\x1b[6n\x1b]10;?\x1b\\\x1b]11;?\x1b\\\x1b[>7u\x1b[?2026h");
    let colour = |first| Query::Colours { first, count: 1, end: Terminator::St };
    let expect =
        [Query::KeyboardFlags, Query::PrimaryAttributes, Query::CursorPosition, colour(10), colour(11)];
    assert_eq!(queries(&found), expect);
}

/// OpenCode 1.18: many modes, terminfo, palette; it measures OSC 66 with the cursor, which is no query of its own.
#[test]
fn opencode_asks_a_lot() {
    let found = scan(
        b"\x1b[?1016$p\x1b[?2027$p\x1b[?2031$p\x1b[?1004$p\x1b[?2004$p\x1b[?2026$p\x1b[H\x1b]66;w=1; \x1b\\\x1b[6n\
        \x1b]66;s=2; \x1b\\\x1b[6n\x1bP+q4d73\x1b\\\x1b]99;i=ot:p=?;\x1b\\\x1b]1337;ReportCellSize\x07\
        \x1b]4;0;?\x07\x1b[14t\x1b_Gi=31337,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>0q\x1b[?u\x1b[c",
    );
    let expect = [
        mode(1016),
        mode(2027),
        mode(2031),
        mode(1004),
        mode(2004),
        mode(2026),
        Query::CursorPosition,
        Query::CursorPosition,
        Query::Capabilities(b"4d73".to_vec()),
        Query::Notifications(b"i=ot:p=?".to_vec(), Terminator::St),
        Query::CellSize(Terminator::Bel),
        Query::Palette(vec![0], Terminator::Bel),
        Query::Window { report: 14, of: 0 },
        Query::Graphics { id: Some(31337), direct: true, quiet: 0 },
        Query::Version,
        Query::KeyboardFlags,
        Query::PrimaryAttributes,
    ];
    assert_eq!(queries(&found), expect);
}
