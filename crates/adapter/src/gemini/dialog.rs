//! The dialogs of Gemini CLI: what they ask, as its screen shows it, and the keys that answer them. Tried with 0.61.0.
//!
//! It takes hooks for one session from no file of the session's own, so its screen is all that tells of a question. A dialog is
//! a box, and the last thing on the screen: its heading, what is asked for, and numbered options, which their digits choose
//! wherever the highlight is. What does not fit into it is left out by Gemini CLI, which says so in a line of its own. A box
//! whose top is not on the screen is none.

use crate::dialog::{Dialog, Dialogs};
use crate::question::questions;
use protocol::BlockKind;
use protocol::approval::Ask;
use serde_json::{Value, json};

/// The first option of what asks leave, and the last one.
const ALLOW: &str = "1. Allow once";
const CANCEL: &str = "No, suggest changes (esc)";
/// The headings of a plan and of questions, and what stands below their options.
const PLAN: &str = "Ready to start implementation?";
const QUESTIONS: &str = "Answer Questions";
const HINT: &str = "Esc to cancel";
/// The option of a plan by which each tool still asks.
const BY_HAND: &str = "2.  Yes, manually accept edits";
/// The option that is none of the model's.
const CUSTOM: &str = "Enter a custom value";
/// Behind the name of a tool of such a server.
const SERVER: &str = " MCP Server)";
/// The prompt with nothing in it, and the last lines of the screen in which it stands.
const EMPTY_PROMPT: &str = "Type your message or @path/to/file";
const PROMPT_LINES: usize = 12;
/// Characters of a heading that stand for a tool's name.
const TOOL_CHARS: usize = 40;

/// Those of Gemini CLI.
pub(super) struct GeminiDialogs;

impl Dialogs for GeminiDialogs {
    fn dialog(&self, ask: &Ask, lines: &[String]) -> Option<Dialog> {
        let shown = self.asked(lines).filter(|shown| is_same(shown, ask))?;
        let allow = if shown.kind == BlockKind::Plan { "2" } else { "1" };
        let asked = questions(&shown.input);
        let options = asked.into_iter().flat_map(|question| question.labels).collect();
        Some(Dialog { options, ..Dialog::of_leave(allow, "Escape") })
    }

    fn takes_words(&self, lines: &[String]) -> bool {
        lines.iter().rev().take(PROMPT_LINES).any(|line| line.contains(EMPTY_PROMPT))
    }

    fn are_all(&self) -> bool {
        true
    }

    fn asked(&self, lines: &[String]) -> Option<Ask> {
        let inside = inside(lines)?;
        let (kind, tool, input) = match *inside.first()? {
            PLAN => plan(&inside)?,
            QUESTIONS => question(&inside)?,
            _ => leave(&inside)?,
        };
        let (cut, unseen, typed, screen) = (false, false, true, true);
        let (suggestions, agent, turn) = (None, None, None);
        Some(Ask { kind, tool, input, cut, suggestions, agent, turn, unseen, typed, screen })
    }
}

/// What stands in the box at the end of the screen.
fn inside(lines: &[String]) -> Option<Vec<&str>> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    lines[last].trim().strip_prefix('╰')?.strip_suffix('╯')?;
    let within = |line: &String| line.trim().starts_with('│');
    let above = lines[..last].iter().rposition(|line| !within(line))?;
    lines[above].trim().strip_prefix('╭')?.strip_suffix('╮')?;
    lines[above + 1..last].iter().map(|line| unframed(line)).collect()
}

/// A line without the two sides of its box.
fn unframed(line: &str) -> Option<&str> {
    Some(line.trim().strip_prefix('│')?.strip_suffix('│')?.trim())
}

/// An option without its highlight.
fn option(line: &str) -> &str {
    line.trim_start_matches(['●', ' '])
}

/// Leave for a tool: `? Shell  touch f`, or `Action Required` with the tool in the line below.
fn leave(inside: &[&str]) -> Option<(BlockKind, String, Value)> {
    let options = inside.iter().rposition(|line| option(line) == ALLOW)?;
    inside[options..].iter().find(|line| line.ends_with(CANCEL))?;
    let at = inside[..options].iter().position(|line| line.starts_with("? "))?;
    let (heading, call) = placed(inside[at].trim_start_matches(['?', ' ']));
    let call = call.or_else(|| placed(inside[0]).1);
    let body = &inside[at + 1..options];
    let (tool, about) = match heading.find(SERVER) {
        Some(end) => heading.split_at(end + SERVER.len()),
        None if at == 0 => heading.split_once(' ').unwrap_or((heading, "")),
        None if heading.chars().count() > TOOL_CHARS => (heading, heading),
        None => (heading, ""),
    };
    let tool: String = tool.chars().take(TOOL_CHARS).collect();
    let mut input = if tool == "Shell" {
        let boxed: Vec<&str> = body.iter().filter_map(|line| unframed(line)).collect();
        let rest: Vec<&str> = body.iter().copied().filter(|line| is_beside(line)).collect();
        let mut input = json!({ "command": boxed.join("\n") });
        if !rest.is_empty() {
            input["description"] = rest.join("\n").into();
        }
        input
    } else {
        let shown = body.iter().filter(|line| !line.starts_with(['╭', '╰']));
        let shown = shown.map(|line| unframed(line).unwrap_or(line));
        let all: Vec<&str> = [about.trim()].into_iter().chain(shown).collect();
        json!({ "shown": all.join("\n").trim() })
    };
    if let Some(call) = call {
        input["call"] = call.into();
    }
    Some((BlockKind::Permission, tool, input))
}

/// Whether a line stands outside of the box with the command, and is more than the question itself.
fn is_beside(line: &str) -> bool {
    !line.is_empty() && !line.starts_with(['╭', '│', '╰']) && !line.starts_with("Allow execution of [")
}

/// A heading without which one of several it is, and that.
fn placed(heading: &str) -> (&str, Option<&str>) {
    let begin = heading.rfind("  ").map_or(0, |blanks| blanks + 2);
    let place = &heading[begin..];
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match place.split_once(" of ") {
        Some((one, all)) if begin > 0 && is_number(one) && is_number(all) => {
            (heading[..begin].trim_end(), Some(place))
        }
        _ => (heading.trim_end(), None),
    }
}

/// A plan. It is accepted by the option with which each tool asks again.
fn plan(inside: &[&str]) -> Option<(BlockKind, String, Value)> {
    inside.last().filter(|line| line.contains(HINT))?;
    let options = inside.iter().rposition(|line| option(line).starts_with("1. "))?;
    inside[options..].iter().find(|line| option(line) == BY_HAND)?;
    let plan = inside[1..options].join("\n");
    Some((BlockKind::Plan, "exit_plan_mode".to_owned(), json!({ "plan": plan.trim() })))
}

/// One question, whose options digits choose; of several at once, and of those that take more than one option, the terminal
/// alone takes an answer.
fn question(inside: &[&str]) -> Option<(BlockKind, String, Value)> {
    let (last, rest) = inside.split_last()?;
    last.contains(HINT).then_some(())?;
    let is_more = |line: &&str| matches!(*line, "▲" | "▼") || line.contains("[ ]") || line.contains("[x]");
    let simple =
        last.starts_with("Enter to select") && !last.contains("questions") && !rest.iter().any(is_more);
    let first = rest.iter().rposition(|line| option(line).starts_with("1. ")).filter(|_| simple);
    let Some(first) = first else {
        let shown = rest[1..].join("\n");
        return Some((BlockKind::Question, "ask_user".to_owned(), json!({ "shown": shown.trim() })));
    };
    let mut options: Vec<Value> = Vec::new();
    for line in rest[first..].iter().filter(|line| !line.is_empty()) {
        let numbered = option(line).strip_prefix(&format!("{}. ", options.len() + 1));
        match (numbered, options.last_mut()) {
            (Some(label), _) => options.push(json!({ "label": label.trim(), "description": "" })),
            (None, Some(before)) => {
                let about = before["description"].as_str().unwrap_or_default();
                before["description"] = format!("{about} {line}").trim().into();
            }
            (None, None) => return None,
        }
    }
    options.pop_if(|last| last["label"].as_str().is_some_and(|label| label.starts_with(CUSTOM)));
    let text = rest[1..first].join("\n");
    let questions = json!([{ "question": text.trim(), "header": "", "options": options }]);
    Some((BlockKind::Question, "ask_user".to_owned(), json!({ "questions": questions })))
}

/// Whether both are the same question, wherever its lines are broken.
fn is_same(one: &Ask, other: &Ask) -> bool {
    let dense = |ask: &Ask| -> String {
        let text = ask.input.to_string().replace("\\n", "");
        text.chars().filter(|char| !char.is_whitespace()).collect()
    };
    (one.kind, &one.tool) == (other.kind, &other.tool) && dense(one) == dense(other)
}

#[cfg(test)]
mod tests;
