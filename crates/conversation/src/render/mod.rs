//! A conversation as people read it: Markdown, and a page of its own.

mod html;
mod markdown;
mod questions;

pub use html::html;
pub use markdown::markdown;

use crate::store::{Conversation, Listed, Total, Window};
use protocol::{Content, Source};
use serde_json::Value;

/// Of what a tool gave, what is shown; the rest is in the conversation's JSON.
const RESULT_MAX_LINES: usize = 40;

/// The heading of a conversation.
fn title(conversation: &Conversation) -> String {
    let title =
        conversation.title.as_deref().and_then(|title| title.lines().find(|line| !line.trim().is_empty()));
    title
        .map(|title| title.trim().to_owned())
        .unwrap_or_else(|| format!("{} {}", conversation.cli, conversation.name))
}

/// What is said of it as a whole, in lines.
fn about(conversation: &Conversation, entries: &[Listed]) -> Vec<String> {
    let is_told = !entries.is_empty() && entries.iter().all(|listed| listed.entry.source == Source::Hook);
    let told = "There is no record of this conversation: it is as hooks told it, without thoughts and most calls of tools.";
    let lines =
        [is_told.then(|| told.to_owned()), usage_line(&conversation.usage), window_line(conversation)];
    lines.into_iter().flatten().chain(made_lines(conversation)).collect()
}

/// What a model made of it, in lines: who says so first.
fn made_lines(conversation: &Conversation) -> Vec<String> {
    let Some(made) = &conversation.made else { return Vec::new() };
    let titled = if made.is_title { "Title and what follows are" } else { "What follows is" };
    let mut lines = vec![format!("{titled} by {}, which read this.", made.model)];
    lines.extend(made.summary.iter().map(|summary| format!("Summary: {summary}")));
    lines.extend(made.decisions.iter().map(|told| format!("Decided: {}", told.text)));
    lines.extend(made.todos.iter().map(|told| format!("To do: {}", told.text)));
    if lines.len() == 1 && made.is_title {
        lines[0] = format!("The title is by {}, which read this.", made.model);
    }
    if lines.len() == 1 && !made.is_title { Vec::new() } else { lines }
}

/// What of a tool's input tells the most of what it was asked to do.
fn telling(input: &Value) -> Option<String> {
    let fields = ["command", "cmd", "file_path", "path", "pattern", "query", "url", "description", "prompt"];
    fields.iter().find_map(|field| match &input[*field] {
        Value::String(text) => Some(text.trim_end().to_owned()),
        Value::Array(words) => {
            let words: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
            words.map(|words| words.join(" "))
        }
        _ => None,
    })
}

/// Whether a notice is what the CLI tells the model in the user's name.
fn is_for_the_model(name: &str) -> bool {
    ["meta", "reminder"].contains(&name)
}

/// The beginning of a long text, and how much is left out.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= RESULT_MAX_LINES {
        return text.trim_end().to_owned();
    }
    let shown = lines[..RESULT_MAX_LINES].join("\n");
    format!("{shown}\n… {} lines more", lines.len() - RESULT_MAX_LINES)
}

/// What all requests took, in a line.
fn usage_line(usage: &[Total]) -> Option<String> {
    let totals = usage.iter().map(|total| {
        let Total { model, requests, usage, cost } = total;
        let cost =
            cost.map(|cost| format!(", ${:.4} by the price list", cost as f64 / 1e6)).unwrap_or_default();
        format!(
            "{model}: {requests} requests, {} tokens read ({} from the cache), {} written{cost}",
            usage.context(),
            usage.cache_read,
            usage.output
        )
    });
    let line = totals.collect::<Vec<_>>().join("; ");
    (!line.is_empty()).then_some(line)
}

/// How full the model's window is, in a line.
fn window_line(conversation: &Conversation) -> Option<String> {
    let Window { model, used, size, left, cache_read, compacted, .. } = conversation.context.as_ref()?;
    let of = match (size, left) {
        (Some(size), Some(left)) => format!(" of {size}, {left} left"),
        _ => ", of how many is not known".to_owned(),
    };
    let since = if *compacted { "; it was shortened since" } else { "" };
    Some(format!(
        "Window of {model}: {used} tokens{of}, {cache_read} from the cache at the last request{since}"
    ))
}

/// A change of a file as the CLI tells it in a tool's result, in the form of `diff -u`.
fn patch(listed: &Listed) -> Option<String> {
    let Content::ToolResult { detail: Some(detail), .. } = &listed.entry.content else { return None };
    let hunks = detail["structuredPatch"].as_array().filter(|hunks| !hunks.is_empty())?;
    let mut patch = String::new();
    for hunk in hunks {
        let number = |field: &str| hunk[field].as_u64().unwrap_or_default();
        let (old, new) = ((number("oldStart"), number("oldLines")), (number("newStart"), number("newLines")));
        patch.push_str(&format!("@@ -{},{} +{},{} @@\n", old.0, old.1, new.0, new.1));
        for line in hunk["lines"].as_array().into_iter().flatten() {
            patch.push_str(line.as_str().unwrap_or_default());
            patch.push('\n');
        }
    }
    Some(patch)
}

#[cfg(test)]
mod tests;
