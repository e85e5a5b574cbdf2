//! Asciicasts of version 2 and 3, line by line: <https://docs.asciinema.org/manual/asciicast/v3/>.
//!
//! What they differ in is where the size stands and whether times count from the start or from the event before.

use protocol::Size;
use serde::Deserialize;
use serde_json::Value;

/// Seconds at most, some 300 years: more is no time of a recording.
const SECONDS_MAX: f64 = 1e10;

/// The first line.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Head {
    pub version: u64,
    pub size: Size,
    /// In seconds since 1970.
    pub timestamp: Option<u64>,
    pub command: Option<String>,
    pub title: Option<String>,
}

/// What an event is.
#[derive(PartialEq, Debug)]
pub(super) enum Happened {
    Output(String),
    Input(String),
    Resize(Size),
    Exit(i32),
    /// A marker, or what another version knows: there is nothing to be seen of it.
    Other,
}

/// Reads events, which may count from each other.
pub(super) struct Clock {
    version: u64,
    micros: u64,
}

#[derive(Deserialize)]
struct First {
    version: u64,
    width: Option<u16>,
    height: Option<u16>,
    term: Option<Term>,
    timestamp: Option<f64>,
    command: Option<String>,
    title: Option<String>,
}

#[derive(Deserialize)]
struct Term {
    cols: u16,
    rows: u16,
}

impl Head {
    /// Reads the first line; why it is none.
    pub(super) fn read(line: &[u8]) -> Result<Self, String> {
        let first: First = serde_json::from_slice(line).map_err(|_| "this is no asciicast".to_owned())?;
        let (cols, rows) = match (first.version, &first.term, first.width, first.height) {
            (2, _, Some(cols), Some(rows)) => (cols, rows),
            (3, Some(term), ..) => (term.cols, term.rows),
            (2 | 3, ..) => return Err("this asciicast names no size".to_owned()),
            (other, ..) => {
                return Err(format!(
                    "this asciicast is of version {other}, and 2 and 3 are read; `asciinema convert` makes one of the other"
                ));
            }
        };
        // Some recorders write 0 for what they do not know.
        let size = Size::new(cols.clamp(1, Size::MAX), rows.clamp(1, Size::MAX)).unwrap_or(Size::DEFAULT);
        let timestamp = first.timestamp.filter(|seconds| (0.0..SECONDS_MAX).contains(seconds));
        let First { version, command, title, .. } = first;
        Ok(Self { version, size, timestamp: timestamp.map(|seconds| seconds as u64), command, title })
    }
}

impl Clock {
    pub(super) fn new(head: &Head) -> Self {
        Self { version: head.version, micros: 0 }
    }

    /// Reads a line: what happened, and how many microseconds after the start. `None` is no event.
    pub(super) fn read(&mut self, line: &[u8]) -> Option<(u64, Happened)> {
        let (seconds, code, data): (f64, String, Value) = serde_json::from_slice(line).ok()?;
        if !(0.0..SECONDS_MAX).contains(&seconds) {
            return None;
        }
        let micros = (seconds * 1e6).round() as u64;
        self.micros = if self.version == 2 { micros } else { self.micros.saturating_add(micros) };
        let text = data.as_str().map(str::to_owned);
        let happened = match code.as_str() {
            "o" => Happened::Output(text?),
            "i" => Happened::Input(text?),
            "r" => Happened::Resize(text?.parse().ok()?),
            "x" => Happened::Exit(text?.trim().parse().ok()?),
            _ => Happened::Other,
        };
        Some((self.micros, happened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read() {
        let two = Head::read(br#"{"version":2,"width":80,"height":24,"timestamp":1700000000.5}"#).unwrap();
        let three =
            Head::read(br#"{"version":3,"term":{"cols":80,"rows":24,"type":"x"},"timestamp":1700000000}"#)
                .unwrap();
        assert_eq!((two.size, two.timestamp), (three.size, three.timestamp));
        let second = |head| {
            let mut clock = Clock::new(&head);
            clock.read(br#"[1.5, "o", "a"]"#);
            clock.read(br#"[2, "r", "100x30"]"#)
        };
        let resized = Happened::Resize(Size { cols: 100, rows: 30 });
        assert_eq!(second(two), Some((2_000_000, Happened::Resize(Size { cols: 100, rows: 30 }))));
        assert_eq!(second(three), Some((3_500_000, resized)));
    }

    #[test]
    fn what_is_none_is_told() {
        for (line, why) in [
            (&br#"{"version":1,"width":80,"height":24,"stdout":[]}"#[..], "version 1"),
            (br#"{"version":2}"#, "names no size"),
            (br#"{"timestamp":"2026"}"#, "no asciicast"),
            (b"\xff", "no asciicast"),
        ] {
            assert!(Head::read(line).unwrap_err().contains(why), "{line:?}");
        }
        let head = Head::read(br#"{"version":2,"width":0,"height":65535}"#).unwrap();
        assert_eq!(head.size, Size { cols: 1, rows: Size::MAX });
        for line in [r#"[-1, "o", "a"]"#, r#"[1e300, "o", "a"]"#, r#"[1, "o", 7]"#, r#"[1, "o"#, "{}"] {
            assert_eq!(Clock::new(&head).read(line.as_bytes()), None, "{line}");
        }
    }
}
