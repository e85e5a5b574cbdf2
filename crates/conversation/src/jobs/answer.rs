//! What a model answered, looked at closely: what it read may have been written to make it say anything. Only lines of plain
//! text come out, of limited length, each of the conversation that was asked about.

use super::Kinds;
use super::prompt::TOOL;
use llm::Answer;
use llm::messages::input_of;
use redact::redact;
use serde_json::Value;
use unicode_normalization::char::is_combining_mark;

/// Characters of a title.
pub(super) const TITLE_MAX: usize = 100;
/// Of a summary.
pub(super) const SUMMARY_MAX: usize = 1_200;
/// Of a decision, or of something to do.
pub(super) const LINE_MAX: usize = 300;
/// Decisions, and things to do, each.
pub(super) const LINES_MAX: usize = 12;

/// Marks on one letter: no language has more, and a heap of them covers the lines around.
const MARKS_MAX: u32 = 4;

/// What a model found.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Findings {
    pub title: Option<String>,
    pub summary: Option<String>,
    pub told: Vec<Finding>,
}

/// A decision, or something to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Finding {
    /// The id of the entry that says so.
    pub entry: String,
    /// As the store calls it.
    pub kind: &'static str,
    pub text: String,
}

/// Reads an answer about entries, of which it knows the numbers; else says what is wrong with it.
pub(super) fn read(answer: &Answer, kinds: Kinds, entries: &[String]) -> Result<Findings, String> {
    if answer.stop.as_deref() == Some("max_tokens") {
        return Err("the answer was cut: it has more tokens than were asked for".to_owned());
    }
    let Some(input) = input_of(answer, TOOL).filter(|input| input.is_object()) else {
        return Err("the answer has not the form that was asked for: it calls no tool".to_owned());
    };
    let wanted = |name: &str, max: usize| {
        let text = input[name].as_str().map(|text| line(text, max)).filter(|text| !text.is_empty());
        text.ok_or_else(|| format!("the answer has not the form that was asked for: no `{name}`"))
    };
    let mut found = Findings::default();
    if kinds.titles {
        found.title = Some(wanted("title", TITLE_MAX)?);
    }
    if kinds.summaries {
        found.summary = Some(wanted("summary", SUMMARY_MAX)?);
    }
    if kinds.extraction {
        for (name, kind) in [("decisions", "decision"), ("todos", "todo")] {
            let Some(items) = input[name].as_array() else {
                return Err(format!("the answer has not the form that was asked for: `{name}` is no list"));
            };
            let told = items.iter().filter_map(|item| told(item, kind, entries));
            found.told.extend(told.take(LINES_MAX));
        }
    }
    Ok(found)
}

/// One that names an entry that was sent, and says something.
fn told(item: &Value, kind: &'static str, entries: &[String]) -> Option<Finding> {
    let entry = entries.get(usize::try_from(item["entry"].as_u64()?).ok()?)?;
    let text = line(item["text"].as_str()?, LINE_MAX);
    (!text.is_empty()).then(|| Finding { entry: entry.clone(), kind, text })
}

/// Plain words on one line, without secrets.
pub(super) fn line(text: &str, max: usize) -> String {
    let mut marks = 0;
    let mut plain = |c: char| {
        if is_unseen(c) {
            return None;
        }
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        (marks <= MARKS_MAX).then_some(if c.is_control() { ' ' } else { c })
    };
    let text: String = text.chars().filter_map(&mut plain).collect();
    let text = redact(&text).text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

/// What changes the order of what is read, or hides something in it: Unicode's `Default_Ignorable_Code_Point`, which has the
/// marks of direction, too.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
