//! What was decided: by an answer to a question of the agent, by a plan that was approved, or in words.
//!
//! Answers and plans are sure. Of words only sentences that begin with a decision count: one that asks, that depends on
//! something, or that tells what an agent does next is none.

use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// What was decided, and what was not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The sentence, or the question with its answer.
    pub text: String,
    /// What was turned down, as far as it was said.
    pub rejected: Vec<String>,
}

/// A sentence at most; a longer one is a list or a table.
const SENTENCE_MAX_BYTES: usize = 500;
/// Options of a question that are looked at.
const OPTIONS_MAX: usize = 10;

/// Words with which a sentence may begin before it decides.
const LEAD: &str = r"(?:(?:so|ok|okay|alright|all right|great|good|then|right|yes|no|sure|agreed|perfect|thanks|in the end|finally|for now|and|but)[,:.!]?\s+|[^,;:?!]{1,80},\s+){0,2}";
static DECIDES: LazyLock<Regex> = LazyLock::new(|| {
    let decides = [
        r"(?:i|we)(?:'ve| have)?(?: now| finally| also)? decided (?:to|on|against|that|not to)\s+\S",
        r"(?:the |our |my |final )*decision(?: is (?:to|that)\s|:\s)\s*\S",
        r"let's (?:go|stick) with\s+\S",
        r"let's (?:use|keep|switch to|adopt|choose|take|do|make it)\s[^.]*\b(?:instead of|rather than)\s+\S",
        r"(?:i'll|we'll|i will|we will|i'm|we're|i am|we are) (?:go|going|stick|sticking) with\s+\S",
        r"(?:i'll|we'll|i will|we will|we should|please) use\s[^.]*\b(?:instead of|rather than)\s+\S",
        r"(?:i|we)(?:'ve| have)? (?:chose|chosen|picked|settled on|opted for|opted to|went with|gone with)\s+\S",
        r"use\s[^.]*\b(?:instead of|rather than)\s+\S",
    ];
    Regex::new(&format!(r"(?i)^({LEAD})(?:{})", decides.join("|"))).expect("a regular expression")
});
/// A clause before the decision on which it depends.
static DEPENDS: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)\b(?:if|when|whenever|once|unless|until|before|assuming|suppose|supposing|should|would|could|had|whether|in case|provided|as soon as|imagine|maybe|perhaps|possibly)\b";
    Regex::new(words).expect("a regular expression")
});
/// What an agent does next, which decides nothing; and company, which is not a choice.
static STEP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:decided|opted) to (?:take a look|have a look|look|check|see|read|try|investigate|explore|inspect|start|begin|run|re-?run|wait|ask|continue|proceed|search|grep|list|verify|confirm|test|review|first)\b|\bwith (?:you|him|her|them|me|us|the flow)\b",
    )
    .expect("a regular expression")
});
static REJECTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:instead of|rather than|decided against|(?:with|chose|chosen|picked|settled on|opted for)\s[^.,;]*?\sover)\s+(.+?)(?:[.,;:!)]+(?:\s|$)|\s+(?:because|since|as|so|for|to|in order|when|here|now)\b|$)",
    )
    .expect("a regular expression")
});
/// What begins a line without being of its words.
static MARK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?:[-*+•]\s+|\d+[.)]\s+|#+\s+)?").expect("a regular expression"));

/// Decisions in a message's words, in their order.
pub fn in_words(text: &str) -> Vec<Decision> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        // A quoted line was said elsewhere.
        if in_code || line.trim_start().starts_with('>') {
            continue;
        }
        let line = MARK.replace(line, "").replace('’', "'").replace("**", "").replace("__", "");
        found.extend(sentences(&line).filter_map(decision));
    }
    found
}

fn decision(sentence: &str) -> Option<Decision> {
    if sentence.len() > SENTENCE_MAX_BYTES || sentence.ends_with('?') || STEP.is_match(sentence) {
        return None;
    }
    let decides = DECIDES.captures(sentence)?;
    if DEPENDS.is_match(&decides[1]) {
        return None;
    }
    let rejected = REJECTED.captures_iter(sentence).map(|found| found[1].trim().to_owned());
    Some(Decision { text: sentence.trim_end_matches(['.', ':']).to_owned(), rejected: rejected.collect() })
}

/// Parts of a line that end like sentences.
fn sentences(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = rest.match_indices(['.', '!', '?']).map(|(at, _)| at + 1);
        let end = ends.into_iter().find(|end| rest[*end..].starts_with(' ')).unwrap_or(rest.len());
        let (sentence, next) = rest.split_at(end);
        rest = next.trim_start();
        Some(sentence)
    })
}

/// Decisions that the result of a tool tells: an answer of the user, or a plan that he approved.
pub fn in_result(text: &str, detail: Option<&Value>) -> Vec<Decision> {
    if let Some(decisions) = detail.and_then(answers) {
        return decisions;
    }
    if text.starts_with("User has approved your plan") {
        let plan = detail.and_then(|detail| detail["plan"].as_str());
        let plan = plan.or_else(|| text.split_once("## Approved Plan").map(|(_, plan)| plan));
        let mut lines = plan.unwrap_or_default().lines().map(|line| line.trim_matches([' ', '#', ':', '*']));
        let title = lines.find(|line| !line.is_empty()).unwrap_or("a plan");
        return vec![Decision { text: format!("approved: {title}"), rejected: Vec::new() }];
    }
    let told = text.starts_with(r#"{"answers":"#).then(|| serde_json::from_str::<Value>(text).ok());
    told.flatten().as_ref().and_then(answers).unwrap_or_default()
}

/// Questions with their answers: `{questions: [{question, options: [{label}]}], answers: {QUESTION: LABEL}}`, or only
/// `{answers: {QUESTION: {answers: [LABEL]}}}`.
fn answers(told: &Value) -> Option<Vec<Decision>> {
    let answers = told["answers"].as_object()?;
    let questions = told["questions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let decision = |(question, answer): (&String, &Value)| {
        let several = answer["answers"].as_array().or(answer.as_array());
        let answer = match several {
            Some(labels) => labels.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            None => answer.as_str()?.to_owned(),
        };
        let asked = questions.iter().find(|asked| asked["question"].as_str() == Some(question));
        let options = asked.and_then(|asked| asked["options"].as_array()).into_iter().flatten();
        let labels = options.take(OPTIONS_MAX).filter_map(|option| option["label"].as_str());
        // Of several that were taken, all stand in the answer.
        let taken: Vec<&str> = answer.split(',').map(str::trim).collect();
        let rejected = labels.filter(|label| !taken.contains(label) && answer != *label);
        let rejected = rejected.map(str::to_owned).collect();
        (!answer.trim().is_empty())
            .then(|| Decision { text: format!("{} {answer}", question.trim()), rejected })
    };
    Some(answers.iter().filter_map(decision).collect())
}
