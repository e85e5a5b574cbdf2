//! Small cases as data: what goes in, what a person sees. The large comparison is the one with xterm.

use super::*;

fn screen(size: &str, input: &str) -> Screen {
    let mut screen = Screen::new(size.parse().expect("a size"), 100);
    screen.feed(input.as_bytes());
    screen
}

/// Rows joined by `/`, trailing blank rows cut, then the cursor as `row,col`.
fn check(input: &str, expected: &str) {
    let screen = screen("8x3", input);
    let cursor = screen.cursor();
    let rows = screen.lines().join("/");
    let seen = format!("{} {},{}", rows.trim_end_matches('/'), cursor.row, cursor.col);
    assert_eq!(seen, expected, "{input:?}");
}

#[test]
fn printing_wraps_late_and_moving_does_not() {
    check("abc", "abc 0,3");
    check("abcdefgh", "abcdefgh 0,7");
    check("abcdefghi", "abcdefgh/i 1,1");
    check("abcdefgh\rX", "Xbcdefgh 0,1");
    check("abcdefgh\x08X", "abcdefXh 0,7");
    check("\x1b[?7labcdefghi", "abcdefgi 0,7");
    check("abcdefg世", "abcdefg/世 1,2");
    check("a\u{301}b", "a\u{301}b 0,2");
}

#[test]
fn sequences_move_erase_and_insert() {
    check("abc\x1b[2;3Hd", "abc/  d 1,3");
    check("abc\x1b[2DX", "aXc 0,2");
    check("abcdef\x1b[3G\x1b[K", "ab 0,2");
    check("abcdef\x1b[3G\x1b[1K", "   def 0,2");
    check("abcdef\x1b[3G\x1b[2P", "abef 0,2");
    check("abcdef\x1b[3G\x1b[2@", "ab  cdef 0,2");
    check("abcdef\x1b[3G\x1b[2X", "ab  ef 0,2");
    check("a\x1b[3b", "aaaa 0,4");
    check("1\r\n2\r\n3\x1b[1;1H\x1b[L", "/1/2 0,0");
    check("1\r\n2\r\n3\x1b[1;1H\x1b[M", "2/3 0,0");
    check("\x1b(0lqk\x1b(Bq", "┌─┐q 0,4");
    check("世界\x1b[1;2HX", " X界 0,2");
}

#[test]
fn lines_that_scroll_off_become_history_in_order() {
    let screen = screen("8x2", "one\r\ntwo\r\nlonger than a row\r\nend");
    assert_eq!(screen.history_lines(10), ["one", "two", "longer t", "han a ro"]);
    assert_eq!(screen.history_lines(1), ["han a ro"]);
    assert_eq!(screen.lines(), ["w", "end"]);
    assert!(screen.wrapped(0));
}

#[test]
fn the_history_keeps_its_limits_in_lines_and_in_bytes() {
    let mut few = Screen::new(Size { cols: 20, rows: 2 }, 3);
    few.feed(b"1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7");
    assert_eq!(few.history_lines(9), ["3", "4", "5"]);
    let mut none = Screen::new(Size { cols: 20, rows: 2 }, 0);
    none.feed(b"1\r\n2\r\n3");
    assert_eq!((none.history_len(), none.lines()), (0, vec!["2".to_owned(), "3".to_owned()]));
    let mut wide = Screen::new(Size { cols: 1_000, rows: 2 }, 100);
    (0..100).for_each(|_| wide.feed(&[b'x'; 1_000]));
    assert!(wide.history_len() < 70, "{} lines of 1,000 bytes in 64 KiB", wide.history_len());
}

#[test]
fn the_alternate_screen_has_no_history_and_leaves_the_primary_alone() {
    let mut screen = screen("8x2", "main\x1b[?1049h1\r\n2\r\n3\r\n4");
    assert!(screen.alternate());
    assert_eq!((screen.history_len(), screen.lines()), (0, vec!["3".to_owned(), "4".to_owned()]));
    screen.feed(b"\x1b[?1049l");
    assert_eq!(screen.lines(), ["main", ""]);
    assert_eq!(screen.cursor().col, 4);
}

#[test]
fn an_incomplete_sequence_is_pending_and_has_changed_nothing() {
    for (input, pending) in [
        ("a", 0),
        ("a\x1b", 1),
        ("a\x1b[31", 4),
        ("a\x1b[31m", 0),
        ("a\x1b[3\n\n", 5),
        ("a\x1b]2;title", 9),
        ("a\x1b]2;title\x1b", 1),
        ("a\x1b]2;title\x07", 0),
        ("a\x1b[3\x18", 0),
        ("a\u{9b}3", 3),
        ("a\x1bPq\u{e9}", 5),
    ] {
        let screen = screen("8x3", input);
        assert_eq!(screen.pending(), pending, "{input:?}");
        assert_eq!((screen.cursor().row, screen.cursor().col), (0, 1), "{input:?}");
    }
    let mut cut = Screen::new(Size { cols: 8, rows: 3 }, 0);
    cut.feed(b"\xe4\xb8");
    assert_eq!(cut.pending(), 2);
    cut.feed(b"\x96");
    assert_eq!((cut.pending(), cut.row_text(0).as_str()), (0, "世"));
}

#[test]
fn runs_and_sgr_name_the_style() {
    let screen = screen("20x2", "a\x1b[1;38;5;200;4:3mbc\x1b]8;id=x;http://y\x07d\x1b[m");
    let runs = screen.runs(0);
    assert_eq!(
        runs.iter().map(|run| (run.text.as_str(), run.width)).collect::<Vec<_>>(),
        [("a", 1), ("bc", 2), ("d", 1)]
    );
    assert_eq!((runs[1].style.foreground, runs[1].style.underline), (Color::Indexed(200), Underline::Curly));
    assert_eq!(runs[2].style.link, Some(Link { id: "x".to_owned(), uri: "http://y".to_owned() }));
    let styled = super::tests::screen("8x1", "\x1b[1;91;48:2::1:2:3;4m");
    assert_eq!(styled.sgr(), "0;1;4;91;48;2;1;2;3");
}

#[test]
fn keyboard_flags_have_a_stack_on_each_screen() {
    let mut screen = screen("8x2", "\x1b[>1u\x1b[>5u\x1b[?1049h\x1b[>2u");
    assert_eq!(screen.keyboard_flags(), 2);
    screen.feed(b"\x1b[?1049l");
    assert_eq!(screen.keyboard_flags(), 5);
    screen.feed(b"\x1b[<u");
    assert_eq!(screen.keyboard_flags(), 1);
    screen.feed(b"\x1b[=2;2u");
    assert_eq!(screen.keyboard_flags(), 3);
    screen.feed(b"\x1b[<99u\x1b[>4;2m");
    assert_eq!((screen.keyboard_flags(), screen.modify_other_keys()), (0, 2));
}

#[test]
fn titles_and_colours_are_remembered() {
    let screen =
        screen("8x2", "\x1b]2;one\x07\x1b[22t\x1b]0;two\x07\x1b]4;3;#102030\x07\x1b]11;rgb:ff/00/80\x1b\\");
    assert_eq!(screen.title(), "two");
    assert_eq!(screen.palette_override(3), Some((16, 32, 48)));
    assert_eq!(screen.background_override(), Some((255, 0, 128)));
    let long = super::tests::screen("8x2", &format!("\x1b]2;{}\x07", "é".repeat(1_000)));
    assert_eq!(long.title().chars().count(), 512);
}

#[test]
fn a_lower_screen_gives_its_top_to_the_history_and_a_higher_one_takes_it_back() {
    let mut screen = screen("8x4", "1\r\n2\r\n3\r\n4");
    screen.resize(Size { cols: 8, rows: 2 });
    assert_eq!(
        (screen.history_lines(9), screen.lines()),
        (vec!["1".into(), "2".into()], vec!["3".into(), "4".into()])
    );
    assert_eq!(screen.cursor().row, 1);
    screen.resize(Size { cols: 8, rows: 4 });
    assert_eq!(screen.lines(), ["1", "2", "3", "4"]);
    assert_eq!((screen.history_len(), screen.cursor().row), (0, 3));
}

#[test]
fn columns_that_were_cut_off_come_back() {
    let mut screen = screen("8x2", "abcd世ef");
    screen.resize(Size { cols: 5, rows: 2 });
    assert_eq!(screen.row_text(0), "abcd");
    screen.resize(Size { cols: 8, rows: 2 });
    assert_eq!(screen.row_text(0), "abcd  ef");
}

#[test]
fn every_size_works_with_wide_characters_in_every_place() {
    for cols in [1, 2, 3, 5] {
        for rows in [1, 2, 1_000] {
            let mut screen = Screen::new(Size { cols, rows }, 3);
            for _ in 0..3 {
                screen.feed(
                    "世a世b\x1b[2D\x1b[4h世\x1b[4l\x1b[P\x1b[@\x1b[2X\x1b[?7l世世\x1b[?7h\x1b[99;99H世\n"
                        .as_bytes(),
                );
                let dump = screen.dump(9);
                let mut copy = Screen::new(screen.size(), 3);
                copy.feed(&dump);
                assert_eq!(copy.lines(), screen.lines());
            }
        }
    }
}
