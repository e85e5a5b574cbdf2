//! What opencode tells by a plugin of ours ([`plugin.js`](plugin.js)), and how it is answered. Tried with 1.18.33.
//!
//! - The plugin hands each event that counts to the hook, by its own name as `hook_event_name`, with what opencode says of it.
//! - Its dialog is on the screen while the hook waits. When that is answered the plugin ends the hook; when the hook comes back
//!   with an answer, the plugin gives it to opencode's own interface, and the dialog goes.

mod claim;
mod config;

use crate::hooks::{Event, Hooks, Launching, Overlaid};
use crate::question::{Question, questions};
use protocol::approval::{Ask, Behaviour, Decision};
use protocol::{BlockKind, Claim, Time};
use serde_json::{Value, json};

/// The event that asks leave.
const PERMISSION: &str = "permission.asked";
/// The event that puts questions.
const QUESTION: &str = "question.asked";

/// The tool that ends planning by a question, and the answer with which the work begins.
const PLAN: &str = "plan_exit";
const YES: &str = "Yes";

/// Those of opencode.
pub struct OpencodeHooks;

impl Hooks for OpencodeHooks {
    fn overlay(&self, start: &Launching<'_>) -> Overlaid {
        config::overlay(start)
    }

    fn read(&self, payload: &[u8]) -> Option<Event> {
        let value: Value = serde_json::from_slice(payload).ok()?;
        let event = value["hook_event_name"].as_str()?.to_owned();
        // That a question is over is told by the end of its hook.
        Some(Event { ask: ask(&event, &value), ends: None, event })
    }

    fn claim(&self, payload: &[u8], since: Time) -> Option<Claim> {
        claim::claim(payload, since)
    }

    fn answer(&self, ask: &Ask, decision: &Decision) -> String {
        let answer = match (ask.kind, decision.behaviour) {
            (BlockKind::Question, Behaviour::Allow) => json!({ "answers": answers(ask, decision) }),
            (BlockKind::Plan, Behaviour::Allow) => json!({ "answers": [[YES]] }),
            (BlockKind::Question | BlockKind::Plan, Behaviour::Deny) => json!({ "reject": true }),
            (_, Behaviour::Allow) if decision.always.as_ref().is_some_and(|one| ask.always.contains(one)) => {
                json!({ "reply": "always" })
            }
            (_, Behaviour::Allow) => json!({ "reply": "once" }),
            (_, Behaviour::Deny) => match &decision.message {
                Some(message) => json!({ "reply": "reject", "message": message }),
                None => json!({ "reply": "reject" }),
            },
        };
        answer.to_string()
    }
}

fn ask(event: &str, value: &Value) -> Option<Ask> {
    let (kind, tool, input) = match event {
        PERMISSION => {
            let given = &value["metadata"];
            let is_empty = given.as_object().is_none_or(serde_json::Map::is_empty);
            let input = if is_empty { json!({ "patterns": value["patterns"] }) } else { given.clone() };
            (BlockKind::Permission, text(value, "permission")?, input)
        }
        QUESTION if is_plan(value) => (BlockKind::Plan, PLAN.to_owned(), json!({ "plan": value["plan"] })),
        QUESTION => {
            (BlockKind::Question, "question".to_owned(), json!({ "questions": asked(&value["questions"]) }))
        }
        _ => return None,
    };
    let suggestions = value.get("always").filter(|all| !all.is_null()).cloned();
    let always = suggestions.as_ref().and_then(|all| always(&tool, all)).into_iter().collect();
    let agent = text(value, "agent_id");
    // Its own id tells it from another one that asks for the same.
    let turn = text(value, "id");
    let (cut, unseen, typed, screen, notes) = (false, false, false, false, false);
    Some(Ask { kind, tool, input, cut, suggestions, always, agent, turn, unseen, typed, screen, notes })
}

/// What its *Allow always* would allow, as the dialog behind that says it; `None` where that says nothing.
fn always(permission: &str, patterns: &Value) -> Option<String> {
    let patterns: Vec<&str> = patterns.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let is_plain = |text: &&str| !text.is_empty() && !text.contains(char::is_control);
    match &patterns[..] {
        [] => None,
        ["*"] => Some(format!("every {permission}, until opencode is restarted")),
        all if all.iter().all(is_plain) => {
            Some(format!("{permission} of {}, until opencode is restarted", all.join(", ")))
        }
        _ => None,
    }
}

/// Whether it is the question of [`PLAN`], which the plugin knows, and takes the answer that we know.
fn is_plan(value: &Value) -> bool {
    value["plan"].is_string() && value["questions"][0]["options"][0]["label"] == YES
}

/// Its questions in the form of [`Question`], with all else that it says of them.
fn asked(questions: &Value) -> Value {
    let mut asked = questions.clone();
    for question in asked.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if let Some(several) = question.remove("multiple") {
            question.insert("multiSelect".to_owned(), several);
        }
    }
    asked
}

/// To each question, in their order, what was chosen.
fn answers(ask: &Ask, decision: &Decision) -> Vec<Vec<String>> {
    let choose = |question: &Question| {
        let given = decision.answers.get(&question.text).map(String::as_str).unwrap_or_default();
        if question.several { given.split(", ").map(str::to_owned).collect() } else { vec![given.to_owned()] }
    };
    questions(&ask.input).iter().map(choose).collect()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::from_str;

    const ASKED: &str = r#"{"hook_event_name":"permission.asked","session_id":"ses_1","cwd":"/w","id":"per_1","permission":"bash","patterns":["touch f"],"metadata":{"command":"touch f"},"always":["touch *"]}"#;
    const QUESTIONS: &str = r#"{"hook_event_name":"question.asked","session_id":"ses_1","agent_id":"ses_1","id":"que_1","questions":[{"question":"Which?","options":[{"label":"A"}]},{"question":"All?","multiple":true,"options":[]}]}"#;

    fn decide(behaviour: Behaviour, message: Option<&str>) -> Decision {
        let answers = [("Which?", "A"), ("All?", "B, C")];
        let answers = answers.map(|(one, other)| (one.to_owned(), other.to_owned())).into();
        Decision { behaviour, message: message.map(str::to_owned), answers, input: None, always: None }
    }

    #[test]
    fn what_it_asks_is_asked_whole_and_answered_in_its_own_words() {
        let ask = |text: &str| OpencodeHooks.read(text.as_bytes()).unwrap().ask.unwrap();
        let answer =
            |ask: &Ask, decision: Decision| from_str::<Value>(&OpencodeHooks.answer(ask, &decision)).unwrap();
        let asked = ask(ASKED);
        assert_eq!((asked.kind, asked.tool.as_str(), asked.typed), (BlockKind::Permission, "bash", false));
        assert_eq!(
            (&asked.input, asked.suggestions.as_ref()),
            (&json!({ "command": "touch f" }), Some(&json!(["touch *"])))
        );
        assert_eq!(answer(&asked, decide(Behaviour::Allow, None)), json!({ "reply": "once" }));
        assert_eq!(asked.always, ["bash of touch *, until opencode is restarted"]);
        let always =
            |words: &str| Decision { always: Some(words.to_owned()), ..decide(Behaviour::Allow, None) };
        assert_eq!(answer(&asked, always(&asked.always[0])), json!({ "reply": "always" }));
        assert_eq!(answer(&asked, always("every bash")), json!({ "reply": "once" }), "it is not offered");
        let all = ask(&ASKED.replace("touch *", "*"));
        assert_eq!(all.always, ["every bash, until opencode is restarted"]);
        assert!(ask(&ASKED.replace(r#"["touch *"]"#, "[]")).always.is_empty());
        let denied = json!({ "reply": "reject", "message": "no" });
        assert_eq!(answer(&asked, decide(Behaviour::Deny, Some("no"))), denied);
        let bare = ask(&ASKED.replace(r#"{"command":"touch f"}"#, "{}"));
        assert_eq!(bare.input, json!({ "patterns": ["touch f"] }));
        let asked = ask(QUESTIONS);
        assert_eq!((asked.kind, asked.agent.as_deref()), (BlockKind::Question, Some("ses_1")));
        let several = questions(&asked.input).iter().map(|question| question.several).collect::<Vec<_>>();
        assert_eq!(
            (several, asked.input["questions"][1]["multiSelect"].as_bool()),
            (vec![false, true], Some(true))
        );
        assert_eq!(answer(&asked, decide(Behaviour::Allow, None)), json!({ "answers": [["A"], ["B", "C"]] }));
        let of_before = Ask {
            input: json!({ "questions": [{ "question": "All?", "multiple": true }] }),
            ..asked.clone()
        };
        assert_eq!(answer(&of_before, decide(Behaviour::Allow, None)), json!({ "answers": [["B", "C"]] }));
        assert_eq!(answer(&asked, decide(Behaviour::Deny, None)), json!({ "reject": true }));
        let planned = r##"{"hook_event_name":"question.asked","id":"que_2","plan":"# One","questions":[{"question":"Plan at a.md is complete.","options":[{"label":"Yes"},{"label":"No"}]}]}"##;
        let asked = ask(planned);
        assert_eq!((asked.kind, &asked.input), (BlockKind::Plan, &json!({ "plan": "# One" })));
        assert_eq!(answer(&asked, decide(Behaviour::Allow, None)), json!({ "answers": [["Yes"]] }));
        assert_eq!(answer(&asked, decide(Behaviour::Deny, None)), json!({ "reject": true }));
        assert_eq!(
            ask(&planned.replace("Yes", "Go")).kind,
            BlockKind::Question,
            "an answer that we do not know"
        );
        assert_eq!(OpencodeHooks.read(br#"{"hook_event_name":"session.status"}"#).unwrap().ask, None);
    }
}
