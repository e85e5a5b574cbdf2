//! A conversation log, entry by entry: `{"timestamp", "entry_type", "content", "metadata": {"session_id",
//! "working_directory", "sequence_number", "content_length", "is_complete_message"}}`.
//!
//! A log is of a terminal: what was typed comes key by key and what was shown in pieces, each among the other. Pieces
//! are joined until one says that it completes the message, or the other side begins one.

use super::super::time;
use crate::{Head, Heard, Transcript, digest};
use protocol::{Content, Entry, Size, Source, Speaker};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;
use terminal::Screen;

/// Of one message, what is joined at most; what follows is another.
const MESSAGE_MAX_BYTES: usize = 32 << 10; // 32 KiB
/// What was shown is painted once more on a screen so wide that few lines break; its lines that scroll off are kept.
const SCREEN: Size = Size { cols: 500, rows: 100 };
const SCREEN_HISTORY_LINES: usize = MESSAGE_MAX_BYTES;

/// Reads the lines.
#[derive(Default)]
pub(super) struct Reader {
    /// The conversation of entries that do not name their session.
    unnamed: String,
    open: Open,
}

/// What is remembered between two entries.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Open {
    conversation: String,
    cwd: Option<String>,
    typed: Option<Message>,
    shown: Option<Message>,
}

/// A message of which pieces may still come.
#[derive(Serialize, Deserialize)]
struct Message {
    id: String,
    time: u64,
    text: String,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    timestamp: String,
    entry_type: String,
    content: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    session_id: Option<String>,
    working_directory: Option<String>,
    sequence_number: Option<u64>,
    is_complete_message: bool,
}

impl Reader {
    pub fn new(path: &Path, state: Option<&Value>) -> Self {
        let unnamed = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let open = state.and_then(|state| Open::deserialize(state).ok()).unwrap_or_default();
        Self { unnamed, open }
    }

    fn begin(&mut self, line: &Line, heard: &mut Vec<Heard>) {
        let conversation = line.metadata.session_id.as_ref().unwrap_or(&self.unnamed);
        let cwd = &line.metadata.working_directory;
        if *conversation == self.open.conversation && (cwd.is_none() || *cwd == self.open.cwd) {
            return;
        }
        if *conversation != self.open.conversation {
            self.open.close(heard);
        }
        self.open.conversation.clone_from(conversation);
        self.open.cwd.clone_from(cwd);
        let conversation = conversation.clone();
        heard.push(Heard::Head(Head { conversation, cwd: cwd.clone(), ..Head::default() }));
    }
}

impl Transcript for Reader {
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>) {
        let line: Line = match serde_json::from_slice(record) {
            Ok(line) => line,
            Err(error) => return heard.push(Heard::Garbled(error.to_string())),
        };
        self.begin(&line, heard);
        let id = line.id(&self.open.conversation);
        let time = time::parse(&line.timestamp).unwrap_or_default().0;
        let is_complete = line.metadata.is_complete_message;
        let piece = |text| Message { id: id.clone(), time, text };
        match line.entry_type.as_str() {
            "UserInput" => {
                if self.open.typed.is_none() {
                    self.open.close_shown(heard);
                }
                if join(&mut self.open.typed, piece(line.content)) || is_complete {
                    self.open.close_typed(heard);
                }
            }
            "ClaudeOutput" => {
                if join(&mut self.open.shown, piece(line.content)) || is_complete {
                    self.open.close_shown(heard);
                }
            }
            kind => {
                self.open.close(heard);
                let (role, content) = match kind {
                    "SystemMessage" => {
                        (Speaker::System, Content::Notice { name: kind.to_owned(), text: line.content })
                    }
                    // It says neither which call that was nor whether it failed.
                    "ToolExecution" => (Speaker::Tool, Content::Message { text: line.content }),
                    _ => {
                        let record = serde_json::from_slice(record).unwrap_or_default();
                        (Speaker::System, Content::Unknown { name: kind.to_owned(), record })
                    }
                };
                heard.push(self.open.entry(piece(String::new()), role, content));
            }
        }
    }

    fn rest(&self, heard: &mut Vec<Heard>) {
        let Open { typed, shown, .. } = &self.open;
        let messages = [(typed, Speaker::User), (shown, Speaker::Assistant)];
        for (message, role) in messages {
            let Some(Message { id, time, text }) = message else { continue };
            let message = Message { id: id.clone(), time: *time, text: text.clone() };
            heard.extend(self.open.message(message, role));
        }
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.open).unwrap_or_default()
    }
}

impl Open {
    fn close(&mut self, heard: &mut Vec<Heard>) {
        self.close_typed(heard);
        self.close_shown(heard);
    }

    fn close_typed(&mut self, heard: &mut Vec<Heard>) {
        let typed = self.typed.take();
        heard.extend(typed.and_then(|message| self.message(message, Speaker::User)));
    }

    fn close_shown(&mut self, heard: &mut Vec<Heard>) {
        let shown = self.shown.take();
        heard.extend(shown.and_then(|message| self.message(message, Speaker::Assistant)));
    }

    /// A message as a person would have read it; nothing where nothing was to be seen.
    fn message(&self, mut message: Message, role: Speaker) -> Option<Heard> {
        let text = readable(std::mem::take(&mut message.text), role);
        (!text.trim().is_empty()).then(|| self.entry(message, role, Content::Message { text }))
    }

    fn entry(&self, message: Message, role: Speaker, content: Content) -> Heard {
        Heard::Entry(Entry {
            id: message.id,
            conversation: self.conversation.clone(),
            agent: None,
            time: protocol::Time(message.time),
            role,
            content,
            model: None,
            request: None,
            source: Source::Log,
            place: None,
        })
    }
}

impl Line {
    /// The same for the same entry in whatever file. The number alone would not do, for some writers begin anew at 0; what
    /// was said tells only those apart that have none, so that a text that is purged changes no id.
    fn id(&self, conversation: &str) -> String {
        let Self { timestamp, entry_type, content, metadata } = self;
        match metadata.sequence_number {
            Some(number) => {
                let when = digest(format!("{timestamp}\n{entry_type}").as_bytes());
                format!("log:{conversation}:{number}:{when}")
            }
            None => {
                let said = digest(format!("{timestamp}\n{entry_type}\n{content}").as_bytes());
                format!("log:{conversation}:{said}")
            }
        }
    }
}

/// Adds a piece to what is open, or begins with it; whether there is enough.
fn join(open: &mut Option<Message>, piece: Message) -> bool {
    match open {
        Some(message) => message.text.push_str(&piece.text),
        None => *open = Some(piece),
    }
    open.as_ref().is_some_and(|message| message.text.len() >= MESSAGE_MAX_BYTES)
}

/// Text of a terminal as it was to be seen. What has no control characters stays as it is.
fn readable(text: String, role: Speaker) -> String {
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    let text = text.replace("\r\n", "\n");
    let text = if role == Speaker::User { typed(&text) } else { text };
    if text.chars().all(is_plain) {
        return text;
    }
    let mut screen = Screen::new(SCREEN, SCREEN_HISTORY_LINES);
    screen.feed(text.replace('\n', "\r\n").as_bytes());
    let mut lines = screen.take_history(0);
    lines.extend(screen.lines());
    let used = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines.truncate(used);
    lines.join("\n")
}

/// What keys make of a line: Enter ends it, Backspace takes a character back.
fn typed(text: &str) -> String {
    text.replace('\r', "\n").replace('\x7f', "\x08 \x08").trim_end_matches('\n').to_owned()
}
