//! The dialogs of Gemini CLI: what they ask, as its screen shows it, and the keys that answer them. Tried with 0.61.0.
//!
//! It takes hooks for one session from no file of the session's own, so its screen is all that tells of a question. A dialog is
//! a box, and the last thing on the screen: its heading, what is asked for, and numbered options, which their digits choose
//! wherever the highlight is. The numbers have a column of their own; what a model says of its options stands to their right. What
//! does not fit into the box is left out by Gemini CLI, which says so in a line of its own. A box whose top is not on the screen
//! is none.

use crate::dialog::{DIGITS, Dialog, Dialogs};
use crate::question::questions;
use protocol::BlockKind;
use protocol::approval::Ask;
use serde_json::{Value, json};

/// The first option of what asks leave, and the last one.
const ALLOW: &str = "1. Allow once";
const CANCEL: &str = "No, suggest changes (esc)";
/// What else it offers: of which tools, its label, and what that does. Of a command it allows the programs that it calls, of an
/// edit within a session all of them.
const LASTING: [(Tools, &str, &str); 7] = [
    (
        Tools::Shell,
        "Allow for this session",
        "every command of the programs that this one calls, for this session",
    ),
    (
        Tools::Shell,
        "Allow this command for all future sessions",
        "every command of the programs that this one calls, in all future sessions",
    ),
    (Tools::Edits, "Allow for this session", "all edits of files (mode auto_edit), for this session"),
    (
        Tools::Edits,
        "Allow for this file in all future sessions",
        "edits of this file, in all future sessions",
    ),
    (Tools::OfServer, "Allow tool for this session", "this tool of its MCP server, for this session"),
    (
        Tools::OfServer,
        "Allow all server tools for this session",
        "all tools of this MCP server, for this session",
    ),
    (
        Tools::OfServer,
        "Allow tool for all future sessions",
        "this tool of its MCP server, in all future sessions",
    ),
];
/// The headings of a plan and of questions, and what stands below their options.
const PLAN: &str = "Ready to start implementation?";
const QUESTIONS: &str = "Answer Questions";
const HINT: &str = "Esc to cancel";
/// The option of a plan by which each tool still asks.
const BY_HAND: &str = "2.  Yes, manually accept edits";
/// The column in which a label goes on whose line was broken; a description begins to its right.
const LABEL_COLUMN: usize = 6;
/// The option that is none of the model's.
const CUSTOM: &str = "Enter a custom value";
/// Behind the name of a tool of such a server.
const SERVER: &str = " MCP Server)";
/// How the line of the prompt begins, what stands there with nothing in it, and the last lines of the screen in which it is.
const PROMPT: &str = " > ";
const EMPTY_PROMPT: &str = "Type your message or @path/to/file";
const PROMPT_LINES: usize = 12;
/// Characters of a heading that stand for a tool's name.
const TOOL_CHARS: usize = 40;

/// Tools of which it is known what leave for later means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tools {
    Shell,
    Edits,
    OfServer,
}

impl Tools {
    fn of(tool: &str) -> Option<Self> {
        match tool {
            "Shell" => Some(Self::Shell),
            "Edit" | "WriteFile" => Some(Self::Edits),
            _ => tool.ends_with(SERVER).then_some(Self::OfServer),
        }
    }
}

/// Those of Gemini CLI.
pub(super) struct GeminiDialogs;

impl Dialogs for GeminiDialogs {
    fn dialog(&self, ask: &Ask, lines: &[String]) -> Option<Dialog> {
        let shown = self.asked(lines).filter(|shown| is_same(shown, ask))?;
        let allow = if shown.kind == BlockKind::Plan { "2" } else { "1" };
        let asked = questions(&shown.input).into_iter().map(|question| (question.text, question.labels));
        let always = lasting(&shown.tool, &inside(lines)?);
        Some(Dialog { always, questions: asked.collect(), ..Dialog::of_leave(allow, "Escape") })
    }

    fn takes_words(&self, lines: &[String]) -> bool {
        let prompt = lines.iter().rev().take(PROMPT_LINES).find_map(|line| line.strip_prefix(PROMPT));
        prompt.is_some_and(|text| text.trim() == EMPTY_PROMPT)
    }

    fn are_all(&self) -> bool {
        true
    }

    fn asked(&self, lines: &[String]) -> Option<Ask> {
        let inside = inside(lines)?;
        let trimmed: Vec<&str> = inside.iter().map(|line| line.trim()).collect();
        let (kind, tool, input) = match *trimmed.first()? {
            PLAN => plan(&trimmed)?,
            QUESTIONS => question(&inside)?,
            _ => leave(&trimmed)?,
        };
        let (cut, unseen, typed, screen, notes) = (false, false, true, true, false);
        let always = lasting(&tool, &inside).into_iter().map(|(words, _)| words).collect();
        let (suggestions, agent, turn) = (None, None, None);
        Some(Ask { kind, tool, input, cut, suggestions, always, agent, turn, unseen, typed, screen, notes })
    }
}

/// What stands in the box at the end of the screen, with its blanks.
fn inside(lines: &[String]) -> Option<Vec<&str>> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    lines[last].trim().strip_prefix('╰')?.strip_suffix('╯')?;
    let within = |line: &String| line.trim().starts_with('│');
    let above = lines[..last].iter().rposition(|line| !within(line))?;
    lines[above].trim().strip_prefix('╭')?.strip_suffix('╮')?;
    lines[above + 1..last].iter().map(|line| between_sides(line)).collect()
}

fn between_sides(line: &str) -> Option<&str> {
    line.trim().strip_prefix('│')?.strip_suffix('│')
}

/// A line without the two sides of its box.
fn unframed(line: &str) -> Option<&str> {
    between_sides(line).map(str::trim)
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

/// What may be allowed for later, in words, each with its key.
fn lasting(tool: &str, inside: &[&str]) -> Vec<(String, &'static str)> {
    let trimmed = inside.iter().map(|line| option(line.trim()));
    let options = trimmed.clone().collect::<Vec<_>>().iter().rposition(|line| *line == ALLOW);
    let Some((options, tools)) = options.zip(Tools::of(tool)) else { return Vec::new() };
    let numbered = DIGITS.iter().zip(trimmed.skip(options));
    let known = numbered.filter_map(|(digit, line)| {
        let label = line.strip_prefix(digit)?.strip_prefix(". ")?;
        let (.., words) = LASTING.iter().find(|(of, name, _)| (*of, *name) == (tools, label))?;
        Some(((*words).to_owned(), *digit))
    });
    known.collect()
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

/// One question, whose options digits choose; of several at once, of those that take more than one option, and where it is not
/// certain which number is an option's, the terminal alone takes an answer.
fn question(inside: &[&str]) -> Option<(BlockKind, String, Value)> {
    let (last, rest) = inside.split_last()?;
    let trimmed: Vec<&str> = rest.iter().map(|line| line.trim()).collect();
    last.contains(HINT).then_some(())?;
    let is_more = |line: &&str| matches!(*line, "▲" | "▼") || line.contains("[ ]") || line.contains("[x]");
    let is_simple = last.trim().starts_with("Enter to select")
        && !last.contains("questions")
        && !trimmed.iter().any(is_more);
    let input = match options(rest).filter(|_| is_simple) {
        Some((first, options)) => {
            let text = trimmed[1..first].join("\n");
            json!({ "questions": [{ "question": text.trim(), "header": "", "options": options }] })
        }
        None => json!({ "shown": trimmed[1..].join("\n").trim() }),
    };
    Some((BlockKind::Question, "ask_user".to_owned(), input))
}

/// Where the options begin, and they; `None` if a line below the first could be taken for an option and is none, or two have the
/// same label.
fn options(lines: &[&str]) -> Option<(usize, Vec<Value>)> {
    let first = lines.iter().rposition(|line| label(line, 1).is_some())?;
    let mut options: Vec<(String, String)> = Vec::new();
    for line in lines[first..].iter().filter(|line| !line.trim().is_empty()) {
        match (label(line, options.len() + 1), options.last_mut()) {
            (Some(label), _) => options.push((label.to_owned(), String::new())),
            (None, Some((label, about))) if !has_number(line) => {
                let whole = match line.len() - line.trim_start().len() {
                    ..LABEL_COLUMN => return None,
                    LABEL_COLUMN => label,
                    _ => about,
                };
                *whole = format!("{whole} {}", line.trim()).trim_start().to_owned();
            }
            _ => return None,
        }
    }
    options.pop_if(|(label, _)| label.starts_with(CUSTOM));
    let is_alone = |at: usize| options[..at].iter().all(|(label, _)| *label != options[at].0);
    let told = |(label, about): &(String, String)| json!({ "label": label, "description": about });
    (0..options.len()).all(is_alone).then(|| (first, options.iter().map(told).collect()))
}

/// What stands behind this number in the column of numbers.
fn label(line: &str, number: usize) -> Option<&str> {
    let numbered = line.strip_prefix(' ')?.strip_prefix(['●', ' '])?.strip_prefix(' ')?;
    numbered.strip_prefix(&format!("{number}.  ")).map(str::trim)
}

/// Whether a line begins with a number as an option does, in whatever column.
fn has_number(line: &str) -> bool {
    let text = option(line);
    let behind = text.trim_start_matches(|char: char| char.is_ascii_digit());
    behind.len() < text.len() && behind.starts_with(". ")
}

/// Whether both are the same question, wherever its lines are broken.
fn is_same(one: &Ask, other: &Ask) -> bool {
    (one.kind, &one.tool) == (other.kind, &other.tool) && is_same_value(&one.input, &other.input)
}

fn is_same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => is_same_text(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in_other = |(key, value)| other.get(key).is_some_and(|other| is_same_value(value, other));
            one.len() == other.len() && one.iter().all(is_in_other)
        }
        _ => one == other,
    }
}

/// Blanks count but beside the end of a line in either: there the terminal takes some away, and adds none within a word.
fn is_same_text(mut one: &str, mut other: &str) -> bool {
    loop {
        if is_broken(one) || is_broken(other) {
            (one, other) = (one.trim_start(), other.trim_start());
        }
        let (mut of_one, mut of_other) = (one.chars(), other.chars());
        match (of_one.next(), of_other.next()) {
            (None, None) => return true,
            (left, right) if left != right => return false,
            _ => (one, other) = (of_one.as_str(), of_other.as_str()),
        }
    }
}

/// Whether a line ends before the next word.
fn is_broken(text: &str) -> bool {
    text[..text.len() - text.trim_start().len()].contains('\n')
}

#[cfg(test)]
mod tests;
