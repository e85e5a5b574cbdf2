//! Looks for a text in a whole recording, as a person would who watches it: on the screen and in what scrolled off it.
//!
//! A hit is a line that comes, once for as long as it stays: one that scrolls, grows behind the text, has a spinner or a
//! clock before it, or is painted anew within a second, is the same. A text that is broken over two rows is not found, nor
//! one that rushed over the alternate screen faster than anybody sees.

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
/// Bytes behind a text in which its line's end is looked for.
const LINE_MAX_BYTES: usize = 400;
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
    /// Hits at most, but for others of the last one's place.
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

impl Found {
    /// Leaves so many hits, and the others of the last one's place: who searches on begins behind it.
    fn cut(&mut self, hits_max: usize) {
        let Some(last) = hits_max.checked_sub(1).and_then(|last| self.hits.get(last)) else { return };
        let last = last.offset;
        let kept = self.hits.partition_point(|hit| hit.offset <= last);
        if kept < self.hits.len() {
            self.hits.truncate(kept);
            (self.offset, self.complete) = (last, false);
        }
    }
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
    let mut lines = Lines { text: Text::new(&wanted.text), known: Default::default() };
    view.screen_mut().take_history(0);
    lines.look(view.screen_mut(), Time::default(), &mut |_| ());
    let mut found = Found { hits: Vec::new(), offset: from.offset, complete: false };
    let mut unseen = Unseen { start: from.offset, bytes: Vec::new() };
    let (mut looked, mut now) = (Time::default(), entry.meta.created);
    while found.hits.len() < wanted.hits_max && Instant::now() < wanted.deadline {
        let Some((record, screen)) = view.read()? else {
            found.complete = true;
            break;
        };
        // What came before this was to be seen until now.
        if !unseen.bytes.is_empty() && record.time.since(looked) >= LOOK_EVERY {
            looked = now;
            lines.tell(screen, now, &mut unseen, entry, &mut found);
        }
        now = record.time.max(now);
        if let Body::Output { bytes, .. } = record.body {
            let mut offset = record.offset;
            for part in bytes.chunks(STEP_BYTES) {
                screen.feed(part);
                unseen.add(offset, part);
                offset += part.len() as u64;
                if unseen.bytes.len() >= STEP_BYTES {
                    looked = now;
                    lines.tell(screen, now, &mut unseen, entry, &mut found);
                }
            }
        } else {
            paint(screen, &record.body);
        }
        found.offset = view.position();
    }
    lines.tell(view.screen_mut(), now, &mut unseen, entry, &mut found);
    found.cut(wanted.hits_max);
    Ok(found)
}

/// Output since the last look.
struct Unseen {
    start: Offset,
    bytes: Vec<u8>,
}

impl Unseen {
    fn add(&mut self, offset: Offset, bytes: &[u8]) {
        if self.bytes.is_empty() {
            self.start = offset;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The end of what was written in one go with the next place of the text, from `from` on.
    fn line_with(&self, text: &Text, from: usize) -> Option<usize> {
        let written = text.written.as_bytes();
        let is_here = |window: &[u8]| match text.heeds_case {
            true => window == written,
            false => window.eq_ignore_ascii_case(written),
        };
        let at = from + self.bytes[from..].windows(written.len()).position(is_here)? + written.len();
        let rest = &self.bytes[at..(at + LINE_MAX_BYTES).min(self.bytes.len())];
        Some(at + rest.iter().position(u8::is_ascii_control).unwrap_or(rest.len()))
    }
}

/// The lines with the text that are known to be on the screen, or were a moment ago.
struct Lines {
    text: Text,
    /// Those of the screen, and those of the alternate one: who comes back from an editor has seen what he sees.
    known: [HashMap<String, Known>; 2],
}

struct Known {
    /// How many of them.
    count: usize,
    /// When there were so many.
    seen: Time,
}

impl Lines {
    /// Makes hits of the lines that came since the last look. Each is where its text was written, if that can be told: a
    /// flood may have moved it off the screen by now. If it cannot be told of one, the places of the others may be wrong:
    /// then all are where they were seen, so that none is behind a place at which it is on the screen already.
    fn tell(
        &mut self,
        screen: &mut Screen,
        now: Time,
        unseen: &mut Unseen,
        entry: &Entry,
        found: &mut Found,
    ) {
        let time = crate::timeline::micros(now.since(entry.meta.created));
        let mut came = Vec::new();
        self.look(screen, now, &mut |line| came.push(line));
        let mut from = 0;
        let next = |_| {
            from = unseen.line_with(&self.text, from)?;
            Some(from)
        };
        let places: Option<Vec<usize>> = came.iter().map(next).collect();
        for (at, line) in came.into_iter().enumerate() {
            let place = places.as_ref().map_or(unseen.bytes.len(), |places| places[at]);
            found.hits.push(Hit { time, offset: unseen.start + place as u64, line });
        }
        unseen.bytes.clear();
    }

    /// Tells each line with the text that came since the last look.
    fn look(&mut self, screen: &mut Screen, now: Time, tell: &mut dyn FnMut(String)) {
        let (gone, shown) = (screen.take_history(0), screen.lines());
        let known = &mut self.known[usize::from(screen.alternate())];
        if known.len() > KNOWN_MAX {
            known.clear();
        }
        // How many of each scrolled off, and how many are on the screen.
        let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
        for (at, line) in gone.iter().chain(&shown).enumerate() {
            let Some((key, place)) = self.text.find(line) else { continue };
            let (off, on) = counts.entry(key.clone()).or_default();
            *(if at < gone.len() { &mut *off } else { &mut *on }) += 1;
            if *off + *on > known.get(&key).map_or(0, |known| known.count) {
                tell(excerpt(line, place));
            }
        }
        known.retain(|key, known| counts.contains_key(key) || now.since(known.seen) <= AWAY_MAX);
        for (key, (off, on)) in counts {
            let known = known.entry(key).or_insert(Known { count: 0, seen: now });
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
    written: String,
    heeds_case: bool,
    /// The bytes with which it may begin; empty where that is not known.
    begin: Vec<u8>,
}

impl Text {
    fn new(text: &str) -> Self {
        let heeds_case = text.chars().any(char::is_uppercase);
        let first = text.bytes().next().filter(u8::is_ascii);
        let both = first.map(|first| [first.to_ascii_lowercase(), first.to_ascii_uppercase()]);
        Self {
            text: text.chars().collect(),
            written: text.to_owned(),
            heeds_case,
            begin: both.map_or(Vec::new(), Vec::from),
        }
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
        let mut lines = Lines { text: Text::new(text), known: Default::default() };
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
        check("foo", 2_000, &["foo", "\x1b[?1049h", "foo", "\x1b[?1049l"], &["foo", "foo"]);
        check("foo", 50, &["FOO"], &["FOO"]);
        check("Foo", 50, &["foo"], &[]);
        check("äö", 50, &["xÄÖ"], &["xÄÖ"]);
    }
}
