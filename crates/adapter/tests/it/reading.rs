//! Reading whole files, and telling in a line what was read.

use std::fs;
use std::path::Path;

use adapter::{Adapter, Heard, Layout};
use protocol::{Content, Entry, Speaker};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// All that was read, as a store would hold it.
#[derive(Default)]
pub struct Reading {
    pub heard: Vec<Heard>,
}

impl Reading {
    /// Reads a file; `at` is where it lies for the reader.
    pub fn read(&mut self, adapter: &dyn Adapter, file: &Path, at: &Path) {
        let mut reader = adapter.transcript(at, None);
        for record in records(adapter, file, at) {
            reader.read(&record, &mut self.heard);
        }
        reader.rest(&mut self.heard);
    }

    /// The same with a new reader for each record, which knows only the state of the one before.
    pub fn read_in_steps(&mut self, adapter: &dyn Adapter, file: &Path, at: &Path) {
        let mut state = None;
        for record in records(adapter, file, at) {
            let mut reader = adapter.transcript(at, state.as_ref());
            reader.read(&record, &mut self.heard);
            // As it comes back from a disk.
            state = Some(serde_json::from_str(&reader.state().to_string()).unwrap());
        }
        adapter.transcript(at, state.as_ref()).rest(&mut self.heard);
    }

    /// The entries; one with a known id replaces what was known under it.
    pub fn entries(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = Vec::new();
        for heard in &self.heard {
            let Heard::Entry(entry) = heard else { continue };
            match entries.iter_mut().find(|known| known.id == entry.id) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
        entries
    }

    /// Usage by request; a later one replaces an earlier one.
    pub fn usage(&self) -> Vec<Value> {
        let mut requests: Vec<Value> = Vec::new();
        for heard in &self.heard {
            let Heard::Usage { conversation, request, model, time, usage } = heard else { continue };
            let told = json!({
                "conversation": conversation, "request": request, "model": model, "time": time, "usage": usage,
            });
            match requests.iter_mut().find(|known| known["request"] == told["request"]) {
                Some(known) => *known = told,
                None => requests.push(told),
            }
        }
        requests
    }

    /// What of each entry a test compares with its script.
    pub fn told(&self) -> Vec<String> {
        self.entries().into_iter().map(told).collect()
    }

    /// What was said of the CLI's state.
    pub fn states(&self) -> Vec<Value> {
        let claims = self.heard.iter().filter_map(|heard| match heard {
            Heard::Claim { claim, .. } => Some(json!(claim.state)),
            _ => None,
        });
        claims.collect()
    }

    /// Everything, for a file.
    pub fn json(&self) -> Value {
        let heads = self.heard.iter().filter_map(|heard| match heard {
            Heard::Head(head) => Some(json!({
                "conversation": head.conversation, "cwd": head.cwd, "branch": head.branch, "title": head.title,
                "version": head.version, "parent": head.parent,
            })),
            _ => None,
        });
        let claims = self.heard.iter().filter_map(|heard| match heard {
            Heard::Claim { claim, .. } => Some(json!(claim)),
            _ => None,
        });
        let garbled = self.heard.iter().filter_map(|heard| match heard {
            Heard::Garbled(why) => Some(json!(why)),
            _ => None,
        });
        json!({
            "heads": heads.collect::<Vec<_>>(), "entries": self.entries(), "usage": self.usage(),
            "claims": claims.collect::<Vec<_>>(), "garbled": garbled.collect::<Vec<_>>(),
        })
    }
}

/// The records of a file, as who follows it would feed them.
fn records(adapter: &dyn Adapter, file: &Path, at: &Path) -> Vec<Vec<u8>> {
    let layout = adapter.layout(at).unwrap_or_else(|| panic!("{} holds no conversation", at.display()));
    match layout {
        Layout::Whole => vec![fs::read(file).unwrap()],
        Layout::Database { changes } if file.extension() == at.extension() => {
            changed(file, changes, 0).into_iter().map(|(_, record)| record.into_bytes()).collect()
        }
        // The rows of a database, written down.
        Layout::Lines | Layout::Database { .. } => {
            let bytes = fs::read(file).unwrap();
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.map(<[u8]>::to_vec).collect()
        }
    }
}

/// The rows of a database that changed since then, each with its number.
pub fn changed(file: &Path, changes: &str, since: i64) -> Vec<(i64, String)> {
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut query = database.prepare(changes).unwrap();
    let rows = query.query_map([since], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// One entry in a line.
fn told(entry: &Entry) -> String {
    let who = match entry.role {
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
        Speaker::Tool => "tool",
        Speaker::System => "system",
    };
    let agent = if entry.agent.is_some() { "sub-agent " } else { "" };
    let what = match &entry.content {
        Content::Message { text } => format!("says {text}"),
        Content::Thinking { text } => format!("thinks {text}"),
        Content::ToolCall { name, input, .. } => format!("calls {name} {input}"),
        Content::ToolResult { text, is_error, .. } => {
            format!(
                "{} {}",
                if *is_error { "fails" } else { "gives" },
                text.lines().last().unwrap_or_default()
            )
        }
        Content::Image { media_type, data } => format!("shows {media_type} {}", data.is_some()),
        Content::Compaction { text } => format!("compacts {}", text.lines().last().unwrap_or_default()),
        Content::Failure { text, status } => format!("fails {status:?} {text}"),
        Content::Notice { name, text } => format!("notes {name} {text}"),
        Content::Unknown { name, .. } => format!("unknown {name}"),
    };
    format!("{agent}{who} {what}")
}
