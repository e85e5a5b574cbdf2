//! Looks for a text in a whole recording, as a person would who watches it: on the screen and in what scrolled off it.
//!
//! A hit is a line that comes, once for as long as it stays: one that scrolls, grows behind the text, has a spinner or a
//! clock before it, or is painted anew within a second, is the same. A text that is broken over two rows is not found.

use crate::Result;
use crate::registry::Entry;
use crate::source::{Kind, Source};
use crate::view::{Checkpoint, View, paint};
use protocol::{Body, Offset, Time};
use serde::Serialize;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use terminal::Screen;

/// Time that two looks at the screen are apart at least: nobody sees more.
const LOOK_EVERY: Duration = Duration::from_millis(33);
/// Bytes that are painted between two looks at most. As many lines may come of them.
const STEP_BYTES: usize = 16 << 10; // 16 KiB
/// How long a line may be away and still be the same when it is back.
const AWAY_MAX: Duration = Duration::from_secs(1);
/// Lines that are known at most; beyond that all are forgotten, and may be told again.
const KNOWN_MAX: usize = 10_000;
/// Characters of a line that are told, so many of them before the text.
const LINE_MAX_CHARS: usize = 200;
const BEFORE_MAX_CHARS: usize = 60;

/// What is looked for, and how much of it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The text. Without capitals it finds capitals too.
    pub text: String,
    /// Hits at most.
    pub hits_max: usize,
    /// When to stop, with what was found until then.
    pub deadline: Instant,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Found {
    /// In order.
    pub hits: Vec<Hit>,
    /// How far was looked.
    pub offset: Offset,
    /// Whether that is all of the recording.
    pub complete: bool,
}

/// A line with the text.
#[derive(Debug, Serialize)]
pub struct Hit {
    /// When it was seen first, in microseconds since the session's start.
    pub time: u64,
    /// Behind so much output it was there.
    pub offset: Offset,
    /// The line, or the part of it with the text.
    pub line: String,
}

/// Looks through a recording from the place of a screen on. What is on that screen is no hit.
pub fn search(entry: &Entry, from: &Checkpoint, wanted: &Wanted) -> Result<Found> {
    let mut source = Source::of(&entry.folder, &entry.meta, from.offset, Kind::Shown)?;
    source.seek(from.offset)?;
    let mut view = View::new(source, from, STEP_BYTES);
    let mut lines = Lines { text: Text::new(&wanted.text), known: HashMap::new() };
    view.screen_mut().take_history(0);
    lines.look(view.screen_mut(), Time::default(), &mut |_| ());
    let mut found = Found { hits: Vec::new(), offset: from.offset, complete: false };
    let (mut looked, mut unseen, mut now) = (Time::default(), 0, entry.meta.created);
    while found.hits.len() < wanted.hits_max && Instant::now() < wanted.deadline {
        let offset = view.position();
        let Some((record, screen)) = view.read()? else {
            found.complete = true;
            break;
        };
        // What came before this was to be seen until now.
        if unseen > 0 && record.time.since(looked) >= LOOK_EVERY {
            (looked, unseen) = (now, 0);
            lines.tell(screen, now, offset, entry, &mut found);
        }
        now = record.time.max(now);
        let before = found.hits.len();
        if let Body::Output { bytes, .. } = record.body {
            for part in bytes.chunks(STEP_BYTES) {
                screen.feed(part);
                unseen += part.len();
                if unseen >= STEP_BYTES {
                    (looked, unseen) = (now, 0);
                    lines.tell(screen, now, offset, entry, &mut found);
                }
            }
        } else {
            paint(screen, &record.body);
        }
        // Who goes to a hit goes behind the output in which it came.
        found.offset = view.position();
        for hit in &mut found.hits[before..] {
            hit.offset = found.offset;
        }
    }
    if unseen > 0 {
        lines.tell(view.screen_mut(), now, found.offset, entry, &mut found);
    }
    found.hits.truncate(wanted.hits_max);
    Ok(found)
}

/// The lines with the text that are known to be on the screen, or were a moment ago.
struct Lines {
    text: Text,
    known: HashMap<String, Known>,
}

struct Known {
    /// How many of them.
    count: usize,
    /// When there were so many.
    seen: Time,
}

impl Lines {
    fn tell(&mut self, screen: &mut Screen, now: Time, offset: Offset, entry: &Entry, found: &mut Found) {
        let time = crate::timeline::micros(now.since(entry.meta.created));
        self.look(screen, now, &mut |line| found.hits.push(Hit { time, offset, line }));
    }

    /// Tells each line with the text that came since the last look.
    fn look(&mut self, screen: &mut Screen, now: Time, tell: &mut dyn FnMut(String)) {
        let (gone, shown) = (screen.take_history(0), screen.lines());
        if self.known.len() > KNOWN_MAX {
            self.known.clear();
        }
        // How many of each scrolled off, and how many are on the screen.
        let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
        for (at, line) in gone.iter().chain(&shown).enumerate() {
            let Some((key, place)) = self.text.find(line) else { continue };
            let (off, on) = counts.entry(key.clone()).or_default();
            *(if at < gone.len() { &mut *off } else { &mut *on }) += 1;
            if *off + *on > self.known.get(&key).map_or(0, |known| known.count) {
                tell(excerpt(line, place));
            }
        }
        self.known.retain(|key, known| counts.contains_key(key) || now.since(known.seen) <= AWAY_MAX);
        for (key, (off, on)) in counts {
            let known = self.known.entry(key).or_insert(Known { count: 0, seen: now });
            // Those that scrolled off are gone for good; those that were erased may come back at once.
            let rest = (known.count).saturating_sub(off);
            if on >= rest || now.since(known.seen) > AWAY_MAX {
                *known = Known { count: on, seen: now };
            } else {
                known.count = rest;
            }
        }
    }
}

/// What is looked for.
struct Text {
    text: Vec<char>,
    heeds_case: bool,
    /// The bytes with which it may begin; empty where that is not known.
    begin: Vec<u8>,
}

impl Text {
    fn new(text: &str) -> Self {
        let heeds_case = text.chars().any(char::is_uppercase);
        let first = text.bytes().next().filter(u8::is_ascii);
        let both = first.map(|first| [first.to_ascii_lowercase(), first.to_ascii_uppercase()]);
        Self { text: text.chars().collect(), heeds_case, begin: both.map_or(Vec::new(), Vec::from) }
    }

    /// Where a line has the text, in characters, and a word for all lines that count as the same: the letters before
    /// it, and it.
    fn find(&self, line: &str) -> Option<(String, usize)> {
        // Few lines have the first letter: only those are taken apart.
        if !self.begin.is_empty() && !line.bytes().any(|byte| self.begin.contains(&byte)) {
            return None;
        }
        let chars: Vec<char> = line.chars().collect();
        let is_here = |window: &[char]| window.iter().zip(&self.text).all(|(a, b)| self.is_same(*a, *b));
        let place = chars.windows(self.text.len()).position(is_here)?;
        let letters = chars[..place].iter().filter(|char| char.is_alphabetic());
        let key = letters.chain(&chars[place..place + self.text.len()]).collect();
        Some((key, place))
    }

    fn is_same(&self, one: char, other: char) -> bool {
        let same_letter = || match one.is_ascii() && other.is_ascii() {
            true => one.eq_ignore_ascii_case(&other),
            false => one.to_lowercase().eq(other.to_lowercase()),
        };
        one == other || (!self.heeds_case && same_letter())
    }
}

/// The part of a line around the text.
fn excerpt(line: &str, place: usize) -> String {
    let skip = place.saturating_sub(BEFORE_MAX_CHARS);
    let skip = if skip > 0 { skip } else { line.chars().take_while(|char| char.is_whitespace()).count() };
    line.chars().skip(skip).take(LINE_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Size;

    /// What is told of frames, each `ms` after the one before it, of a screen of 30 by 4.
    fn told(text: &str, ms: u64, frames: &[&str]) -> Vec<String> {
        let mut screen = Screen::new(Size { cols: 30, rows: 4 }, 1_000);
        let mut lines = Lines { text: Text::new(text), known: HashMap::new() };
        let mut told = Vec::new();
        for (at, frame) in frames.iter().enumerate() {
            screen.feed(frame.as_bytes());
            lines.look(&mut screen, Time(1_000 * ms * at as u64), &mut |line| told.push(line));
        }
        told
    }

    #[test]
    fn a_line_is_a_hit_once_for_as_long_as_it_stays() {
        let check = |text, ms, frames: &[&str], expect: &[&str]| assert_eq!(told(text, ms, frames), expect);
        check("foo", 50, &["a foo\r\n", "x\r\n", "y\r\nz\r\nw\r\n", "v\r\n"], &["a foo"]);
        check("foo", 50, &["> fo", "o", " bar"], &["> foo"]);
        check("foo", 50, &["- 1s foo", "\r/ 2s foo", "\r| 3s foo"], &["- 1s foo"]);
        check("foo", 50, &["foo", "\x1b[2J", "\x1b[Hfoo"], &["foo"]);
        check("foo", 2_000, &["foo", "\x1b[2J", "\x1b[Hfoo"], &["foo", "foo"]);
        check("foo", 50, &["foo\r\n", "foo\r\n", "foo\r\n"], &["foo", "foo", "foo"]);
        check("foo", 50, &["foo\r\nfoo\r\nfoo\r\nfoo\r\nfoo\r\nfoo", "\r\nfoo"], &["foo"; 7]);
        check("foo", 50, &["FOO"], &["FOO"]);
        check("Foo", 50, &["foo"], &[]);
        check("äö", 50, &["xÄÖ"], &["xÄÖ"]);
    }
}
