//! The screen of a session, painted again from its journal: by a host that takes over, and for sessions that have
//! no host any more. A checkpoint spares most of the work; it is derived, and may be deleted at any time.

use crate::Result;
use crate::folder::{Durable, Folder, write_whole};
use journal::Reader;
use protocol::{Body, Meta, Offset, Size};
use serde::{Deserialize, Serialize};
use terminal::Screen;

const VERSION: u16 = 1;

/// A screen, and what is left of the output that it could not take in.
pub struct Replayed {
    /// The screen, everything painted that is stored.
    pub screen: Screen,
    /// Output in all.
    pub end: Offset,
    /// The last bytes, of which a host did not know yet whether they are a query.
    pub held: Vec<u8>,
}

/// The first line of a checkpoint; the screen's dump follows.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u16,
    offset: Offset,
    size: Size,
}

/// The screen as it is at `offset`, as a checkpoint holds it.
pub(crate) fn checkpoint(offset: Offset, screen: &Screen) -> Vec<u8> {
    let head = Head { version: VERSION, offset, size: screen.size() };
    let mut bytes = serde_json::to_vec(&head).expect("a struct of numbers always serialises");
    bytes.push(b'\n');
    bytes.extend_from_slice(&screen.dump(usize::MAX));
    bytes
}

/// Writes a checkpoint down. Derived: one that cannot be written costs the next host some time, nothing else.
pub(crate) fn write_checkpoint(folder: &Folder, checkpoint: &[u8]) {
    let _ = write_whole(&folder.checkpoint(), checkpoint, Durable::No);
}

/// A screen from the checkpoint; `None` where there is none that can be read.
fn read_checkpoint(folder: &Folder, history: usize) -> Option<(Screen, Offset)> {
    let bytes = std::fs::read(folder.checkpoint()).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
    if head.version != VERSION {
        return None;
    }
    let mut screen = Screen::new(head.size, history);
    screen.feed(&bytes[end + 1..]);
    Some((screen, head.offset))
}

/// The screen at the end of the journal.
pub fn screen(folder: &Folder, meta: &Meta, history: usize) -> Result<Replayed> {
    resume(folder, meta, history, 0, false)
}

/// The screen for a host that takes over a journal whose last `held` bytes are undecided. `distrust` leaves out what
/// may have killed its predecessors: the screen is empty then, and what comes next paints it.
pub(crate) fn resume(
    folder: &Folder,
    meta: &Meta,
    history: usize,
    held: u16,
    distrust: bool,
) -> Result<Replayed> {
    let end = Reader::end(&folder.journal())?;
    let start = if distrust { None } else { read_checkpoint(folder, history) };
    // A screen of output that the journal does not hold cannot be painted on.
    let start = start.filter(|(_, offset)| *offset <= end);
    let (screen, from) = start.unwrap_or_else(|| (Screen::new(meta.size, history), Offset::ZERO));
    let mut replayed = Replayed { screen, end: from, held: Vec::new() };
    paint(folder, from, distrust, &mut replayed)?;
    replayed.held = last_bytes(folder, replayed.end, held)?;
    Ok(replayed)
}

fn paint(folder: &Folder, from: Offset, blind: bool, to: &mut Replayed) -> Result<()> {
    let mut reader = Reader::open(&folder.journal(), from)?;
    while let Some(record) = reader.next()? {
        match record.body {
            Body::Output { bytes, .. } => {
                let end = record.offset + bytes.len() as u64;
                let skip = from.since(record.offset).min(bytes.len() as u64) as usize;
                if !blind {
                    to.screen.feed(&bytes[skip..]);
                }
                to.end = end;
            }
            Body::Gap(bytes) => to.end = record.offset + bytes,
            // A size from before the checkpoint is in it already.
            Body::Resize(size) if record.offset > from || from == Offset::ZERO => to.screen.resize(size),
            _ => {}
        }
    }
    Ok(())
}

fn last_bytes(folder: &Folder, end: Offset, count: u16) -> Result<Vec<u8>> {
    let from = Offset(end.0.saturating_sub(u64::from(count)));
    let mut bytes = Vec::new();
    let mut reader = Reader::open(&folder.journal(), from)?;
    while let Some(record) = reader.next()? {
        if let Body::Output { bytes: more, .. } = record.body {
            let skip = from.since(record.offset).min(more.len() as u64) as usize;
            bytes.extend_from_slice(&more[skip..]);
        }
    }
    Ok(bytes)
}
