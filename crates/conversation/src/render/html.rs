//! A conversation as a page that needs nothing else: no script, no network.

use super::questions::{Asked, Told};
use super::{about, is_for_the_model, patch, shortened, telling, title};
use crate::store::{Conversation, Listed};
use protocol::{Content, Speaker};

const STYLE: &str = include_str!("page.css");

/// Writes a conversation down.
pub fn html(conversation: &Conversation, entries: &[Listed]) -> String {
    let title = escaped(&title(conversation));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n"
    );
    if let Some(cwd) = &conversation.cwd {
        page.push_str(&format!(
            "<p class=\"about\">{} in <code>{}</code></p>\n",
            escaped(&conversation.cli),
            escaped(cwd)
        ));
    }
    for line in about(conversation, entries) {
        page.push_str(&format!("<p class=\"about\">{}</p>\n", escaped(&line)));
    }
    let asked = Asked::of(entries);
    for listed in entries.iter().filter(|listed| !asked.tells(&listed.entry.content)) {
        page.push_str(&of_entry(listed, &asked));
    }
    page
}

fn of_entry(listed: &Listed, asked: &Asked<'_>) -> String {
    let entry = &listed.entry;
    let (class, body) = match &entry.content {
        Content::Message { text } if entry.role == Speaker::User => ("user", plain(text)),
        Content::Message { text } => ("assistant", plain(text)),
        Content::Thinking { text } if text.is_empty() => return String::new(),
        Content::Thinking { text } => ("thinking", plain(text)),
        Content::ToolCall { name, input, .. } => (
            "call",
            match asked.questions(&entry.content) {
                Some(told) => call(name, None) + &told.iter().map(question).collect::<String>(),
                None => call(name, telling(input).as_deref()),
            },
        ),
        Content::ToolResult { text, is_denied: true, .. } => {
            ("result denied", format!("<p>denied</p><pre>{}</pre>", escaped(&shortened(text))))
        }
        Content::ToolResult { text, is_error, .. } => {
            let class = if *is_error { "result error" } else { "result" };
            match patch(listed) {
                Some(patch) => (class, diff(&patch)),
                None if text.is_empty() => return String::new(),
                None => (class, format!("<pre>{}</pre>", escaped(&shortened(text)))),
            }
        }
        Content::Image { media_type, data: Some(data) } if is_picture(media_type) && is_base64(data) => {
            ("image", format!("<img alt=\"\" src=\"data:{media_type};base64,{data}\">"))
        }
        Content::Image { media_type, .. } => ("image", escaped(media_type)),
        Content::Compaction { text } => ("compaction", plain(text)),
        Content::Failure { text, .. } => ("failure", plain(text)),
        Content::Notice { name, .. } if is_for_the_model(name) => return String::new(),
        Content::Notice { name, text } => {
            ("notice", format!("{}: {}", escaped(name), escaped(text.lines().next().unwrap_or_default())))
        }
        Content::Unknown { .. } => return String::new(),
    };
    let inside = if entry.agent.is_some() { " agent" } else { "" };
    format!("<div class=\"{class}{inside}\" id=\"{}\">{body}</div>\n", escaped(&entry.id))
}

fn question(told: &Told) -> String {
    let option = |(text, is_chosen): &(String, Option<bool>)| match is_chosen {
        Some(true) => format!("<li><b>\u{2713} {}</b></li>", escaped(text)),
        _ => format!("<li>{}</li>", escaped(text)),
    };
    let options: String = told.options.iter().map(option).collect();
    format!("<p><b>{}</b></p><ul>{options}</ul>", escaped(&told.text))
}

fn call(name: &str, telling: Option<&str>) -> String {
    let name = escaped(name);
    match telling.map(escaped) {
        Some(text) if text.contains('\n') => format!("<code>{name}</code><pre>{text}</pre>"),
        Some(text) => format!("<code>{name}: {text}</code>"),
        None => format!("<code>{name}</code>"),
    }
}

/// What a model or a tool says is text, whatever it looks like.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn plain(text: &str) -> String {
    format!("<p>{}</p>", escaped(text.trim_end()))
}

fn diff(patch: &str) -> String {
    let lines = patch.lines().map(|line| match line.as_bytes().first() {
        Some(b'+') => format!("<ins>{}</ins>", escaped(line)),
        Some(b'-') => format!("<del>{}</del>", escaped(line)),
        _ => escaped(line),
    });
    format!("<pre>{}</pre>", lines.collect::<Vec<_>>().join("\n"))
}

fn is_picture(media_type: &str) -> bool {
    ["image/png", "image/jpeg", "image/gif", "image/webp"].contains(&media_type)
}

fn is_base64(data: &str) -> bool {
    data.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}
