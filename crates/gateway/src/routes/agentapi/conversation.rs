//! Who said what in a session, as long as this server runs: the users of these routes, and the program by its screen.
//!
//! A message keeps its id for ever, and while the program says more its text changes. The first, of the id 0, is the
//! screen as it was before anybody asked.

use super::text::{clean, said};
use crate::ApiError;
use crate::blocking::blocking;
use crate::host::Host;
use axum::http::StatusCode;
use protocol::frame::{Answer, InputForm, Request};
use protocol::{AgentState, Offset, Phase, SessionId, Source, Status, Time};
use serde::Serialize;
use serde_json::{Value, json};
use session::look::look;
use session::registry::Entry;
use session::summary::present_status;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as Turn;

/// Conversations at most; one more, and the one that was used longest ago begins anew.
const CONVERSATIONS_MAX: usize = 64;
/// Bytes of all messages of a conversation; then the oldest are forgotten.
const CONVERSATION_MAX_BYTES: usize = 4 << 20; // 4 MiB
/// Messages of a conversation; then the oldest are forgotten.
const MESSAGES_MAX: usize = 1000;
/// Lines that scrolled off and are still read.
const HISTORY_LINES: usize = 1000;
/// A program that tells no state is taken to wait when it wrote nothing for so long, as agentapi does.
const QUIET: Duration = Duration::from_secs(2);
/// Who asks sooner is told what was seen last: however many ask, a host is looked at ten times a second.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// All conversations, as they were read off screens.
#[derive(Default)]
pub(crate) struct Talks(Mutex<HashMap<SessionId, (Instant, Arc<Conversation>)>>);

/// One of them.
#[derive(Default)]
pub(super) struct Conversation(Turn<Said>);

#[derive(Default)]
struct Said {
    messages: VecDeque<Message>,
    next_id: u64,
    /// Counts changes of messages.
    version: u64,
    /// The lines that were there when the last question was asked, and the question.
    before: Vec<String>,
    asked: String,
    /// Where and when it was.
    sent: Option<(Offset, Time)>,
    /// Whether the program was seen to work since.
    worked: bool,
    seen: Option<(Instant, Seen)>,
}

/// Something that was said.
#[derive(Clone)]
pub(super) struct Message {
    id: u64,
    role: &'static str,
    text: String,
    time: Time,
    /// The [`Said::version`] that it came or changed with.
    pub version: u64,
}

/// What a look at the session showed.
#[derive(Clone)]
pub(super) struct Seen {
    pub state: State,
    pub agent: &'static str,
    pub screen: String,
    /// Whether there will be no more.
    pub over: bool,
    blocked: bool,
    lines: Vec<String>,
}

/// Whether a program takes a message now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Running,
    Stable,
}

impl Talks {
    pub(super) fn of(&self, session: SessionId) -> Arc<Conversation> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CONVERSATIONS_MAX && !all.contains_key(&session) {
            let oldest = all.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            oldest.and_then(|id| all.remove(&id));
        }
        let (used, conversation) = all.entry(session).or_insert_with(|| (Instant::now(), Arc::default()));
        *used = Instant::now();
        Arc::clone(conversation)
    }
}

impl Conversation {
    /// Looks at the session, and takes in what its program said.
    pub(super) async fn look(&self, entry: &Entry) -> Result<Seen, ApiError> {
        let mut said = self.0.lock().await;
        match &said.seen {
            Some((at, seen)) if at.elapsed() < LOOK_EVERY || seen.over => Ok(seen.clone()),
            _ => said.look(entry).await,
        }
    }

    /// The messages that came or changed since a version, in their order.
    pub(super) async fn since(&self, version: u64) -> Vec<Message> {
        let said = self.0.lock().await;
        said.messages.iter().filter(|message| message.version > version).cloned().collect()
    }

    /// Says something to a program that waits for it.
    pub(super) async fn say(&self, entry: &Entry, text: &str) -> Result<(), ApiError> {
        let mut said = self.0.lock().await;
        let seen = said.look(entry).await?;
        let refused = |code, message| Err(ApiError::new(StatusCode::CONFLICT, code, message));
        if seen.blocked {
            // Enter would answer it.
            let message = "the program asks a question; look at the screen and answer with `raw` keys";
            return refused("BLOCKED", message);
        }
        if seen.state != State::Stable {
            return refused(
                "NOT_STABLE",
                "the program works; wait for the status `stable`, or send `raw` keys",
            );
        }
        let offset = type_in(entry, InputForm::Submit, text).await?;
        (said.before, said.asked) = (seen.lines, text.to_owned());
        said.sent = Some((offset, Time::now()));
        (said.worked, said.seen) = (false, None);
        said.push("user", text.to_owned());
        Ok(())
    }
}

/// Types as one transaction; where the output was when the program's terminal had taken it.
pub(super) async fn type_in(entry: &Entry, form: InputForm, text: &str) -> Result<Offset, ApiError> {
    let (host, _events) = Host::reach(entry, "agentapi").await?;
    match host.call(Request::Input { form }, text.as_bytes()).await?.0 {
        Answer::Done { offset } => Ok(offset),
        other => Err(session::client::unexpected(&other).into()),
    }
}

impl Said {
    async fn look(&mut self, entry: &Entry) -> Result<Seen, ApiError> {
        let at_host = entry.clone();
        let (looked, status) = blocking(move || {
            let looked = look(&at_host, "agentapi", HISTORY_LINES, HISTORY_LINES)?;
            Ok((looked.screen, present_status(&at_host, "agentapi")))
        })
        .await?;
        let over = entry.phase != Phase::Running;
        let screen = looked.lines();
        let seen = Seen {
            state: if over { State::Stable } else { self.state(status.as_ref()) },
            agent: agent(entry, status.as_ref()),
            screen: screen.join("\n").trim_end().to_owned(),
            over,
            blocked: status.is_some_and(|status| status.agent().claim.state == AgentState::Blocked),
            lines: [looked.history_lines(HISTORY_LINES), screen].concat(),
        };
        self.take_in(&seen.lines);
        self.seen = Some((Instant::now(), seen.clone()));
        Ok(seen)
    }

    /// By the program's own word, if it told its state since it was asked; else by whether it writes.
    fn state(&mut self, status: Option<&Status>) -> State {
        let Some(status) = status else { return State::Stable };
        let agent = status.agent();
        let told = self.sent.is_none_or(|(offset, _)| agent.offset > offset);
        let wrote = self.sent.map_or(status.last_output, |(_, sent)| sent.max(status.last_output));
        let by_output = || if Time::now().since(wrote) < QUIET { State::Running } else { State::Stable };
        match agent.claim.state {
            // Who has the foreground of a terminal may wait for keys all the same.
            AgentState::Working | AgentState::Idle if agent.claim.source == Source::Process => by_output(),
            AgentState::Working => {
                self.worked |= told;
                State::Running
            }
            AgentState::Done | AgentState::Error | AgentState::Limit | AgentState::Blocked if told => {
                State::Stable
            }
            // Claude Code says so once more before it begins with what it was asked.
            AgentState::Idle if told && (self.worked || self.sent.is_none()) => State::Stable,
            _ => by_output(),
        }
    }

    fn take_in(&mut self, lines: &[String]) {
        let text = if self.sent.is_none() { clean(lines) } else { said(&self.before, lines, &self.asked) };
        match self.messages.back_mut() {
            Some(last) if last.role == "agent" => {
                if last.text != text {
                    self.version += 1;
                    (last.text, last.time, last.version) = (text, Time::now(), self.version);
                }
            }
            Some(_) if text.is_empty() => {}
            _ => self.push("agent", text),
        }
    }

    fn push(&mut self, role: &'static str, text: String) {
        self.version += 1;
        let id = self.next_id;
        self.next_id += 1;
        self.messages.push_back(Message { id, role, text, time: Time::now(), version: self.version });
        let bytes = |messages: &VecDeque<Message>| messages.iter().map(|message| message.text.len()).sum();
        let is_full = |messages: &VecDeque<Message>| {
            let bytes: usize = bytes(messages);
            messages.len() > MESSAGES_MAX || bytes > CONVERSATION_MAX_BYTES
        };
        while self.messages.len() > 1 && is_full(&self.messages) {
            self.messages.pop_front();
        }
    }
}

impl Message {
    /// As one of a list.
    pub(super) fn listed(&self) -> Value {
        json!({ "id": self.id, "role": self.role, "content": self.text, "time": self.time.utc().to_string() })
    }

    /// As an event, where the text has another name.
    pub(super) fn event(&self) -> Value {
        json!({ "id": self.id, "role": self.role, "message": self.text, "time": self.time.utc().to_string() })
    }
}

/// The program in agentapi's words.
fn agent(entry: &Entry, status: Option<&Status>) -> &'static str {
    const KNOWN: [(&str, &str); 14] = [
        ("claude", "claude"),
        ("claude-code", "claude"),
        ("codex", "codex"),
        ("gemini", "gemini"),
        ("goose", "goose"),
        ("aider", "aider"),
        ("amp", "amp"),
        ("cursor", "cursor"),
        ("cursor-agent", "cursor"),
        ("copilot", "copilot"),
        ("auggie", "auggie"),
        ("opencode", "opencode"),
        ("q", "amazonq"),
        ("amazonq", "amazonq"),
    ];
    let told = status.and_then(|status| status.program.app.as_deref());
    let started = entry.meta.command.first().and_then(|program| program.rsplit('/').next());
    let words = [told, started].into_iter().flatten();
    let known = words.filter_map(|word| KNOWN.iter().find(|(name, _)| *name == word));
    known.map(|(_, agent)| *agent).next().unwrap_or("custom")
}
