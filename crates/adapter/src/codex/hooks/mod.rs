//! Codex's hooks: what they tell, and how its dialogs are answered. Tried with 0.169.0.
//!
//! - A hook gets one JSON object; `hook_event_name` says which event it is. The conversation begins, for hooks, with the first
//!   prompt.
//! - `PermissionRequest` comes before the dialog in the terminal, which is not drawn while the hook waits. So the hook tells,
//!   and goes: the dialog is there at once, and an answer from elsewhere is the key that it takes ([`dialog`], [`form`]).
//! - `PreToolUse` comes before the dialog of a question, with all that is asked ([`question`]); we ask for it of that tool alone.
//! - What a server of tools asks itself no hook tells: it is read off the screen.
//! - With settings on its command line the program does not use a server that it shares with others, so that its hooks have the
//!   variables of its own session.

mod claim;
mod dialog;
mod flags;
mod form;
mod question;

use crate::dialog::{Dialog, Dialogs};
use crate::hooks::{Event, Hooks, Launching, Overlaid, Start, Told};
use crate::start::{start, started};
use crate::told::told;
use protocol::approval::{Ask, Decision, Ends};
use protocol::{BlockKind, Claim, Time};
use serde_json::Value;

/// The event that asks leave.
const PERMISSION: &str = "PermissionRequest";
/// The event before a tool is called.
const CALL: &str = "PreToolUse";
/// Its prompt with nothing in it.
const EMPTY_PROMPT: &str = "› Ask Codex to do anything";

/// Those of Codex.
pub struct CodexHooks;

impl Hooks for CodexHooks {
    fn overlay(&self, start: &Launching<'_>) -> Overlaid {
        flags::overlay(start)
    }

    fn read(&self, payload: &[u8]) -> Option<Event> {
        let value: Value = serde_json::from_slice(payload).ok()?;
        let event = value["hook_event_name"].as_str()?.to_owned();
        let ask = match event.as_str() {
            PERMISSION => ask(&value, BlockKind::Permission),
            CALL if value["tool_name"] == question::TOOL => ask(&value, BlockKind::Question),
            _ => None,
        };
        Some(Event { ends: ends(&event, &value), event, ask })
    }

    fn told(&self, payload: &[u8]) -> Option<Told> {
        told(payload)
    }

    fn start(&self, payload: &[u8]) -> Option<Start> {
        start(payload)
    }

    fn started(&self, context: &str) -> String {
        started(context)
    }

    fn claim(&self, payload: &[u8], since: Time) -> Option<Claim> {
        claim::claim(payload, since)
    }

    /// No hook of its waits.
    fn answer(&self, _ask: &Ask, _decision: &Decision) -> String {
        String::new()
    }
}

impl Dialogs for CodexHooks {
    fn dialog(&self, ask: &Ask, lines: &[String]) -> Option<Dialog> {
        match ask.tool.as_str() {
            _ if ask.screen => form::shown_again(ask, lines),
            question::TOOL => question::shown(ask, lines),
            tool if tool.starts_with(form::PREFIX) => form::shown(ask, lines),
            _ => dialog::shown(ask, lines).then(|| Dialog::of_leave("y", "Escape")),
        }
    }

    fn may_be(&self, ask: &Ask, lines: &[String]) -> bool {
        match ask.tool.as_str() {
            _ if ask.screen => form::shown_again(ask, lines).is_some(),
            question::TOOL => question::may_be_shown(ask, lines),
            tool if tool.starts_with(form::PREFIX) => form::may_be_shown(ask, lines),
            _ => dialog::may_be_shown(ask, lines),
        }
    }

    fn asked(&self, lines: &[String]) -> Option<Ask> {
        form::asked(lines)
    }

    fn takes_words(&self, lines: &[String]) -> bool {
        let prompt = lines.iter().rfind(|line| line.starts_with('›'));
        prompt.is_some_and(|line| line.trim_end() == EMPTY_PROMPT)
    }
}

fn ask(value: &Value, kind: BlockKind) -> Option<Ask> {
    let (agent, turn) = (text(value, "agent_id"), text(value, "turn_id"));
    Some(Ask {
        kind,
        tool: text(value, "tool_name")?,
        input: value["tool_input"].clone(),
        cut: false,
        suggestions: None,
        always: Vec::new(),
        agent,
        turn,
        unseen: false,
        typed: true,
        screen: false,
        notes: kind == BlockKind::Question,
    })
}

/// That a tool has run is not among it: several of a name may have been asked for.
fn ends(event: &str, value: &Value) -> Option<Ends> {
    match event {
        "UserPromptSubmit" => Some(Ends::Before { turn: text(value, "turn_id")? }),
        "Stop" | "Interrupt" => Some(Ends::Turn { turn: text(value, "turn_id")? }),
        "SubagentStop" => Some(Ends::Agent { agent: text(value, "agent_id")? }),
        "SessionEnd" => Some(Ends::All),
        _ => None,
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_asks_waits_for_a_key() {
        let asked = r#"{"session_id":"s","turn_id":"t","hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{"command":"touch f","description":"may I"}}"#;
        let told = CodexHooks.read(asked.as_bytes()).unwrap();
        let ask = told.ask.unwrap();
        assert_eq!((ask.tool.as_str(), ask.turn.as_deref(), ask.typed), ("Bash", Some("t"), true));
        assert_eq!((told.ends, &ask.input["command"]), (None, &"touch f".into()));
        let over = CodexHooks.read(br#"{"turn_id":"t","hook_event_name":"Stop"}"#).unwrap().ends.unwrap();
        assert!(over.covers(&ask));
        assert_eq!(CodexHooks.read(b"{}"), None);
    }
}
