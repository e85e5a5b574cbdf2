//! The first byte says which modes the program set; the rest is names of keys, a line each, and then what a terminal
//! sends.

use crate::first;
use terminal::key::{DetachKey, DetachWatch, Key, KeyModes, Press};

/// Bytes of a key at most, in whatever form: the longest has its number, a modifier and its text as a number.
const MAX_KEY: usize = 32;

const WORDS: &[&[u8]] = &[
    b"C-",
    b"M-",
    b"S-",
    b"^",
    b"Enter",
    b"Escape",
    b"BTab",
    b"Space",
    b"BSpace",
    b"PageUp",
    b"Delete",
    b"KPEnter",
    b"KP5",
    b"F20",
    b"F1",
    b"Left",
    b"none",
    b"C-]",
    b"\n",
    "é".as_bytes(),
    b"\x1b[93;5u",
    b"\x1b[27;5;93~",
    b"\x1b[1;5A",
    b":3u",
];

#[test]
fn a_key_that_has_a_name_has_bytes_and_the_key_that_detaches_is_known_by_them() {
    testkit::fuzz::attack("key", env!("CARGO_MANIFEST_DIR"), WORDS, |bytes| {
        let (how, rest) = first(bytes);
        let modes = KeyModes {
            application_cursor: how & 1 != 0,
            application_keypad: how & 2 != 0,
            kitty: how >> 2 & 31,
            modify_other_keys: how >> 6 & 3,
        };
        for line in rest.split(|byte| *byte == b'\n') {
            match std::str::from_utf8(line) {
                Ok(name) => named(name, modes),
                Err(_) => continue,
            }
        }
        read(rest);
    });
}

fn named(name: &str, modes: KeyModes) {
    let key: Key = match name.parse() {
        Ok(key) => key,
        Err(error) => {
            assert!(format!("{error}").contains(name));
            // `none` is no key, and no other word is read for the one only.
            assert!(name.eq_ignore_ascii_case("none") || name.parse::<DetachKey>().is_err());
            return;
        }
    };
    let sent = key.encode(modes);
    assert!((1..=MAX_KEY).contains(&sent.len()), "{name}: {sent:?}");
    let Ok(detach) = name.parse::<DetachKey>() else { return };
    assert_eq!(detach.to_string().parse(), Ok(detach));
    for modes in [KeyModes::default(), KeyModes { application_cursor: true, ..KeyModes::default() }] {
        let sent = key.encode(modes);
        assert!(detach.matches(&sent), "{name} is sent as {sent:?} and not known");
        let twice = [&sent[..], &sent].concat();
        assert!(!detach.matches(&twice), "{name}: pasted twice it would detach");
    }
}

/// No bytes make the watch fail, and nothing but the key twice in a row detaches, in two reads or alone in one.
fn read(bytes: &[u8]) {
    let mut watch = DetachWatch::default();
    let mut first = false;
    for part in bytes.split(|byte| *byte == b'\n') {
        let press = watch.press(part);
        let (one, other) = part.split_at(part.len() / 2);
        let twice = one == other && DetachKey::default().matches(one);
        assert!(press != Press::Second || first || twice, "{part:?} detached alone");
        assert_eq!(press == Press::Other, !twice && !DetachKey::default().matches(part));
        first |= press == Press::First;
    }
}
