//! Where a program goes to the alternate screen, and back.

use memchr::memchr;
use serde::{Deserialize, Serialize};

/// A sequence that sets a mode is no longer.
const SEQUENCE_MAX_BYTES: usize = 32;
const ESC: u8 = 0x1b;
/// The modes that are a screen of their own.
const MODES: [&[u8]; 3] = [b"1049", b"1047", b"47"];

/// Follows which screen is shown.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Screens {
    /// A sequence that has not ended.
    sequence: Vec<u8>,
}

impl Screens {
    /// The first place in these bytes behind which another screen is shown, and whether that is the alternate one.
    pub fn next(&mut self, bytes: &[u8]) -> Option<(usize, bool)> {
        let mut at = 0;
        while at < bytes.len() {
            if self.sequence.is_empty() {
                at += memchr(ESC, &bytes[at..])?;
            }
            self.sequence.push(bytes[at]);
            at += 1;
            match self.sequence.as_slice() {
                [ESC] | [ESC, b'['] | [ESC, b'[', b'?'] => {}
                [ESC, b'[', b'?', .., b'0'..=b'9' | b';'] if self.sequence.len() < SEQUENCE_MAX_BYTES => {}
                [ESC, b'[', b'?', modes @ .., end @ (b'h' | b'l')] => {
                    let is_screen = modes.split(|byte| *byte == b';').any(|mode| MODES.contains(&mode));
                    let alternate = *end == b'h';
                    self.sequence.clear();
                    if is_screen {
                        return Some((at, alternate));
                    }
                }
                _ => {
                    self.sequence.clear();
                    // What was none may end in the begin of one.
                    at -= usize::from(bytes[at - 1] == ESC);
                    if bytes[at..].first() == Some(&ESC) {
                        self.sequence.push(ESC);
                        at += 1;
                    }
                }
            }
        }
        None
    }
}

#[test]
fn a_program_that_takes_the_whole_screen_is_seen_wherever_it_is_cut() {
    let bytes = b"a\x1b[1m\x1b\x1b[?25;1049hb\x1b[?2004h\x1b[?47lc";
    for cut in 0..bytes.len() {
        let (mut screens, mut found) = (Screens::default(), Vec::new());
        for (part, from) in [(&bytes[..cut], 0), (&bytes[cut..], cut)] {
            let mut done = 0;
            while let Some((length, alternate)) = screens.next(&part[done..]) {
                done += length;
                found.push((from + done, alternate));
            }
        }
        assert_eq!(found, [(17, true), (32, false)], "cut at {cut}");
    }
}
