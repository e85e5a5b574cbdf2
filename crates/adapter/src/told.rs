//! What hooks tell of a conversation itself, which is all that is known of it where the CLI keeps no record: what was said
//! to it, the last words of each turn, failures and summaries. Claude Code and Codex tell it in one form.

use crate::hooks::Told;
use protocol::{Content, Speaker};
use serde_json::Value;

/// Reads what a hook was given.
pub(crate) fn told(payload: &[u8]) -> Option<Told> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let text = |key: &str| value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let (role, content) = match value["hook_event_name"].as_str()? {
        "UserPromptSubmit" => (Speaker::User, Content::Message { text: text("prompt")? }),
        "Stop" | "SubagentStop" => {
            (Speaker::Assistant, Content::Message { text: text("last_assistant_message")? })
        }
        "StopFailure" => {
            let text = text("last_assistant_message").or_else(|| text("error"))?;
            (Speaker::System, Content::Failure { text, status: None })
        }
        "PostCompact" => {
            (Speaker::System, Content::Compaction { text: text("compact_summary").unwrap_or_default() })
        }
        _ => return None,
    };
    Some(Told { agent: text("agent_id"), cwd: text("cwd"), model: text("model"), role, content })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(payload: &Value, expected: Option<(Speaker, Value)>) {
        let said = told(payload.to_string().as_bytes())
            .map(|told| (told.role, serde_json::to_value(told.content).unwrap()));
        assert_eq!(said, expected, "{payload}");
    }

    #[test]
    fn a_turn_is_told_from_its_prompt_to_its_last_words() {
        let said = |role, kind: &str, text: &str| Some((role, json!({ "kind": kind, "text": text })));
        let prompt = json!({ "hook_event_name": "UserPromptSubmit", "prompt": "fix it" });
        check(&prompt, said(Speaker::User, "message", "fix it"));
        let end = json!({ "hook_event_name": "Stop", "last_assistant_message": "done" });
        check(&end, said(Speaker::Assistant, "message", "done"));
        let failed = json!({ "hook_event_name": "StopFailure", "error": "unknown" });
        check(&failed, said(Speaker::System, "failure", "unknown"));
        let short = json!({ "hook_event_name": "PostCompact", "compact_summary": "in short" });
        check(&short, said(Speaker::System, "compaction", "in short"));
    }

    #[test]
    fn what_tells_nothing_of_a_conversation_is_passed_over() {
        for event in ["Stop", "Notification", "PermissionRequest", "UserPromptSubmit"] {
            check(&json!({ "hook_event_name": event, "message": "m" }), None);
        }
        check(&json!({ "prompt": "x" }), None);
        assert_eq!(told(b"{\"cut"), None);
    }
}
