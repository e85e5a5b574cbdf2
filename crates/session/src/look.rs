//! A session's screen, whether it runs or not: from its host, or painted from its journal.

use crate::Result;
use crate::client::{HostClient, PATIENCE, insist};
use crate::registry::Entry;
use crate::replay;
use protocol::{Offset, Phase};
use serde_json::{Value, json};
use std::time::Instant;
use terminal::Screen;

/// A screen as it was seen.
pub struct Seen {
    /// The screen.
    pub screen: Screen,
    /// The output that it shows.
    pub offset: Offset,
    /// What of the recording could not be read.
    pub damage: Vec<journal::Error>,
}

/// Looks at a session as a client called `name`, with up to `history` lines that scrolled off. A session that runs no more
/// keeps `kept` of them, or more if more are wanted.
pub fn look(entry: &Entry, name: &str, history: usize, kept: usize) -> Result<Seen> {
    if entry.phase == Phase::Running {
        let end = Some(Instant::now() + PATIENCE);
        let ask = |mut host: HostClient| host.snapshot(history);
        match insist(&entry.folder, &entry.meta, name, end, ask) {
            Ok(snapshot) => {
                let screen = snapshot.screen(history);
                return Ok(Seen { screen, offset: snapshot.offset, damage: Vec::new() });
            }
            // It ended while we asked.
            Err(error) if error.is_gone() && is_over(entry)? => {}
            Err(error) => return Err(error),
        }
    }
    let mut view = replay::view(&entry.folder, &entry.meta, history.max(kept))?;
    let (damage, offset) = (view.take_damage(), view.position());
    Ok(Seen { screen: view.into_screen(), offset, damage })
}

/// Whether no host will come any more.
fn is_over(entry: &Entry) -> Result<bool> {
    Ok(entry.folder.exit()?.is_some() || !entry.folder.is_held(&entry.meta))
}

/// A screen as JSON: of `screen --format json`, and of the server.
pub fn screen_json(screen: &Screen, offset: Offset, history: usize) -> Value {
    let cursor = screen.cursor();
    json!({
        "offset": offset,
        "size": screen.size(),
        "cursor": { "row": cursor.row, "col": cursor.col, "visible": cursor.visible, "style": cursor.style },
        "alternate": screen.alternate(),
        "title": screen.title(),
        "lines": screen.lines(),
        "history": screen.history_lines(history),
    })
}
