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
    let conversation = Conversation {
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
    };
    let entries = [listed(content)];
    (markdown(&conversation, &entries), html(&conversation, &entries))
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
