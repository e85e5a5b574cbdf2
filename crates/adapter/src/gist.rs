//! What a person looks for in what a tool is given.

use crate::question::questions;
use serde_json::Value;

/// Characters of a line for people.
const LINE_CHARS: usize = 200;

/// The first of the words that tools use for it; of a question the question and its choices.
pub fn gist(input: &Value) -> String {
    const KEYS: [&str; 8] = ["command", "file_path", "path", "url", "plan", "query", "pattern", "shown"];
    if let Some(text) = KEYS.iter().find_map(|key| input[key].as_str()) {
        return text.to_owned();
    }
    let asked: Vec<String> = questions(input)
        .iter()
        .map(|question| format!("{} ({})", question.text, question.labels.join(" · ")))
        .collect();
    match input {
        _ if !asked.is_empty() => asked.join("; "),
        // One that was cut is the beginning of a text.
        Value::String(begin) => begin.clone(),
        other => other.to_string(),
    }
}

/// The first line of a text, not too long.
pub fn line(text: &str) -> String {
    text.trim().lines().next().unwrap_or_default().chars().take(LINE_CHARS).collect()
}
