//! What an agent asked its user, with the options that it offered and what was chosen of them.

use crate::store::Listed;
use adapter::question::{Question, questions};
use protocol::Content;
use serde_json::Value;
use std::collections::HashMap;

/// The questions of a conversation, by their calls.
pub(super) struct Asked<'a> {
    /// What came of each, where it is over.
    results: HashMap<&'a str, Option<&'a Content>>,
}

/// One question.
pub(super) struct Told {
    /// Its words, with its header before them.
    pub text: String,
    /// Each option, and whether it was chosen; nobody knows while there is no answer.
    pub options: Vec<(String, Option<bool>)>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(entries: &'a [Listed]) -> Self {
        let result = |listed: &'a Listed| match &listed.entry.content {
            content @ Content::ToolResult { call, .. } => Some((call.as_str(), content)),
            _ => None,
        };
        let calls: HashMap<&str, &Content> = entries.iter().filter_map(result).collect();
        let asks = |listed: &'a Listed| match &listed.entry.content {
            Content::ToolCall { call, input, .. } if !questions(input).is_empty() => Some(call.as_str()),
            _ => None,
        };
        let results = entries.iter().filter_map(asks).map(|call| (call, calls.get(call).copied())).collect();
        Self { results }
    }

    /// The questions of a call that asks some.
    pub(super) fn questions(&self, content: &Content) -> Option<Vec<Told>> {
        let Content::ToolCall { call, input, .. } = content else { return None };
        let result = *self.results.get(call.as_str())?;
        let told = |(at, question): (usize, Question)| {
            let chosen = result.and_then(|result| answer(result, &input["questions"][at], at));
            told(&question, chosen)
        };
        Some(questions(input).into_iter().enumerate().map(told).collect())
    }

    /// Whether all that a result says is told with its question.
    pub(super) fn tells(&self, content: &Content) -> bool {
        let Content::ToolResult { call, is_error: false, .. } = content else { return false };
        self.results.contains_key(call.as_str()) && answer(content, &Value::Null, 0).is_some()
    }
}

fn told(question: &Question, answers: Option<Vec<String>>) -> Told {
    let Question { text, header, labels, descriptions, several } = question;
    let mut line = if header.is_empty() { text.clone() } else { format!("{header}: {text}") };
    if *several {
        line.push_str(" (several may be chosen)");
    }
    let known = answers.is_some();
    let mut own = answers.unwrap_or_default();
    // Of several labels in one text each is one.
    if *several {
        let parts = |text: &String| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
        own = own
            .iter()
            .flat_map(|text| if labels.contains(text) { vec![text.clone()] } else { parts(text) })
            .collect();
    }
    let option = |(label, about): (&String, &String)| {
        let at = own.iter().position(|text| text == label);
        let text = if about.is_empty() { label.clone() } else { format!("{label}: {about}") };
        (text, at.map(|at| own.remove(at)).is_some())
    };
    let offered: Vec<_> = labels.iter().zip(descriptions).map(option).collect();
    let options = offered.into_iter().map(|(text, is_chosen)| (text, known.then_some(is_chosen)));
    let own = own.into_iter().filter(|text| !text.is_empty()).map(|text| (text, Some(true)));
    let in_a_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let options =
        options.chain(own.collect::<Vec<_>>()).map(|(text, chosen)| (in_a_line(&text), chosen)).collect();
    Told { text: in_a_line(&line), options }
}

/// What a result says to a question, at that place among those of its call. Claude Code has it by the question's words, Codex by
/// its id, opencode by its place. Of the place 0 without a question: whether there is any answer.
fn answer(result: &Content, question: &Value, at: usize) -> Option<Vec<String>> {
    let Content::ToolResult { text, detail, .. } = result else { return None };
    let said: Value = serde_json::from_str(text).unwrap_or_default();
    let detail = detail.as_ref().unwrap_or(&Value::Null);
    let answers = [&detail["answers"], &detail["metadata"]["answers"], &said["answers"]];
    answers.into_iter().find_map(|answers| match answers {
        Value::Object(by_name) if question.is_null() => by_name.values().next().map(words),
        Value::Object(by_name) => {
            let names = [&question["question"], &question["id"]];
            names.into_iter().filter_map(Value::as_str).find_map(|name| by_name.get(name)).map(words)
        }
        Value::Array(by_place) => by_place.get(at).map(words),
        _ => None,
    })
}

fn words(answer: &Value) -> Vec<String> {
    match answer {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Object(fields) => fields.get("answers").map(words).unwrap_or_default(),
        _ => Vec::new(),
    }
}
