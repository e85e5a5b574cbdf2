//! The keys of the player.

use std::time::Duration;

/// How far an arrow goes.
const LEAP: Duration = Duration::from_secs(5);

/// What a key asks for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Key {
    Pause,
    Step,
    Back(Duration),
    On(Duration),
    Start,
    Faster,
    Slower,
    Quit,
}

/// The keys in what was read at once.
pub(super) fn keys(mut bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    while let Some(first) = bytes.first() {
        let (key, length) = match (first, bytes.get(1..3)) {
            (0x1b, Some(b"[C" | b"OC")) => (Some(Key::On(LEAP)), 3),
            (0x1b, Some(b"[D" | b"OD")) => (Some(Key::Back(LEAP)), 3),
            (0x1b, Some(b"[H" | b"OH")) => (Some(Key::Start), 3),
            (0x1b, Some(_)) => (None, bytes.len()),
            (byte, _) => (plain(*byte), 1),
        };
        keys.extend(key);
        bytes = &bytes[length..];
    }
    keys
}

fn plain(byte: u8) -> Option<Key> {
    Some(match byte {
        b' ' => Key::Pause,
        b'.' => Key::Step,
        b'+' | b'=' => Key::Faster,
        b'-' => Key::Slower,
        b'q' | 3 => Key::Quit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_one_after_the_other_and_others_are_passed_over() {
        assert_eq!(
            keys(b" .x\x1b[C\x1bODq"),
            [Key::Pause, Key::Step, Key::On(LEAP), Key::Back(LEAP), Key::Quit]
        );
        assert_eq!(keys(b"\x1b[5~"), []);
    }
}
