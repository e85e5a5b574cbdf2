//! A conversation as Markdown.

use super::questions::{Asked, Told};
use super::{about, is_for_the_model, patch, shortened, telling, title};
use crate::store::{Conversation, Listed};
use protocol::{Content, Speaker};

/// Writes a conversation down. Pictures are named, not drawn.
pub fn markdown(conversation: &Conversation, entries: &[Listed]) -> String {
    let mut text = format!("# {}\n", title(conversation));
    if let Some(cwd) = &conversation.cwd {
        text.push_str(&format!("\n{} in `{cwd}`\n", conversation.cli));
    }
    for line in about(conversation, entries) {
        text.push_str(&format!("\n{line}\n"));
    }
    let mut turn = 0;
    let asked = Asked::of(entries);
    for listed in entries.iter().filter(|listed| !asked.tells(&listed.entry.content)) {
        if listed.turn != turn {
            turn = listed.turn;
            text.push_str(&format!("\n## {turn}\n"));
        }
        let told = asked.questions(&listed.entry.content).map(|told| questions(listed, &told));
        if let Some(entry) = told.or_else(|| of_entry(listed)) {
            let inside = if listed.entry.agent.is_some() { quoted(&entry) } else { entry };
            text.push_str(&format!("\n{inside}\n"));
        }
    }
    text
}

pub(super) fn of_entry(listed: &Listed) -> Option<String> {
    let entry = &listed.entry;
    Some(match &entry.content {
        Content::Message { text } if entry.role == Speaker::User => {
            quoted(text.trim_start_matches(['\n', '\r']).trim_end())
        }
        Content::Message { text } => text.trim_end().to_owned(),
        Content::Thinking { text } if text.is_empty() => return None,
        Content::Thinking { text } => format!("*{}*", text.trim().replace('\n', "*\n*")),
        Content::ToolCall { name, input, .. } => call(name, telling(input).as_deref()),
        Content::ToolResult { text, is_denied: true, .. } => {
            format!("**denied**\n\n{}", fenced("", &shortened(text)))
        }
        Content::ToolResult { text, is_error, .. } => match patch(listed) {
            Some(patch) => fenced("diff", &patch),
            None if text.is_empty() => return None,
            None => fenced(if *is_error { "error" } else { "" }, &shortened(text)),
        },
        Content::Image { media_type, .. } => format!("[{media_type}]"),
        Content::Compaction { text } => {
            format!("---\n\nThe conversation was shortened to this:\n\n{}", quoted(text))
        }
        Content::Failure { text, .. } => format!("**{}**", text.trim()),
        Content::Notice { name, .. } if is_for_the_model(name) => return None,
        Content::Notice { name, text } => format!("({name}) {}", text.lines().next().unwrap_or_default()),
        Content::Unknown { .. } => return None,
    })
}

fn questions(listed: &Listed, told: &[Told]) -> String {
    let Content::ToolCall { name, .. } = &listed.entry.content else { return String::new() };
    let option = |(text, is_chosen): &(String, Option<bool>)| {
        let mark = is_chosen.map_or("", |is_chosen| if is_chosen { "[x] " } else { "[ ] " });
        format!("\n- {mark}{text}")
    };
    let question = |told: &Told| {
        let options: String = told.options.iter().map(option).collect();
        format!("\n\n**{}**\n{options}", told.text)
    };
    call(name, None) + &told.iter().map(question).collect::<String>()
}

fn call(name: &str, telling: Option<&str>) -> String {
    let on_a_line = |text: &str| format!("`{}`", text.replace('`', "'"));
    match telling {
        Some(text) if text.contains('\n') => format!("{}\n\n{}", on_a_line(name), fenced("", text)),
        Some(text) => on_a_line(&format!("{name}: {text}")),
        None => on_a_line(name),
    }
}

fn quoted(text: &str) -> String {
    let lines = text.lines().map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// Between fences that are longer than any inside.
fn fenced(word: &str, text: &str) -> String {
    let longest =
        text.lines().map(|line| line.trim_start().bytes().take_while(|byte| *byte == b'`').count()).max();
    let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
    format!("{fence}{word}\n{}\n{fence}", text.trim_end())
}
