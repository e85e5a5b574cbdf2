//! What a session's recording tells of a conversation of which its CLI keeps no record, or none that is left: what its
//! hooks told, the questions that were asked and how they were answered; and what its tap kept of the tokens that it took. As
//! soon as there is a record, this gives way to it.

use crate::ingest::mask;
use crate::purge::Record;
use crate::store::{Store, TAPPED};
use crate::{Error, Result};
use adapter::hooks::Hooks;
use adapter::{Adapter, Head, Heard};
use protocol::approval::Behaviour;
use protocol::{
    Approval, Body, Content, Offset, Record as Recorded, SessionId, Settled, Source, Speaker, Time, Usage,
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::Path;

/// Things that are held in memory before they are kept.
const HELD_MAX: usize = 500;

/// What came of a stretch of a recording.
pub(crate) struct Telling {
    cli: &'static dyn Adapter,
    hooks: &'static dyn Hooks,
    session: SessionId,
    /// The conversation that was named last.
    conversation: Option<String>,
    /// Where the last record stands, and how many there were before it at this offset.
    at: (Offset, u64),
    heard: Vec<(Heard, u64)>,
}

impl Telling {
    /// Begins to hear the recording of a session, from wherever it was heard up to.
    pub(crate) fn begin(
        store: &Store,
        cli: &'static dyn Adapter,
        hooks: &'static dyn Hooks,
        session: SessionId,
    ) -> Result<Self> {
        let conversation = store.last_named(session)?;
        Ok(Self { cli, hooks, session, conversation, at: (Offset::ZERO, 0), heard: Vec::new() })
    }

    /// The conversation that was named last.
    pub(crate) fn conversation(&self) -> Option<&str> {
        self.conversation.as_deref()
    }

    /// Hears a record. All that stand at one offset are heard together, so each has the same number whenever it is.
    pub(crate) fn hear(&mut self, record: &Recorded<'_>) {
        self.at = if self.at.0 == record.offset { (self.at.0, self.at.1 + 1) } else { (record.offset, 0) };
        match &record.body {
            Body::Hook { bytes, .. } => self.hook(bytes, record),
            Body::Asked(approval) => self.asked(approval, record),
            Body::Settled(settled) => self.settled(settled, record),
            _ => {}
        }
    }

    fn hook(&mut self, bytes: &[u8], record: &Recorded<'_>) {
        if let Some(conversation) = self.hooks.conversation(bytes) {
            self.conversation = Some(conversation);
        }
        let Some(told) = self.hooks.told(bytes) else { return };
        if let Some(conversation) = &self.conversation {
            let head = Head { conversation: conversation.clone(), cwd: told.cwd, ..Head::default() };
            self.heard.push((Heard::Head(head), 0));
        }
        let id = format!("{}:{}", self.at.0, self.at.1);
        self.tell(record, id, told.role, told.content, told.agent, told.model);
    }

    fn asked(&mut self, approval: &Approval, record: &Recorded<'_>) {
        let ask = &approval.ask;
        let content = Content::ToolCall {
            call: self.call(approval.id),
            name: ask.tool.clone(),
            input: ask.input.clone(),
        };
        self.tell(
            record,
            format!("ask{}", approval.id),
            Speaker::Assistant,
            content,
            ask.agent.clone(),
            None,
        );
    }

    fn settled(&mut self, settled: &Settled, record: &Recorded<'_>) {
        let decision = settled.decision.as_ref();
        let text = match decision {
            Some(decision) if !decision.answers.is_empty() => json!(decision.answers).to_string(),
            Some(decision) => {
                let message = decision.message.iter().map(|message| format!(": {message}"));
                std::iter::once(settled.outcome()).chain(message).collect()
            }
            None => format!("answered by {}", settled.by),
        };
        let is_denied = decision.is_some_and(|decision| decision.behaviour == Behaviour::Deny);
        let call = self.call(settled.id);
        let content = Content::ToolResult { call, text, is_error: is_denied, is_denied, detail: None };
        self.tell(record, format!("answer{}", settled.id), Speaker::Tool, content, None, None);
    }

    fn call(&self, approval: u32) -> String {
        format!("{}:{approval}", self.session)
    }

    fn tell(
        &mut self,
        record: &Recorded<'_>,
        id: String,
        role: Speaker,
        content: Content,
        agent: Option<String>,
        model: Option<String>,
    ) {
        let Some(conversation) = self.conversation.clone() else { return };
        let entry = protocol::Entry {
            id: format!("{}:hook:{}:{id}", self.cli.name(), self.session),
            conversation,
            agent,
            time: record.time,
            role,
            content,
            model,
            request: None,
            source: Source::Hook,
            place: None,
        };
        self.heard.push((Heard::Entry(entry), self.at.0.0 + self.at.1));
    }

    /// Whether it is time to keep what was heard.
    pub(crate) fn is_full(&self) -> bool {
        self.heard.len() >= HELD_MAX
    }

    /// Keeps what was heard since of conversations of which there is no record.
    pub(crate) fn keep(&mut self, store: &mut Store, state: &Path) -> Result<()> {
        if self.heard.is_empty() {
            return Ok(());
        }
        let cli = self.cli.name();
        let named: BTreeSet<&String> =
            self.heard.iter().filter_map(|(heard, _)| conversation(heard)).collect();
        let mut recorded = BTreeSet::new();
        for name in named {
            if store.has_record(cli, name)? {
                recorded.insert(name.clone());
            }
        }
        let purged = Record::read(state)?;
        let is_kept = |heard: &Heard| {
            conversation(heard).is_some_and(|name| !recorded.contains(name)) && !purged.has(cli, heard)
        };
        let heard: Vec<(Heard, u64)> = self.heard.extract_if(.., |(heard, _)| is_kept(heard)).collect();
        self.heard.clear();
        if heard.is_empty() {
            return Ok(());
        }
        let cursor = store.cursor(cli, &self.file())?;
        let mut batch = store.begin(cli)?;
        for (heard, position) in heard {
            match heard {
                Heard::Entry(mut entry) => {
                    mask(&mut entry);
                    batch.entry(&entry, entry.time, position)?;
                }
                Heard::Head(head) => batch.head(&head)?,
                _ => {}
            }
        }
        batch.commit(&cursor)
    }

    /// Keeps what the tap's file tells of requests since.
    pub(crate) fn spend(&self, store: &mut Store, api: &Path) -> Result<()> {
        let (Some(last), Ok(file)) = (&self.conversation, File::open(api)) else { return Ok(()) };
        let cli = self.cli.name();
        if store.has_record(cli, last)? {
            return Ok(());
        }
        let mut cursor = store.cursor(cli, &self.file())?;
        let failed = |source| Error::Io { path: api.to_owned(), source };
        let mut file = BufReader::new(file);
        file.seek(SeekFrom::Start(cursor.done)).map_err(failed)?;
        let (mut line, mut spent) = (Vec::new(), Vec::new());
        // A line without an end is one that is being written.
        while file.read_until(b'\n', &mut line).map_err(failed)? > 0 && line.ends_with(b"\n") {
            if let Ok(Exchange { time, model: Some(model), usage: Some(usage) }) =
                serde_json::from_slice(&line)
            {
                let conversation = store.told_in(self.session, time)?.unwrap_or_else(|| last.clone());
                spent.push((conversation, cursor.done, model, time, usage));
            }
            cursor.done += line.len() as u64;
            line.clear();
        }
        if spent.is_empty() {
            return Ok(());
        }
        let mut batch = store.begin(cli)?;
        for (conversation, at, model, time, usage) in spent {
            batch.usage(&conversation, &format!("{TAPPED}{}:{at}", self.session), &model, time, usage)?;
        }
        batch.commit(&cursor)
    }

    /// What stands for the recording among the files that are read.
    fn file(&self) -> String {
        format!("{}/hooks/{}", self.cli.name(), self.session)
    }
}

/// What counts of a line of the tap (docs/tap.md).
#[derive(Deserialize)]
struct Exchange {
    time: Time,
    model: Option<String>,
    usage: Option<Usage>,
}

fn conversation(heard: &Heard) -> Option<&String> {
    match heard {
        Heard::Entry(entry) => Some(&entry.conversation),
        Heard::Head(head) => Some(&head.conversation),
        _ => None,
    }
}
