//! A session's screen, whether it runs or not: from its host, or painted from its journal.

use crate::Result;
use crate::client::reach;
use crate::registry::Entry;
use crate::replay;
use protocol::{Offset, Phase};
use serde_json::{Value, json};
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
        let snapshot = reach(&entry.folder, &entry.meta, name)?.snapshot(history)?;
        return Ok(Seen { screen: snapshot.screen(history), offset: snapshot.offset, damage: Vec::new() });
    }
    let mut view = replay::view(&entry.folder, &entry.meta, history.max(kept))?;
    let (damage, offset) = (view.take_damage(), view.position());
    Ok(Seen { screen: view.into_screen(), offset, damage })
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
