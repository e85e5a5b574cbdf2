//! What is shown of single entries.

use super::*;
use protocol::{Content, Entry, Source, Speaker, Time};
use serde_json::json;

fn listed(content: Content) -> Listed {
    let entry = Entry {
        id: "x".into(),
        conversation: "c".into(),
        agent: None,
        time: Time(0),
        role: Speaker::Assistant,
        content,
        model: None,
        request: None,
        source: Source::Transcript,
        place: None,
    };
    Listed { turn: 0, index: 0, cursor: 1, entry }
}

/// Markdown and HTML of one entry.
fn shown(content: Content) -> (String, String) {
    let (conversation, entries) = (shown_conversation(), [listed(content)]);
    (markdown(&conversation, &entries), html(&conversation, &entries))
}

fn shown_conversation() -> Conversation {
    Conversation {
        id: 1,
        cli: "claude".into(),
        name: "c".into(),
        cwd: None,
        branch: None,
        title: Some("t".into()),
        version: None,
        parent: None,
        started: None,
        ended: None,
        sessions: Vec::new(),
        entry_count: 1,
        usage: Vec::new(),
        context: None,
        resume: None,
        made: None,
    }
}

fn call(input: Value) -> (String, String) {
    shown(Content::ToolCall { call: "1".into(), name: "Bash".into(), input })
}

#[test]
fn a_command_of_several_lines_is_shown_whole() {
    let (markdown, html) = call(json!({ "command": "cat <<E\n```\n<b>\nE\n" }));
    assert_eq!(markdown, "# t\n\n`Bash`\n\n````\ncat <<E\n```\n<b>\nE\n````\n");
    assert!(html.contains("<code>Bash</code><pre>cat &lt;&lt;E\n```\n&lt;b&gt;\nE</pre>"), "{html}");
    let (markdown, html) = call(json!({ "command": ["make", "test"] }));
    assert!(markdown.ends_with("\n`Bash: make test`\n") && html.contains("<code>Bash: make test</code>"));
}

#[test]
fn what_was_denied_is_no_failure() {
    let result = |is_denied| Content::ToolResult {
        call: "1".into(),
        text: "not now".into(),
        is_error: true,
        is_denied,
        detail: None,
    };
    let (markdown, html) = shown(result(true));
    assert_eq!(markdown, "# t\n\n**denied**\n\n```\nnot now\n```\n");
    assert!(html.contains(r#"<div class="result denied""#) && html.contains("<p>denied</p>"), "{html}");
    assert!(shown(result(false)).0.contains("```error\n"));
}

#[test]
fn a_message_begins_with_its_words() {
    let mut one = listed(Content::Message { text: "\n\n  one\n\ntwo\n".into() });
    one.entry.role = Speaker::User;
    assert_eq!(markdown::of_entry(&one).as_deref(), Some(">   one\n>\n> two"));
}

#[test]
fn a_question_is_shown_with_its_options_and_what_was_chosen() {
    let conversation = shown_conversation();
    let options = json!([{ "label": "A", "description": "the <first>" }, { "label": "B" }]);
    let one = json!({ "id": "q", "question": "Which?", "header": "DB", "options": options });
    let call = listed(Content::ToolCall {
        call: "1".into(),
        name: "Ask".into(),
        input: json!({ "questions": [one] }),
    });
    let result = |text: &str, detail| {
        let (text, call) = (text.into(), "1".into());
        listed(Content::ToolResult { call, text, is_error: false, is_denied: false, detail })
    };
    let chosen = "# t\n\n`Ask`\n\n**DB: Which?**\n\n- [ ] A: the <first>\n- [x] B\n";
    for answered in [
        result("Your user chose B", Some(json!({ "answers": { "Which?": "B" } }))),
        result("", Some(json!({ "metadata": { "answers": [["B"]] } }))),
        result(r#"{"answers":{"q":{"answers":["B"]}}}"#, None),
    ] {
        assert_eq!(markdown(&conversation, &[call.clone(), answered.clone()]), chosen);
        let html = html(&conversation, &[call.clone(), answered]);
        assert!(html.contains("<li>A: the &lt;first&gt;</li><li><b>\u{2713} B</b></li>"), "{html}");
    }
    let own = result("", Some(json!({ "answers": { "Which?": "none\nof them" } })));
    assert!(markdown(&conversation, &[call.clone(), own]).ends_with("- [ ] B\n- [x] none of them\n"));
    let waiting = markdown(&conversation, std::slice::from_ref(&call));
    assert!(waiting.ends_with("- A: the <first>\n- B\n"), "{waiting}");
    let declined = markdown(&conversation, &[call, result("not now", None)]);
    assert!(declined.ends_with("- B\n\n```\nnot now\n```\n"), "{declined}");
}
