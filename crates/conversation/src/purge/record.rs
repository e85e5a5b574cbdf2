//! `purged.json`: what was purged, when, and never its text.

use super::{Gone, Target};
use crate::durable::write_durably;
use crate::{Error, Result};
use adapter::Heard;
use protocol::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The file.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    version: u16,
    /// By id.
    pub entries: BTreeSet<String>,
    /// By the CLI and the request: what they took.
    pub requests: BTreeSet<(String, String)>,
    /// `CLI/id`.
    conversations: BTreeSet<String>,
    /// When, in microseconds since 1970, and what kind.
    purges: Vec<(Time, String)>,
}

impl Record {
    pub fn read(state: &Path) -> Result<Self> {
        let path = state.join("purged.json");
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Error::Io { path, source: std::io::Error::other(error) }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::Io { path, source }),
        }
    }

    pub fn write(&self, state: &Path) -> Result<()> {
        let path = state.join("purged.json");
        write_durably(&path, &serde_json::to_vec(self).unwrap_or_default())
    }

    /// Adds a purge, and the entries that go with those that are named.
    pub fn add(&mut self, target: &Target, gone: &Gone, time: Time) {
        self.version = 1;
        // Who is cut off does not find them in the copies again.
        self.requests.extend(gone.requests.iter().cloned());
        let what = match target {
            Target::Text(_) => "text",
            Target::Entries(ids) => {
                self.entries.extend(ids.union(&gone.entries).cloned());
                "entries"
            }
            Target::Conversation(cli, name) => {
                self.conversations.insert(format!("{cli}/{name}"));
                "conversation"
            }
        };
        self.purges.push((time, what.to_owned()));
    }

    /// Leaves out what is not to come back.
    pub fn keep_out(&self, cli: &str, heard: &mut Vec<Heard>) {
        if self.entries.is_empty() && self.conversations.is_empty() {
            return;
        }
        heard.retain(|heard| !self.has(cli, heard));
    }

    /// Whether something is not to come back.
    pub fn has(&self, cli: &str, heard: &Heard) -> bool {
        let (conversation, entry) = match heard {
            Heard::Entry(entry) => (&entry.conversation, Some(&entry.id)),
            Heard::Usage { conversation, .. } => (conversation, None),
            Heard::Head(head) => (&head.conversation, None),
            Heard::Claim { .. } | Heard::Garbled(_) => return false,
        };
        entry.is_some_and(|entry| self.entries.contains(entry))
            || self.conversations.contains(&format!("{cli}/{conversation}"))
    }
}
