//! One sequence a line.

use super::super::{Item, Scanner};
use super::{items, scan};
use crate::query::{Query, Terminator::*};
use protocol::{BlockKind, Offset, ProgramReport, ProgramState};

/// A query alone: it is found as a whole, and every prefix of it is held as a whole.
fn check(input: &str, expect: Query) {
    let found = scan(input.as_bytes());
    assert_eq!(found.len(), 1, "{input:?}");
    assert_eq!(found[0].what, Item::Query(expect), "{input:?}");
    assert_eq!(found[0].range, Offset(0)..Offset(input.len() as u64), "{input:?}");
    for end in 1..input.len() {
        let held = Scanner::new(Offset::ZERO).scan(&input.as_bytes()[..end], &mut Vec::new());
        assert_eq!(held, end as u64, "{:?}", &input.as_bytes()[..end]);
    }
}

#[test]
fn each_csi_query_is_found() {
    let mode = |private, mode| Query::Mode { private, mode };
    let window = |report, of| Query::Window { report, of };
    for (input, expect) in [
        ("\x1b[c", Query::PrimaryAttributes),
        ("\x1b[0c", Query::PrimaryAttributes),
        ("\u{9b}c", Query::PrimaryAttributes),
        ("\x1bZ", Query::PrimaryAttributes),
        ("\x1b[>c", Query::SecondaryAttributes),
        ("\x1b[>0c", Query::SecondaryAttributes),
        ("\x1b[=c", Query::TertiaryAttributes),
        ("\x1b[5n", Query::Operating),
        ("\x1b[6n", Query::CursorPosition),
        ("\x1b[?6n", Query::ExtendedCursorPosition),
        ("\x1b[?15n", Query::PrivateStatus(15)),
        ("\x1b[?25n", Query::PrivateStatus(25)),
        ("\x1b[?26n", Query::PrivateStatus(26)),
        ("\x1b[?996n", Query::PrivateStatus(996)),
        ("\x1b[4$p", mode(false, 4)),
        ("\x1b[?2026$p", mode(true, 2026)),
        ("\x1b[>q", Query::Version),
        ("\x1b[>0q", Query::Version),
        ("\x1b[?u", Query::KeyboardFlags),
        ("\x1b[?4m", Query::ModifyKeys(4)),
        ("\x1b[14t", window(14, 0)),
        ("\x1b[14;2t", window(14, 2)),
        ("\x1b[16t", window(16, 0)),
        ("\x1b[18t", window(18, 0)),
        ("\x1b[21t", window(21, 0)),
        ("\x1b[x", Query::Parameters(0)),
        ("\x1b[1x", Query::Parameters(1)),
        ("\x1b[?2;1;0S", Query::Other(b"\x1b[?2;1;0S".to_vec())),
        ("\x1b[1;1;1;1;24;80*y", Query::Other(b"\x1b[1;1;1;1;24;80*y".to_vec())),
        ("\x1b[1$w", Query::Other(b"\x1b[1$w".to_vec())),
    ] {
        check(input, expect);
    }
}

#[test]
fn each_string_query_is_found() {
    let colours = |first, count, end| Query::Colours { first, count, end };
    let graphics = |id, direct, quiet| Query::Graphics { id, direct, quiet };
    for (input, expect) in [
        ("\x1b]10;?\x07", colours(10, 1, Bel)),
        ("\x1b]11;?\x1b\\", colours(11, 1, St)),
        ("\u{9d}11;?\u{9c}", colours(11, 1, St)),
        ("\x1b]10;?;?;?\x07", colours(10, 3, Bel)),
        ("\x1b]19;?;?\x07", colours(19, 1, Bel)),
        ("\x1b]4;7;?\x07", Query::Palette(vec![7], Bel)),
        ("\x1b]4;0;?;255;?\x1b\\", Query::Palette(vec![0, 255], St)),
        ("\x1b]4;256;?\x07", Query::Other(b"\x1b]4;256;?\x07".to_vec())),
        ("\x1b]21;foreground=?;cursor=?\x07", Query::Other(b"\x1b]21;foreground=?;cursor=?\x07".to_vec())),
        ("\x1b]22;?__current__\x07", Query::Other(b"\x1b]22;?__current__\x07".to_vec())),
        ("\x1b]52;c;?\x07", Query::Clipboard(b"c".to_vec(), Bel)),
        ("\x1b]52;;?\x1b\\", Query::Clipboard(b"".to_vec(), St)),
        ("\x1b]99;i=a:p=?;\x1b\\", Query::Notifications(b"i=a:p=?".to_vec(), St)),
        ("\x1b]99;p=?:i=a;\x07", Query::Notifications(b"p=?:i=a".to_vec(), Bel)),
        ("\x1b]1337;ReportCellSize\x07", Query::CellSize(Bel)),
        ("\x1b]1337;Capabilities\x07", Query::Other(b"\x1b]1337;Capabilities\x07".to_vec())),
        ("\x1b]7501;?\x07", Query::ProgramStatus(Bel)),
        ("\x1bP$qm\x1b\\", Query::Setting(b"m".to_vec())),
        ("\x1bP$q q\x1b\\", Query::Setting(b" q".to_vec())),
        ("\u{90}$qr\u{9c}", Query::Setting(b"r".to_vec())),
        ("\x1bP+q544e;436f\x1b\\", Query::Capabilities(b"544e;436f".to_vec())),
        ("\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", graphics(Some(31), true, 0)),
        ("\x1b_Ga=q,t=f,q=2\x1b\\", graphics(None, false, 2)),
    ] {
        check(input, expect);
    }
}

/// What looks like a query and is none: it passes, and is not held once that is certain.
#[test]
fn nothing_else_is_a_query() {
    for input in [
        "\x1b[1c",
        "\x1b[?1c",
        "\x1b[>1q",
        "\x1b[2 q",
        "\x1b[7n",
        "\x1b[5;6n",
        "\x1b[>1u",
        "\x1b[<u",
        "\x1b[u",
        "\x1b[22;0t",
        "\x1b[8;24;80t",
        "\x1b[!p",
        "\x1b[4m",
        "\x1b[>4;2m",
        "\x1b[4:3m",
        "\x1b[>4m",
        "\x1b[99999$p",
        "\x1b[?;;;;;;;c",
        "\x1b(B",
        "\x1b]11;#fff\x07",
        "\x1b]11\x07",
        "\x1b]4;1;rgb:0/0/0\x07",
        "\x1b]4;1;?;2;red\x07",
        "\x1b]52;c;aGk=\x07",
        "\x1b]1337;File=name=eA==:AAAA\x07",
        "\x1b]66;w=1; \x07",
        "\x1b]7501;?x\x07",
        "\x1b]8;;http://a.b/?\x07",
        "\x1bPq#0;2;0;0;0\x1b\\",
        "\x1bP1$rm\x1b\\",
        "\x1b_Ga=t,f=24;AAAA\x1b\\",
        "\x1b_Gf=24;a=q\x1b\\",
        "\x1b_ha=q\x1b\\",
        "\x1bXa=q\x1b\\",
        "\x1b^\x1b\\",
        "\x1b[6\nn",
        "\x1b[6\x7fn",
        "\x1b[6\x18n",
        "\x1b[6én",
        "\x1b]11;?\x18",
        "\x1b]11;?\x1a\x07",
        "\x1b]11;?\u{85}",
        "\x1b(\x1b[c",
        "\x1b]11;#fff\x1b[c",
    ] {
        let found = items(input.as_bytes());
        assert!(!found.iter().any(|item| matches!(item, Item::Query(_))), "{input:?}: {found:?}");
    }
    for (input, held) in [
        ("\x1b[38;2;1", 8),
        ("\x1b[38:", 0),
        ("\x1b[<", 0),
        ("\x1b[6\n", 0),
        ("\x1b(", 0),
        ("\x1b]0", 0),
        ("\x1b]1", 3),
        ("\x1b]11;", 5),
        ("\x1b]11;r", 0),
        ("\x1b]52;c;a", 0),
        ("\x1b]8;", 0),
        ("\x1b]1337;F", 0),
        ("\x1bPq", 0),
        ("\x1bP$q", 4),
        ("\x1b_Ga=T", 0),
        ("\x1b_Gi=1,a", 8),
        ("\x1b_Gi=1;", 0),
        ("\x1bX", 0),
        ("\x1b]11;?\x1b", 7),
        ("\x1b]11;\x1b", 0),
        ("·\u{9b}6", 3),
        ("\x1b]10;?\x1b[", 2),
        ("\x1b]10;#\x1b[", 0),
    ] {
        let mut scanner = Scanner::new(Offset::ZERO);
        assert_eq!(scanner.scan(input.as_bytes(), &mut Vec::new()), held, "{input:?}");
        assert!(!scanner.ground(), "{input:?}");
    }
}

/// A sequence that a query interrupts goes with it, where it had no effect; a string that ends at the ESC of the
/// next sequence is whole.
#[test]
fn ranges_leave_the_rest_intact() {
    let ranges =
        |input: &[u8]| -> Vec<_> { scan(input).iter().map(|f| (f.range.start.0, f.range.end.0)).collect() };
    assert_eq!(ranges(b"ab\x1b[6ncd"), [(2, 6)]);
    assert_eq!(ranges(b"\x1b[6\x1b[6n"), [(0, 7)]);
    assert_eq!(ranges(b"\x1b\x1b[6n"), [(0, 5)]);
    assert_eq!(ranges(b"\x1b]11;?\x1b[6n"), [(0, 6), (6, 10)]);
    assert_eq!(ranges(b"\x1b]0;title\x1b[c\x1b[6n"), [(0, 9), (12, 16)]);
}

#[test]
fn limits_end_a_candidate() {
    let csi = |zeros: usize| format!("\x1b[{}c", "0".repeat(zeros));
    assert_eq!(items(csi(61).as_bytes()), [Item::Query(Query::PrimaryAttributes)]);
    assert_eq!(items(csi(62).as_bytes()), []);
    let caps = |digits: usize| format!("\x1bP+q{}\x1b\\", "4".repeat(digits));
    assert_eq!(items(caps(506).as_bytes()).len(), 1);
    assert_eq!(items(caps(507).as_bytes()).len(), 0);
    let mut scanner = Scanner::new(Offset::ZERO);
    assert_eq!(scanner.scan(&caps(600).as_bytes()[..512], &mut Vec::new()), 512);
    assert_eq!(scanner.scan(b"4", &mut Vec::new()), 0);
}

#[test]
fn titles_are_found_and_what_nobody_acts_on_is_not() {
    for (input, expect) in [
        ("\x1b]0;◐ Claude Code\x07", "◐ Claude Code"),
        ("\x1b]2;a;b\x1b\\", "a;b"),
        ("\x1b]0;\x07", ""),
        ("\x1b]2;a\tb\x1b[m", "ab"),
    ] {
        assert_eq!(items(input.as_bytes()), [Item::Title(expect.to_owned())], "{input:?}");
    }
    for input in [
        "\x07",
        "\x1b[1\x07m",
        "\x1b]1;icon\x07",
        "\x1b]9;needs you\x07",
        "\x1b]99;i=1:p=body;needs you\x1b\\",
        "\x1b]133;A\x07",
        "\x1b]777;notify;Claude Code;needs you\x07",
        "\x1b]0;title\x18",
        "\x1b]2\x07",
    ] {
        assert_eq!(items(input.as_bytes()), [], "{input:?}");
    }
    let long = format!("\x1b]2;a{}\x07", "é".repeat(5000));
    let Item::Title(title) = &items(long.as_bytes())[0] else { panic!("a title") };
    assert_eq!((title.len(), title.contains('\u{fffd}')), (1023, false));
}

#[test]
fn reports_follow_their_grammar() {
    let report = |state| ProgramReport { state, ..ProgramReport::default() };
    let claude = ProgramReport { app: Some("claude-code".into()), ..report(ProgramState::Idle) };
    let asks = ProgramReport {
        kind: Some(BlockKind::Permission),
        msg: Some("Continue?".into()),
        ..report(ProgramState::Blocked)
    };
    let child = ProgramReport {
        id: Some("af05/b".into()),
        title: Some("All tests passed".into()),
        ..report(ProgramState::Working)
    };
    for (body, expect) in [
        ("state=idle:app=claude-code", claude),
        ("state=blocked:kind=permission:msg=Q29udGludWU/", asks.clone()),
        ("state=idle:kind=permission:state=blocked:msg=Q29udGludWU/", asks),
        ("state=blocked:kind=auth", report(ProgramState::Blocked)),
        ("state=working:id=af05/b:title=QWxsIHRlc3RzIHBhc3NlZA", child.clone()),
        ("state=working:junk:new=1:id=af05/b:title=QWxsIHRlc3RzIHBhc3NlZA==", child),
        ("state=clear", report(ProgramState::Unknown)),
        ("state=done", report(ProgramState::Done)),
        ("state=error:progress=4", report(ProgramState::Error)),
    ] {
        let input = format!("\x1b]7501;{body}\x1b\\");
        assert_eq!(items(input.as_bytes()), [Item::Report(expect)], "{body}");
    }
    let levels = |n| format!("state=idle:id={}", vec!["a"; n].join("/"));
    let long = |n| format!("state=idle:msg={}", "YWFh".repeat(n));
    for (body, expect) in [(levels(8), 1), (levels(9), 0), (long(1015), 1), (long(1025), 0)] {
        assert_eq!(items(format!("\x1b]7501;{body}\x1b\\").as_bytes()).len(), expect, "{body}");
    }
    for bad in [
        "",
        "idle",
        "state=",
        "state=asleep",
        "msg=aGk=",
        "state=idle:msg=%",
        "state=idle:msg=/w==",
        "state=idle:id=",
        "state=idle:id=a//b",
        "state=idle:id=a b",
        "state=idle:app=é",
        "state=idle:msg=Cg==",
        "state=idle\n",
        "state=idle:id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert_eq!(items(format!("\x1b]7501;{bad}\x07").as_bytes()), [], "{bad}");
    }
}
