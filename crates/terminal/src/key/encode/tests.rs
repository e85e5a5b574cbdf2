//! One key a row, in each set of modes.

use super::*;

fn check(modes: KeyModes, table: &[(&str, &str)]) {
    for (name, expect) in table {
        let key: Key = name.parse().unwrap();
        assert_eq!(String::from_utf8(key.encode(modes)).unwrap(), *expect, "{name} in {modes:?}");
    }
}

#[test]
fn legacy_keys() {
    let table = [
        ("a", "a"),
        ("A", "A"),
        ("S-a", "A"),
        ("é", "é"),
        ("-", "-"),
        ("C-c", "\x03"),
        ("C-C", "\x03"),
        ("^C", "\x03"),
        ("C-]", "\x1d"),
        ("C-Space", "\0"),
        ("C-@", "\0"),
        ("C-/", "\x1f"),
        ("C-?", "\x7f"),
        ("C--", "-"),
        ("M-x", "\x1bx"),
        ("M-X", "\x1bX"),
        ("A-x", "\x1bx"),
        ("C-M-x", "\x1b\x18"),
        ("Enter", "\r"),
        ("enter", "\r"),
        ("M-Enter", "\x1b\r"),
        ("Tab", "\t"),
        ("S-Tab", "\x1b[Z"),
        ("BTab", "\x1b[Z"),
        ("Escape", "\x1b"),
        ("Space", " "),
        ("BSpace", "\x7f"),
        ("C-BSpace", "\x08"),
        ("Up", "\x1b[A"),
        ("C-S-Left", "\x1b[1;6D"),
        ("M-Right", "\x1b[1;3C"),
        ("Home", "\x1b[H"),
        ("End", "\x1b[F"),
        ("DC", "\x1b[3~"),
        ("Delete", "\x1b[3~"),
        ("IC", "\x1b[2~"),
        ("PageUp", "\x1b[5~"),
        ("NPage", "\x1b[6~"),
        ("C-PgUp", "\x1b[5;5~"),
        ("F1", "\x1bOP"),
        ("F3", "\x1bOR"),
        ("S-F3", "\x1b[1;2R"),
        ("F5", "\x1b[15~"),
        ("C-F12", "\x1b[24;5~"),
        ("F20", "\x1b[34~"),
        ("KP5", "5"),
        ("KPEnter", "\r"),
    ];
    check(KeyModes::default(), &table);
}

#[test]
fn application_modes() {
    let modes = KeyModes { application_cursor: true, application_keypad: true, ..KeyModes::default() };
    let table = [
        ("Up", "\x1bOA"),
        ("Home", "\x1bOH"),
        ("C-Up", "\x1b[1;5A"),
        ("KP0", "\x1bOp"),
        ("KP9", "\x1bOy"),
        ("KP*", "\x1bOj"),
        ("KP+", "\x1bOk"),
        ("KP-", "\x1bOm"),
        ("KP.", "\x1bOn"),
        ("KP/", "\x1bOo"),
        ("KPEnter", "\x1bOM"),
        ("Delete", "\x1b[3~"),
    ];
    check(modes, &table);
}

#[test]
fn kitty_keys() {
    let modes = |kitty| KeyModes { application_cursor: true, kitty, ..KeyModes::default() };
    let some = [
        ("a", "a"),
        ("A", "A"),
        ("Enter", "\r"),
        ("Tab", "\t"),
        ("BSpace", "\x7f"),
        ("Escape", "\x1b[27u"),
        ("C-c", "\x1b[99;5u"),
        ("M-x", "\x1b[120;3u"),
        ("M-X", "\x1b[120;4u"),
        ("S-Enter", "\x1b[13;2u"),
        ("S-Tab", "\x1b[9;2u"),
        ("C-]", "\x1b[93;5u"),
        ("Up", "\x1b[A"),
        ("C-Up", "\x1b[1;5A"),
        ("F1", "\x1b[P"),
        ("F3", "\x1b[13~"),
        ("F4", "\x1b[S"),
        ("F5", "\x1b[15~"),
        ("F13", "\x1b[57376u"),
        ("C-Space", "\x1b[32;5u"),
        ("KP5", "5"),
        ("KPEnter", "\x1b[57414u"),
        ("Delete", "\x1b[3~"),
    ];
    check(modes(1), &some);
    check(modes(5), &[("M-X", "\x1b[120:88;4u"), ("C-c", "\x1b[99;5u")]);
    check(modes(8), &[("a", "\x1b[97u"), ("A", "\x1b[97;2u"), ("Enter", "\x1b[13u"), ("KP5", "\x1b[57404u")]);
    check(
        modes(31),
        &[("a", "\x1b[97;;97u"), ("A", "\x1b[97:65;2;65u"), ("C-a", "\x1b[97;5u"), ("Up", "\x1b[A")],
    );
    check(modes(2), &[("C-c", "\x03")]);
}

#[test]
fn other_keys() {
    let modes = |modify_other_keys| KeyModes { modify_other_keys, ..KeyModes::default() };
    check(
        modes(1),
        &[("C-c", "\x03"), ("C-Enter", "\x1b[27;5;13~"), ("S-Tab", "\x1b[Z"), ("C-,", "\x1b[27;5;44~")],
    );
    let all = [
        ("a", "a"),
        ("A", "A"),
        ("C-c", "\x1b[27;5;99~"),
        ("M-x", "\x1b[27;3;120~"),
        ("S-Enter", "\x1b[27;2;13~"),
        ("Enter", "\r"),
        ("C-Up", "\x1b[1;5A"),
    ];
    check(modes(2), &all);
}
