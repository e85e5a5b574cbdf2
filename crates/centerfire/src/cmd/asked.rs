//! A question as people read it: a command as it would run, an edit as its difference, a plan as text, a question with its
//! options.

use super::token::in_words;
use crate::term::{one_line, plain_lines};
use adapter::question::{Question, questions};
use protocol::{Approval, BlockKind, Time};
use serde_json::Value;

/// What a tool is given, in the order in which it is told; what else there is comes behind.
const FIRST: [&str; 6] = ["description", "file_path", "path", "command", "plan", "content"];

/// All of a question.
pub(super) fn whole(approval: &Approval) -> String {
    let ask = &approval.ask;
    let agent = ask.agent.as_ref().map(|agent| format!(" of the sub-agent {agent}")).unwrap_or_default();
    let tool = match ask.kind {
        BlockKind::Permission => format!(": {}", ask.tool),
        BlockKind::Question | BlockKind::Plan => String::new(),
    };
    let age = in_words(Time::now().since(approval.since));
    let seen = if ask.screen { ", as its screen shows it" } else { "" };
    let head = one_line(&format!("{} {}{tool}{agent}, for {age}{seen}", approval.id, kind(ask.kind)));
    let body = plain_lines(&body(&ask.input));
    let mut body: Vec<String> = body.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    body.extend(for_later(&ask.always));
    format!("{head}\n{}", body.join("\n"))
}

/// What may be allowed for later, each with what chooses it.
fn for_later(offered: &[String]) -> Vec<String> {
    let number = |at: usize| if offered.len() == 1 { String::new() } else { format!("={}", at + 1) };
    let line = |(at, words): (usize, &String)| one_line(&format!("  --always{}: {words}", number(at)));
    offered.iter().enumerate().map(line).collect()
}

/// A kind in a word.
pub(super) fn kind(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Permission => "permission",
        BlockKind::Question => "question",
        BlockKind::Plan => "plan",
    }
}

fn body(input: &Value) -> String {
    let asked = questions(input);
    if !asked.is_empty() {
        return asked.iter().map(question).collect::<Vec<_>>().join("\n\n");
    }
    let Some(fields) = input.as_object() else {
        // One that was cut is the beginning of a text.
        return input.as_str().map_or_else(|| input.to_string(), str::to_owned);
    };
    let mut names: Vec<&String> = fields.keys().collect();
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    names.sort_by_key(|name| rank(name));
    let edits = ["old_string", "new_string"];
    let mut parts: Vec<String> = names
        .iter()
        .filter(|name| !edits.contains(&name.as_str()))
        .map(|name| field(name, &fields[*name]))
        .collect();
    for (name, sign) in edits.iter().zip(['-', '+']) {
        let lines = fields.get(*name).and_then(Value::as_str).unwrap_or_default().lines();
        parts.extend(lines.map(|line| format!("{sign}{line}")));
    }
    parts.join("\n")
}

fn question(question: &Question) -> String {
    let mut text = question.text.clone();
    if !question.header.is_empty() {
        text = format!("{}: {text}", question.header);
    }
    if question.several {
        text.push_str(" (several may be chosen)");
    }
    for (label, about) in question.labels.iter().zip(&question.descriptions) {
        text.push_str(&format!("\n  - {label}"));
        if !about.is_empty() {
            text.push_str(&format!(": {about}"));
        }
    }
    text
}

fn field(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) if matches!(name, "command" | "plan" | "file_path") => text.clone(),
        Value::String(text) if text.contains('\n') => {
            let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
            format!("{name}:\n{}", lines.join("\n"))
        }
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(input: Value, expected: &str) {
        assert_eq!(body(&input), expected);
    }

    #[test]
    fn a_command_is_shown_as_it_would_run() {
        check(
            json!({ "timeout": 5, "command": "cd a &&\nmake", "description": "Builds" }),
            "description: Builds\ncd a &&\nmake\ntimeout: 5",
        );
    }

    #[test]
    fn an_edit_is_shown_as_its_difference_and_a_file_with_its_content() {
        check(
            json!({ "file_path": "/a/b", "new_string": "two\nthree", "old_string": "one", "replace_all": false }),
            "/a/b\nreplace_all: false\n-one\n+two\n+three",
        );
        check(json!({ "content": "x\ny", "file_path": "/a/b" }), "/a/b\ncontent:\n  x\n  y");
    }

    #[test]
    fn what_may_be_allowed_for_later_stands_with_what_chooses_it() {
        let offered = ["a *", "b *"].map(str::to_owned);
        assert_eq!(for_later(&offered[..1]), ["  --always: a *"]);
        assert_eq!(for_later(&offered), ["  --always=1: a *", "  --always=2: b *"]);
    }

    #[test]
    fn a_plan_is_text_and_a_question_has_its_options() {
        check(json!({ "plan": "# Count\n\n1. to three" }), "# Count\n\n1. to three");
        let options = json!([{ "label": "A", "description": "the first" }, { "label": "B" }]);
        let one = json!({ "question": "Which db?", "header": "DB", "multiSelect": true, "options": options });
        check(
            json!({ "questions": [one] }),
            "DB: Which db? (several may be chosen)\n  - A: the first\n  - B",
        );
        check(json!("{\"comm"), "{\"comm");
    }
}
