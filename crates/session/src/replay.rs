//! The screen of a session, painted again from its journal: by a host that takes over, and for sessions that have
//! no host any more. A checkpoint spares most of the work; it is derived, and may be deleted at any time.

use crate::Result;
use crate::draft::replace;
use crate::folder::Folder;
use crate::source::{Kind, Source};
use crate::view::{Checkpoint, View, paint};
use journal::Reader;
use protocol::{Body, Meta, Offset};
use terminal::Screen;

/// A screen, and what is left of the output that it could not take in.
pub(crate) struct Replayed {
    /// The screen, everything painted that is stored.
    pub screen: Screen,
    /// Output in all.
    pub end: Offset,
    /// How often the size was set there.
    pub resizes: u32,
    /// The last bytes, of which a host did not know yet whether they are a query.
    pub held: Vec<u8>,
}

/// The screen as it is at `offset`, where so many resizes are in it, as a checkpoint holds it.
pub(crate) fn checkpoint(offset: Offset, resizes: u32, screen: &Screen) -> Vec<u8> {
    Checkpoint { resizes: Some(resizes), ..Checkpoint::of(screen, offset, usize::MAX) }.to_bytes()
}

/// Writes a checkpoint down. Derived: one that cannot be written costs the next host some time, nothing else.
pub(crate) fn write_checkpoint(folder: &Folder, checkpoint: &[u8]) {
    let _ = replace(&folder.checkpoint(), checkpoint);
}

/// The screen at the end of the journal.
pub fn view(folder: &Folder, meta: &Meta, history: usize) -> Result<View> {
    let mut view = begin(folder, meta, history, false)?;
    view.go_to_end()?;
    Ok(view)
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
    let mut view = begin(folder, meta, history, distrust)?;
    if distrust {
        while let Some((record, screen)) = view.read()? {
            if !matches!(record.body, Body::Output { .. }) {
                paint(screen, &record.body);
            }
        }
    }
    view.go_to_end()?;
    let end = view.position();
    let (held, resizes) = (last_bytes(folder, end, held)?, view.resizes());
    Ok(Replayed { held, end, resizes, screen: view.into_screen() })
}

/// A view at the last checkpoint, or at the start.
fn begin(folder: &Folder, meta: &Meta, history: usize, distrust: bool) -> Result<View> {
    let end = Reader::end(&folder.journal())?;
    let stored = if distrust { None } else { std::fs::read(folder.checkpoint()).ok() };
    let checkpoint = stored.and_then(|bytes| Checkpoint::from_bytes(&bytes));
    // A screen of output that the journal does not hold cannot be painted on.
    let checkpoint = checkpoint.filter(|checkpoint| checkpoint.offset <= end);
    let checkpoint = checkpoint.unwrap_or_else(|| Checkpoint::empty(Offset::ZERO, meta.size));
    let source = Source::open(&folder.journal(), checkpoint.offset, Kind::Stored)?;
    Ok(View::new(source, &checkpoint, history))
}

fn last_bytes(folder: &Folder, end: Offset, count: u16) -> Result<Vec<u8>> {
    let from = Offset(end.0.saturating_sub(u64::from(count)));
    let mut bytes = Vec::new();
    let mut source = Source::open(&folder.journal(), from, Kind::Stored)?;
    while let Some(record) = source.next()? {
        if let Body::Output { bytes: more, .. } = record.body {
            bytes.extend_from_slice(more);
        }
    }
    Ok(bytes)
}
