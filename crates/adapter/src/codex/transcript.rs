//! Codex's rollouts: a line of JSON for each record, `{timestamp, ordinal, type, payload}`.
//!
//! The same thing is told twice: by `response_item`, as the model got or gave it, and by `event_msg`, as the CLI shows it.
//! Entries are made of the first; of the second come states, failures, notices, and what a result has beyond its text. A
//! conversation that is resumed goes on in its file; a fork is a file of its own, which names the one that it goes on from
//! and repeats none of it; a sub-agent is a file of its own with the `session_id` of the conversation.
//!
//! Passed over without an entry: what the harness tells the model (instructions of the developer, the environment), and
//! records of settings. Questions whether a tool may run are in no record. What runs without a call of the model's own,
//! within a script of it or for the user, is told by an event alone.

use super::usage::Count;
use super::{done, items};
use crate::transcript::failed;
use crate::{Head, Heard, Transcript, time};
use protocol::{AgentState, BlockKind, Claim, Content, Entry, Source, Speaker, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Calls that have no result yet, at most: a turn has not as many at once.
const CALLS: usize = 256;

/// Reads one of them.
pub(super) struct Reader {
    known: Known,
}

/// What it has to remember between two records.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    /// The conversation.
    pub conversation: String,
    /// The sub-agent whose file this is.
    pub agent: Option<String>,
    /// The model that is asked.
    pub model: Option<String>,
    /// The turn under way.
    pub turn: String,
    /// When the last record was made.
    pub time: Time,
    /// The place of the last record, where records do not say it themselves.
    pub ordinal: u64,
    /// The requests to the model.
    pub count: Count,
    /// The call that asks the user something.
    asked: Option<String>,
    /// The calls that have no result yet, and what the CLI said of it beforehand.
    pub calls: BTreeMap<String, Option<Value>>,
}

impl Reader {
    pub(super) fn new(state: Option<&Value>) -> Self {
        let known = state.and_then(|state| serde_json::from_value(state.clone()).ok());
        Self { known: known.unwrap_or_default() }
    }
}

impl Transcript for Reader {
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>) {
        let record: Value = match serde_json::from_slice(record) {
            Ok(record) => record,
            Err(error) => {
                self.known.ordinal += 1;
                return heard.push(Heard::Garbled(error.to_string()));
            }
        };
        self.known.time = record["timestamp"].as_str().and_then(time::parse).unwrap_or(self.known.time);
        self.known.ordinal = record["ordinal"].as_u64().unwrap_or(self.known.ordinal + 1);
        let payload = &record["payload"];
        match record["type"].as_str() {
            Some("session_meta") => self.begin(payload, heard),
            Some("turn_context") => {
                self.known.model = payload["model"].as_str().map(str::to_owned).or(self.known.model.take());
            }
            Some("response_item") => items::read(&mut self.known, &record, heard),
            Some("event_msg") => self.event(&record, heard),
            Some("token_usage_record") => {
                let usage = self.known.count.record(&payload["usage"]);
                heard.extend(self.known.used(Some(usage)));
            }
            Some("compacted") => {
                let text = payload["message"].as_str().unwrap_or_default().to_owned();
                let id = format!("compaction:{}", self.known.ordinal);
                heard.push(self.known.entry(&id, Speaker::System, Content::Compaction { text }));
            }
            Some("world_state" | "retained_context") => {}
            _ => heard.push(self.known.unknown("", &record)),
        }
    }

    fn state(&self) -> Value {
        json!(self.known)
    }
}

impl Reader {
    /// Reads the head of a file.
    fn begin(&mut self, meta: &Value, heard: &mut Vec<Heard>) {
        // Old versions copied a conversation into its fork, head included; the first head is the file's own.
        if !self.known.conversation.is_empty() {
            return;
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let id = text(&meta["id"]).unwrap_or_default();
        let spawned = &meta["source"]["subagent"]["thread_spawn"]["parent_thread_id"];
        let root = text(&meta["session_id"]).or_else(|| text(spawned)).unwrap_or_else(|| id.clone());
        self.known.agent = (root != id).then(|| id.clone());
        self.known.conversation = root;
        if self.known.agent.is_some() {
            return;
        }
        heard.push(Heard::Head(Head {
            conversation: id,
            cwd: text(&meta["cwd"]),
            branch: text(&meta["git"]["branch"]),
            title: None,
            version: text(&meta["cli_version"]),
            parent: text(&meta["forked_from_id"]),
        }));
    }

    fn event(&mut self, record: &Value, heard: &mut Vec<Heard>) {
        let event = &record["payload"];
        let kind = event["type"].as_str().unwrap_or_default();
        match kind {
            "task_started" | "turn_started" => {
                self.known.turn = event["turn_id"].as_str().unwrap_or_default().to_owned();
                self.known.count.begin_turn();
                heard.push(self.known.told(self.known.claim(AgentState::Working, kind, None)));
            }
            "task_complete" | "turn_complete" if event["error"].is_object() => {
                self.known.calls.clear();
                heard.extend(self.failed(kind, &event["error"]));
            }
            "task_complete" | "turn_complete" => {
                self.known.calls.clear();
                heard.push(self.known.told(self.known.claim(AgentState::Done, kind, None)));
            }
            "turn_aborted" => {
                self.known.calls.clear();
                let reason = event["reason"].as_str().unwrap_or_default().to_owned();
                let claim = self.known.claim(AgentState::Idle, kind, Some(reason.clone()));
                heard.push(self.known.told(claim));
                heard.push(self.notice(kind, reason));
            }
            "error" => heard.extend(self.failed(kind, event)),
            "token_count" => {
                let usage = self.known.count.total(&event["info"]);
                heard.extend(self.known.used(usage));
            }
            "thread_name_updated" => heard.push(Heard::Head(Head {
                conversation: self.known.conversation.clone(),
                title: event["thread_name"].as_str().map(str::to_owned),
                ..Head::default()
            })),
            "item_completed" => done::read(&mut self.known, record, heard),
            "exec_command_end" | "patch_apply_end" | "mcp_tool_call_end" => {
                self.known.detail(&event["call_id"], event);
            }
            "thread_rolled_back" => {
                let turns = &event["num_turns"];
                heard.push(self.notice(kind, format!("{turns} turns were taken back")));
            }
            "entered_review_mode" => {
                let what = event["user_facing_hint"].as_str().unwrap_or_default();
                heard.push(self.notice(kind, what.to_owned()));
            }
            "exited_review_mode" => {
                let what = event["review_output"]["overall_explanation"].as_str().unwrap_or_default();
                heard.push(self.notice(kind, what.to_owned()));
            }
            // Told by items of the conversation, or a setting.
            "user_message"
            | "agent_message"
            | "agent_reasoning"
            | "agent_reasoning_raw_content"
            | "agent_reasoning_section_break"
            | "context_compacted"
            | "web_search_end"
            | "image_generation_end"
            | "sub_agent_activity"
            | "thread_settings_applied"
            | "thread_goal_updated" => {}
            _ => heard.push(self.known.unknown(kind, record)),
        }
    }

    fn failed(&self, kind: &str, error: &Value) -> [Heard; 2] {
        let info = &error["codex_error_info"];
        let status = info.as_object().and_then(|info| info.values().next()?["http_status_code"].as_u64());
        let text = error["message"].as_str().unwrap_or_default();
        // A refusal is told by the body of the reply, as it came.
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let text = body["error"]["message"].as_str().unwrap_or(text).to_owned();
        let status = status.and_then(|status| u16::try_from(status).ok());
        let state = if info == "usage_limit_exceeded" { AgentState::Limit } else { failed(status) };
        let claim = self.known.claim(state, kind, Some(text.clone()));
        let id = format!("failure:{}", self.known.ordinal);
        [self.known.entry(&id, Speaker::System, Content::Failure { text, status }), self.known.told(claim)]
    }

    fn notice(&self, name: &str, text: String) -> Heard {
        let id = format!("notice:{}", self.known.ordinal);
        self.known.entry(&id, Speaker::System, Content::Notice { name: name.to_owned(), text })
    }
}

impl Known {
    /// An entry under an id that is unique in its file.
    pub fn entry(&self, id: &str, role: Speaker, content: Content) -> Heard {
        let by_model = role == Speaker::Assistant;
        Heard::Entry(Entry {
            id: format!("codex:{}:{id}", self.thread()),
            conversation: self.conversation.clone(),
            agent: self.agent.clone(),
            time: self.time,
            role,
            content,
            model: self.model.clone().filter(|_| by_model),
            request: by_model.then(|| self.request()),
            source: Source::Transcript,
            place: None,
        })
    }

    /// A call was made.
    pub fn called(&mut self, call: &str) {
        if self.calls.len() < CALLS {
            self.calls.insert(call.to_owned(), None);
        }
    }

    /// Keeps what the CLI says of the result of a call until the result comes; false, if there is no such call.
    pub fn detail(&mut self, call: &Value, detail: &Value) -> bool {
        let known = call.as_str().and_then(|call| self.calls.get_mut(call));
        known.map(|known| *known = Some(detail.clone())).is_some()
    }

    /// Whose file this is: the conversation's or a sub-agent's.
    fn thread(&self) -> &str {
        self.agent.as_ref().unwrap_or(&self.conversation)
    }

    /// The request to the model that is under way.
    fn request(&self) -> String {
        format!("{}:{}:{}", self.thread(), self.turn, self.count.requests())
    }

    pub fn unknown(&self, kind: &str, record: &Value) -> Heard {
        let name = [record["type"].as_str().unwrap_or_default(), kind].join(" ").trim_end().to_owned();
        let content = Content::Unknown { name, record: record.clone() };
        self.entry(&format!("record:{}", self.ordinal), Speaker::System, content)
    }

    /// What the request under way took; it is over then.
    fn used(&mut self, usage: Option<protocol::Usage>) -> Option<Heard> {
        let usage = usage?;
        let heard = Heard::Usage {
            conversation: self.conversation.clone(),
            request: self.request(),
            model: self.model.clone().unwrap_or_default(),
            time: self.time,
            usage,
        };
        self.count.next_request();
        Some(heard)
    }

    /// The model asks the user something with this call.
    pub fn asks(&mut self, call: &str) -> Heard {
        self.asked = Some(call.to_owned());
        let claim = self.claim(AgentState::Blocked, "request_user_input", None);
        self.told(Claim { on: Some(BlockKind::Question), ..claim })
    }

    /// A call has its result; if it asked the user something, that is answered.
    pub fn answered(&mut self, call: &str) -> Option<Heard> {
        self.asked.take_if(|asked| asked == call)?;
        Some(self.told(self.claim(AgentState::Working, "request_user_input answered", None)))
    }

    fn told(&self, claim: Claim) -> Heard {
        Heard::Claim { conversation: self.conversation.clone(), claim }
    }

    fn claim(&self, state: AgentState, evidence: &str, reason: Option<String>) -> Claim {
        Claim {
            state,
            on: None,
            reason,
            source: Source::Transcript,
            since: self.time,
            evidence: evidence.to_owned(),
            agent: self.agent.clone(),
        }
    }
}
