//! A screen that follows a journal: painted record by record, from the session's start or from a [`Checkpoint`].
//!
//! Everything that wants to know how a session looked uses it: who looks on, who waits for a text, a replay, a host
//! that takes over. Only a living host paints what has not been in the journal yet.
//!
//! A [`Checkpoint`] is stored as a line of JSON, its head, and the bytes of the dump. The head's checksum is the CRC-32
//! of the offset, the columns, the rows, the number of resizes (little-endian, 8, 2, 2 and 4 bytes) and the dump: one that is
//! torn or bent is no checkpoint. Version 2 did not tell the resizes, and has no such bytes in its checksum. Version 1 had no
//! checksum and is not trusted; the screen is painted from the journal instead.

use crate::Result;
use crate::source::Source;
use protocol::{Body, Offset, Record, Size};
use serde::{Deserialize, Serialize};
use terminal::Screen;

/// Of a checkpoint as bytes.
const VERSION: u16 = 3;
const VERSION_WITHOUT_RESIZES: u16 = 2;

/// A screen, and where in the journal it is.
pub struct View {
    source: Source,
    screen: Screen,
    /// Where it began.
    start: Offset,
    /// The resizes there that are to be left out; all of them where it is not known.
    past: Option<u32>,
    /// Where the size was set last, and how often.
    resized: (Offset, u32),
}

/// A screen at an offset, from which one can go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The output that it shows.
    pub offset: Offset,
    /// Its size.
    pub size: Size,
    /// How many of the resizes at its offset are in it, where that is known.
    pub resizes: Option<u32>,
    /// The bytes that rebuild it.
    pub dump: Vec<u8>,
}

/// The first line of a checkpoint as bytes; the screen's dump follows.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u16,
    offset: Offset,
    size: Size,
    #[serde(default)]
    resizes: Option<u32>,
    checksum: u32,
}

impl View {
    /// Begins with a checkpoint's screen, which keeps `history` lines; `source` stands at the checkpoint's offset.
    pub fn new(source: Source, checkpoint: &Checkpoint, history: usize) -> Self {
        let (start, past) = (checkpoint.offset, checkpoint.resizes);
        Self { source, screen: checkpoint.screen(history), start, past, resized: (start, 0) }
    }

    /// Goes to a checkpoint, back or on.
    pub fn seek(&mut self, checkpoint: &Checkpoint, history: usize) -> Result<()> {
        self.source.seek(checkpoint.offset)?;
        (self.screen, self.start, self.past) =
            (checkpoint.screen(history), checkpoint.offset, checkpoint.resizes);
        self.resized = (self.start, 0);
        Ok(())
    }

    /// Paints the next record; `None` where nothing more is stored yet.
    pub fn step(&mut self) -> Result<Option<Record<'_>>> {
        let Some(record) = self.source.next()? else { return Ok(None) };
        let mut known = false;
        if matches!(record.body, Body::Resize(_)) {
            let (at, times) = self.resized;
            self.resized = (record.offset, if at == record.offset { times + 1 } else { 1 });
            // At the very place of the checkpoint the first are in it, and what was set after it is not.
            known = match self.past {
                _ if record.offset > self.start => false,
                Some(past) => record.offset < self.start || self.resized.1 <= past,
                None => self.start > Offset::ZERO,
            };
        }
        if !known {
            paint(&mut self.screen, &record.body);
        }
        Ok(Some(record))
    }

    /// Paints all that is stored.
    pub fn go_to_end(&mut self) -> Result<()> {
        while self.step()?.is_some() {}
        Ok(())
    }

    /// The next record and the screen, for who [`paint`]s in steps of their own; `None` where nothing more is stored
    /// yet.
    pub fn read(&mut self) -> Result<Option<(Record<'_>, &mut Screen)>> {
        Ok(self.source.next()?.map(|record| (record, &mut self.screen)))
    }

    /// The screen, everything before [`View::position`] painted.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The screen, to be painted on by who [`View::read`] a record before.
    pub fn screen_mut(&mut self) -> &mut Screen {
        &mut self.screen
    }

    /// How often the size was set at [`View::position`].
    pub(crate) fn resizes(&self) -> u32 {
        let (at, times) = self.resized;
        if at == self.position() { times } else { 0 }
    }

    /// The screen alone.
    pub fn into_screen(self) -> Screen {
        self.screen
    }

    /// The offset behind the output that was read last.
    pub fn position(&self) -> Offset {
        self.source.position()
    }

    /// The damage that was met since it was last asked for.
    pub fn take_damage(&mut self) -> Vec<journal::Error> {
        self.source.take_damage()
    }
}

/// Does to a screen what a record did to the session's.
pub fn paint(screen: &mut Screen, body: &Body<'_>) {
    match body {
        Body::Output { bytes, .. } => screen.feed(bytes),
        Body::Resize(size) => screen.resize(*size),
        _ => {}
    }
}

impl Checkpoint {
    /// An empty screen.
    pub fn empty(offset: Offset, size: Size) -> Self {
        Self { offset, size, resizes: None, dump: Vec::new() }
    }

    /// The screen as it is at `offset`, with `history` of its lines.
    pub fn of(screen: &Screen, offset: Offset, history: usize) -> Self {
        Self { offset, size: screen.size(), resizes: None, dump: screen.dump(history) }
    }

    /// Its screen, which keeps `history` lines.
    pub fn screen(&self, history: usize) -> Screen {
        let mut screen = Screen::new(self.size, history);
        screen.feed(&self.dump);
        screen
    }

    /// The form that is stored.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self { offset, size, resizes, .. } = *self;
        let version = if resizes.is_some() { VERSION } else { VERSION_WITHOUT_RESIZES };
        let head = Head { version, offset, size, resizes, checksum: self.checksum() };
        let mut bytes = serde_json::to_vec(&head).expect("a struct of numbers always serialises");
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.dump);
        bytes
    }

    /// Reads what was stored; `None` if it is of another version, damaged, or none at all.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let Head { version, offset, size, resizes, checksum } = head;
        let is_known = version == if resizes.is_some() { VERSION } else { VERSION_WITHOUT_RESIZES };
        let stored = Self { offset, size, resizes, dump: bytes[end + 1..].to_vec() };
        (is_known && checksum == stored.checksum()).then_some(stored)
    }

    fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.offset.0.to_le_bytes());
        hasher.update(&self.size.cols.to_le_bytes());
        hasher.update(&self.size.rows.to_le_bytes());
        if let Some(resizes) = self.resizes {
            hasher.update(&resizes.to_le_bytes());
        }
        hasher.update(&self.dump);
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let (size, dump) = (Size { cols: 80, rows: 24 }, b"one\ntwo".to_vec());
        Checkpoint { offset: Offset(12), size, resizes: Some(2), dump }
    }

    #[test]
    fn a_stored_checkpoint_is_read_as_it_was() {
        let bytes = checkpoint().to_bytes();
        let head = br#"{"version":3,"offset":12,"size":{"cols":80,"rows":24},"resizes":2,"checksum":"#;
        assert!(bytes.starts_with(head), "{}", bytes.escape_ascii());
        assert_eq!(Checkpoint::from_bytes(&bytes), Some(checkpoint()));
        let of_version_2 = br#"{"version":2,"offset":12,"size":{"cols":80,"rows":24},"checksum":%}"#;
        let unknown = Checkpoint { resizes: None, ..checkpoint() };
        let of_version_2 =
            String::from_utf8_lossy(of_version_2).replace('%', &unknown.checksum().to_string());
        assert_eq!(Checkpoint::from_bytes(format!("{of_version_2}\none\ntwo").as_bytes()), Some(unknown));
    }

    #[test]
    fn a_torn_or_bent_checkpoint_is_none() {
        let whole = checkpoint().to_bytes();
        for end in 0..whole.len() {
            assert_eq!(Checkpoint::from_bytes(&whole[..end]), None, "cut at {end}");
        }
        for at in 0..whole.len() {
            let mut bent = whole.clone();
            bent[at] ^= 1;
            assert_eq!(Checkpoint::from_bytes(&bent), None, "bent at {at}: {}", bent.escape_ascii());
        }
        let old = b"{\"version\":1,\"offset\":12,\"size\":{\"cols\":80,\"rows\":24}}\none\ntwo";
        assert_eq!(Checkpoint::from_bytes(old), None);
    }
}
