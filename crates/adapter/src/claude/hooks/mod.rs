//! Claude Code's hooks: what they tell, what they ask, and what they are answered. Tried with 2.1.329.
//!
//! - A hook gets one JSON object; `hook_event_name` says which event it is.
//! - `PermissionRequest` comes beside the dialog in the terminal, for tools, questions and plans alike, in every mode. The
//!   hook is not told when the terminal answers: with a yes it is left alone, with a no it gets SIGTERM.
//! - For a sub-agent in the background there is no dialog for as long as the hook waits.
//! - What it would allow for later it tells as `permission_suggestions`, and takes as `updatedPermissions` (`always`).
//! - Leave for a plan or an answer to a question counts only with an `updatedInput`, so it is always given.

mod always;
mod claim;
mod installed;
mod settings;

pub use claim::claim;
pub use installed::{INSTALLED, install, uninstall};
pub use settings::{Put, put_in};

use crate::hooks::{Event, Hooks, Launching, Overlaid, Overlay, Start, Told};
use crate::start::{start, started};
use crate::told::told;
use protocol::approval::{Ask, Behaviour, Decision, Ends, MAX_ASK_BYTES};
use protocol::{BlockKind, Claim, Time};
use serde_json::{Value, json};
use std::path::Path;

/// The tool that puts questions to the person.
const QUESTION: &str = "AskUserQuestion";
/// The tool that shows a plan and asks for leave to carry it out.
const PLAN: &str = "ExitPlanMode";
/// The event that asks.
const PERMISSION: &str = "PermissionRequest";

/// Those of Claude Code.
pub struct ClaudeHooks;

impl Hooks for ClaudeHooks {
    fn overlay(&self, start: &Launching<'_>) -> Overlaid {
        match put_in(start.words, start.role, start.restore, &|path| (start.read)(Path::new(path))) {
            Put::In(words) => Overlaid::With(Overlay { words, ..Overlay::default() }),
            Put::Needless => Overlaid::Needless,
            Put::Not(why) => Overlaid::Not(why),
        }
    }

    fn read(&self, payload: &[u8]) -> Option<Event> {
        read(payload)
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
        claim(payload, since)
    }

    fn answer(&self, ask: &Ask, decision: &Decision) -> String {
        answer(ask, decision)
    }
}

/// Reads what a hook was given; `None` for what is no hook's.
pub fn read(payload: &[u8]) -> Option<Event> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let event = value["hook_event_name"].as_str()?.to_owned();
    let ask = (event == PERMISSION).then(|| ask(&value)).flatten();
    Some(Event { ends: ends(&event, &value), event, ask })
}

fn ask(value: &Value) -> Option<Ask> {
    let tool = value["tool_name"].as_str()?.to_owned();
    let input = value["tool_input"].clone();
    let kind = match tool.as_str() {
        QUESTION => BlockKind::Question,
        PLAN => BlockKind::Plan,
        _ => BlockKind::Permission,
    };
    let suggestions = value.get("permission_suggestions").filter(|all| !all.is_null()).cloned();
    let agent = text(value, "agent_id");
    // What is suggested is worth less than the question itself.
    let suggestions = suggestions.filter(|all| all.to_string().len() <= MAX_ASK_BYTES / 8);
    let always = always::offered(&tool, &input, suggestions.as_ref());
    let unseen = agent.is_some();
    Some(Ask {
        kind,
        tool,
        input,
        cut: false,
        suggestions,
        always,
        agent,
        turn: text(value, "prompt_id"),
        unseen,
        typed: false,
        screen: false,
        notes: false,
    })
}

fn ends(event: &str, value: &Value) -> Option<Ends> {
    let call = || Some(Ends::Call { tool: text(value, "tool_name")?, agent: text(value, "agent_id") });
    match event {
        "PostToolUse" | "PostToolUseFailure" | "PermissionDenied" => call(),
        "UserPromptSubmit" => Some(Ends::Before { turn: text(value, "prompt_id")? }),
        "Stop" | "StopFailure" => Some(Ends::Turn { turn: text(value, "prompt_id")? }),
        "SubagentStop" => Some(Ends::Agent { agent: text(value, "agent_id")? }),
        "SessionEnd" => Some(Ends::All),
        _ => None,
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

/// What the hook that asked prints for a decision.
pub fn answer(ask: &Ask, decision: &Decision) -> String {
    let decision = match decision.behaviour {
        Behaviour::Allow => {
            let mut input = decision.input.clone().unwrap_or_else(|| ask.input.clone());
            if !decision.answers.is_empty() && input.is_object() {
                input["answers"] = json!(decision.answers);
            }
            let mut allow = json!({ "behavior": "allow", "updatedInput": input });
            if let Some(updates) = always::chosen(ask, decision) {
                allow["updatedPermissions"] = updates.into();
            }
            allow
        }
        Behaviour::Deny => match &decision.message {
            Some(message) => json!({ "behavior": "deny", "message": message }),
            None => json!({ "behavior": "deny" }),
        },
    };
    json!({ "hookSpecificOutput": { "hookEventName": PERMISSION, "decision": decision } }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::from_str;
    use std::collections::BTreeMap;

    const ASKED: &str = r#"{"session_id":"s","prompt_id":"p1","permission_mode":"default","hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{"command":"touch q"},"permission_suggestions":[{"type":"setMode"}]}"#;
    const QUESTIONS: &str =
        r#"{"questions":[{"question":"Which db?","header":"DB","options":[{"label":"A"},{"label":"B"}]}]}"#;

    fn ask(text: &str) -> Ask {
        read(text.as_bytes()).unwrap().ask.unwrap()
    }

    fn decide(behaviour: Behaviour, message: Option<&str>, answers: &[(&str, &str)]) -> Decision {
        let answers: BTreeMap<_, _> =
            answers.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect();
        Decision { behaviour, message: message.map(str::to_owned), answers, input: None, always: None }
    }

    #[test]
    fn a_permission_is_asked_for_with_all_that_is_known() {
        let asked = ask(ASKED);
        assert_eq!((asked.kind, asked.tool.as_str()), (BlockKind::Permission, "Bash"));
        assert_eq!((asked.turn.as_deref(), asked.unseen), (Some("p1"), false));
        assert_eq!(asked.suggestions, Some(json!([{ "type": "setMode" }])));
        let of_agent = ask(&ASKED.replace("\"session_id\"", "\"agent_id\":\"a1\",\"session_id\""));
        assert_eq!((of_agent.agent.as_deref(), of_agent.unseen), (Some("a1"), true));
        assert_eq!(ask(&ASKED.replace("Bash", QUESTION)).kind, BlockKind::Question);
        assert_eq!(ask(&ASKED.replace("Bash", PLAN)).kind, BlockKind::Plan);
    }

    #[test]
    fn events_end_what_they_can_mean_and_nothing_else() {
        let told = |event: &str, rest: &str| {
            let text = format!(r#"{{"hook_event_name":"{event}"{rest}}}"#);
            read(text.as_bytes()).unwrap()
        };
        let turn = || "p".to_owned();
        assert_eq!(told("Stop", r#","prompt_id":"p""#).ends, Some(Ends::Turn { turn: turn() }));
        assert_eq!(told("UserPromptSubmit", r#","prompt_id":"p""#).ends, Some(Ends::Before { turn: turn() }));
        assert_eq!(told("Stop", "").ends, None, "a turn that has no name ends none");
        assert_eq!(told("SessionEnd", "").ends, Some(Ends::All));
        let call = Ends::Call { tool: QUESTION.to_owned(), agent: None };
        assert_eq!(told("PostToolUse", r#","tool_name":"AskUserQuestion""#).ends, Some(call));
        assert_eq!(told("Notification", "").ends, None);
        assert_eq!(read(b"no JSON"), None);
        assert_eq!(read(b"{}"), None);
    }

    #[test]
    fn leave_is_given_with_the_input_and_refused_with_the_reason() {
        let decision = |ask: &Ask, decision: &Decision| {
            let printed: Value = from_str(&answer(ask, decision)).unwrap();
            assert_eq!(printed["hookSpecificOutput"]["hookEventName"], PERMISSION);
            printed["hookSpecificOutput"]["decision"].clone()
        };
        let allowed = decision(&ask(ASKED), &decide(Behaviour::Allow, None, &[]));
        assert_eq!(allowed, json!({ "behavior": "allow", "updatedInput": { "command": "touch q" } }));
        let suggested = r#"[{"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"touch *"}],"behavior":"allow","destination":"session"}]"#;
        let offers = ask(&ASKED.replace(r#"[{"type":"setMode"}]"#, suggested));
        assert_eq!(offers.always, ["Bash(touch *), for this session"]);
        let always =
            |words: &str| Decision { always: Some(words.to_owned()), ..decide(Behaviour::Allow, None, &[]) };
        let told = decision(&offers, &always(&offers.always[0]));
        assert_eq!(told["updatedPermissions"], from_str::<Value>(suggested).unwrap());
        assert_eq!(decision(&offers, &always("Bash")), allowed, "what is not offered is a yes for once");
        let denied = decision(&ask(ASKED), &decide(Behaviour::Deny, Some("not now"), &[]));
        assert_eq!(denied, json!({ "behavior": "deny", "message": "not now" }));
        let question = Ask { input: from_str(QUESTIONS).unwrap(), ..ask(ASKED) };
        let answered = decision(&question, &decide(Behaviour::Allow, None, &[("Which db?", "B")]));
        assert_eq!(answered["updatedInput"]["questions"], question.input["questions"]);
        assert_eq!(answered["updatedInput"]["answers"], json!({ "Which db?": "B" }));
    }
}
